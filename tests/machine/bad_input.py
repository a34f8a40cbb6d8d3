"""Wrong input ends in one clear line and an exit status that is not zero; nothing of it starts a machine."""
from harness import machine
from harness.scenario import Failure, Skip, scenario, scenarios


def refused(bench, *arguments, says):
    outcome = bench.run(*arguments, timeout=40)
    if outcome.status in (machine.good, machine.timed_out):
        raise Failure(f"was accepted: exit status {outcome.status}")
    outcome.needs(f"(?i){says}")
    outcome.must_not_have("Traceback|Assertion|terminate called|core dumped")
    return outcome


@scenario("bad-kernel", timeout=120)
def bad_kernel(bench):
    refused(bench, "--guest=kernel=/nowhere/at-all,boot=pvh", says="at-all")
    refused(bench, f"--guest=kernel={bench.file('empty', '')},boot=pvh", says="empty")
    refused(bench, f"--guest=kernel={bench.file('text', 'this is no kernel' * 99)},boot=linux", says="text")
    whole = (bench.build / "guest" / "hello.elf").read_bytes()
    refused(bench, f"--guest=kernel={bench.file('truncated', whole[:5000])},boot=pvh", says="truncated")
    refused(bench, f"--guest=kernel={bench.build / 'guest' / 'hello.elf'},boot=linux", says="hello")


@scenarios(timeout=60, bad_key="kernel={kernel},speed=9", bad_value="kernel={kernel},vcpus=0", bad_count="kernel={kernel},vcpus=lots",
           bad_memory="kernel={kernel},memory=9X", bad_boot="kernel={kernel},boot=floppy", bad_exit="kernel={kernel},debug-exit=70000")
def bad_option(bench, text):
    refused(bench, "--guest=" + text.format(kernel=bench.build / "guest" / "hello.elf"), says=text.rsplit(",", 1)[1].split("=")[0])


@scenario("bad-size", timeout=120)
def bad_size(bench):
    """More memory than there is, and an initrd that does not fit."""
    refused(bench, "--memory", "512M", bench.guest("hello", memory="4G"), says="memory")
    big = bench.file("big", b"\0" * (40 << 20))
    refused(bench, f"--guest=kernel={bench.kernel},initrd={big},memory=64M,name=small", says="small|big|initrd")


@scenario("no-svm", timeout=60)
def no_svm(bench):
    """On a processor without SVM a clear line comes instead of a reset."""
    listing = bench.run(command=bench.command("--help", headless=False), timeout=20)
    if "--cpu" not in listing.text:
        raise Skip("the launcher cannot choose the processor")
    refused(bench, "--cpu", "EPYC,svm=off", bench.guest("hello"), says="SVM")


@scenario("bad-option-name", timeout=60)
def bad_option_name(bench):
    """A command line that names an unknown option is refused before anything starts."""
    refused(bench, "--no-such-option", bench.guest("hello"), says="no-such-option")


@scenario("dry-run", timeout=30)
def dry_run(bench):
    outcome = bench.run("--dry-run", bench.guest("hello"), timeout=20).needs_status(machine.good)
    outcome.needs("qemu-system-x86_64")
    outcome.must_not_have("hello from a guest")
