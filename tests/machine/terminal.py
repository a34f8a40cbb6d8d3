"""A person at the terminal: the escape key turns it between guests, all other keys go to the guest in front."""
from harness import machine
from harness.scenario import Failure, scenario
from harness.terminal import Terminal


@scenario("terminal-keys", timeout=120)
def keys(bench):
    """Every key after the escape key."""
    command = bench.command("--timeout", 90, "--cores", 1, bench.guest("loop", name="one"), bench.guest("loop", name="two"),
                            headless=False)
    with Terminal(command) as person:
        person.needs(r"Ctrl-A, then: 1 one, 2 two;")
        person.needs(r"looping for good\r\n")
        person.press("\x012")
        person.needs(r"\[ovm\] two\r\n")
        person.needs(r"looping for good\r\n")
        person.press("\x010")
        person.needs(r"\[ovm\] OVM's log\r\n")
        person.needs(r"OVM runs on 1 core")
        person.press("\x01n")
        person.needs(r"\[ovm\] one\r\nlooping for good\r\n")
        person.press("\x01p\x01p")
        person.needs(r"\[ovm\] OVM's log\r\n")
        person.needs(r"\[ovm\] two\r\nlooping for good\r\n")
        person.press("\x01?")
        person.needs(r"x stop")
        person.press("\x017")
        person.needs(r"there is no such guest")
        person.press("\x01x")
        person.needs(r"\[ovm\] stopping")
        status, _ = person.ends()
        if status != machine.good:
            raise Failure(f"exit status {status} after the key to stop")


@scenario("terminal-linux", timeout=200)
def linux_shell(bench):
    """A shell answers, Ctrl-A reaches it when the escape key is another, and its power-off leaves the neighbour alone."""
    command = bench.command("--timeout", 170, "--cores", 1, "--escape", "b", bench.linux(), bench.guest("loop", name="other"),
                            headless=False)
    with Terminal(command) as person:
        person.needs(r"Ctrl-B, then: 1 debian, 2 other;")
        person.needs(r"debian:\S+# ", timeout=120)
        person.press("echo answer=$((6 * 7))\r")
        person.needs(r"answer=42")
        person.needs(r"debian:\S+# ")
        # To the start of the line, in busybox as in other shells.
        person.press("cho moved=$((5 + 5))\x01e\r")
        person.needs(r"moved=10")
        # Ctrl-B, by the escape key and a: one character back.
        person.press("echo back=8\x02a9\r")
        person.needs(r"back=98")
        person.press("\x022")
        person.needs(r"\[ovm\] other\r\nlooping for good\r\n")
        person.press("\x021")
        person.needs(r"\[ovm\] debian\r\n")
        person.press("poweroff\r")
        person.needs(r"\[ovm\] debian: powered off", timeout=60)
        person.press("\x022")
        person.needs(r"\[ovm\] other\r\nlooping for good\r\n")
        person.press("\x02x")
        status, _ = person.ends()
        if status != machine.good:
            raise Failure(f"exit status {status} after the key to stop")
