"""What the suites of the compilers' stages count: checks that hold, and those that do not."""


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, good, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}" + (f": {detail}" if detail else ""))
        return good

    def end(self):
        """Prints the summary that the runner reads; the exit status."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
