"""Guests come up by each boot protocol, with what the protocol promises."""
import lzma
import pathlib
import shutil
import struct
import zlib

from harness import lz4, machine
from harness.scenario import Skip, scenario, scenarios

# What Debian's kernel may say on a machine without anything wrong: read by people, not a complaint about us.
HARMLESS = (r"Spectre|Meltdown|MDS|TAA|MMIO Stale Data|Retbleed|SRSO|Speculative|RETBleed|mitigation"
            r"|process '.*' started with executable stack"
            r"|Inode-cache hash|hash table"
            # the emulated processor's time-stamp counter is not invariant, and OVM says so
            r"|Unstable clock detected|keep using the local clock|trace_clock=local|on the kernel command line")

REPORT = f"""
echo "clock=$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
echo "processors=$(grep -c ^processor /proc/cpuinfo)"
echo "memory=$(awk '/^MemTotal/ {{ print $2 }}' /proc/meminfo)"
dmesg -r | sed -n 's/^<[0-4]>/complaint: /p' | grep -vE "{HARMLESS}"
dmesg | grep -E "Kernel panic|BUG:|Oops|WARNING:|rcu.*stall|soft lockup|hung_task|Firmware Bug|\\[Firmware|ACPI Error|ACPI Warning" | grep -vE "{HARMLESS}" | sed 's/^/complaint: /'
echo "report ends"
"""


@scenarios(timeout=90, pvh=("hello", "pvh"), multiboot=("hello-multiboot", "multiboot"))
def hello(bench, how):
    program, boot = how
    outcome = bench.run(bench.guest(program, name="hello", boot=boot, cmdline="first, second=2", memory="32M"))
    outcome.needs_status(machine.good)
    outcome.needs(f"^protocol {boot}$", "hello")
    outcome.needs(r'^command line ".*first, second=2"$', "hello")
    outcome.needs(r"^memory 0x0 bytes 0x[0-9a-f]+ type 1$", "hello")
    outcome.needs(r"^acpi 0x[0-9a-f]+ processors 1 timer port 0x[0-9a-f]+ broken tables 0$", "hello")
    outcome.needs(r'^cpuid 0x40000000 maximum 0x[0-9a-f]+ "KVMKVMKVM', "hello")
    outcome.needs("^good bye$", "hello")


@scenario("multiboot-module", timeout=60)
def multiboot_module(bench):
    """Modules come where the kernel was told, with their texts."""
    first, second = bench.file("first", b"1" * 5000), bench.file("second", b"2")
    outcome = bench.run(bench.guest("hello-multiboot", name="hello", boot="multiboot", module=f"{first} the text") + f",module={second}", timeout=40)
    outcome.needs_status(machine.good)
    outcome.needs(r'^module 0x[0-9a-f]+ bytes 5000 "the text"$', "hello")
    outcome.needs(r'^module 0x[0-9a-f]+ bytes 1 ""$', "hello")


@scenario("machine-file", timeout=60)
def machine_file(bench):
    """--machine FILE describes all, its files lie beside it, and options change it."""
    shutil.copy(bench.build / "guest" / "hello.elf", bench.folder / "kernel.elf")
    description = bench.file("machine.toml", """
[machine]
cores = 1
[[guest]]
name = "web"
kernel = "kernel.elf"
memory = "32M"
cmdline = 'from the file'
debug-exit = 0xf4
[[guest]]
name = "test"
kernel = "kernel.elf"
debug-exit = 0xf4
""")
    outcome = bench.run("--machine", description, "--guest=name=test,cmdline=exit=3", timeout=40)
    outcome.needs_status(machine.guest_failed)
    outcome.needs("OVM runs on 1 core ")
    outcome.needs(r'^command line ".*from the file"$', "web")
    outcome.needs(r"^memory 0x100000 bytes 0x1f00000 type 1$", "web")
    outcome.needs(r"^wrote 0 to its debug-exit port$", "web")
    outcome.needs(r"^wrote 3 to its debug-exit port$", "test")


def unpacked(bench):
    """Debian's kernel as the ELF file inside it (Linux, Documentation/x86/boot.rst: payload_offset, payload_length)."""
    if not bench.kernel:
        raise Skip("no Debian kernel was prepared (./test prepares it)")
    image = pathlib.Path(bench.kernel).read_bytes()
    start, size = struct.unpack_from("<II", image, 0x248)
    payload = image[(image[0x1F1] + 1) * 512 + start:][:size]
    if payload.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31).decompress(payload)
    if payload.startswith(lz4.MAGIC):
        return lz4.unpack(payload)
    raise Skip("the kernel is packed in a way that is not known here")


@scenario("linux-pvh", timeout=150)
def linux_pvh(bench):
    """The same kernel by PVH, with its initramfs and command line."""
    kernel = bench.file("vmlinux", unpacked(bench))
    option = bench.linux("echo up; cat /proc/cmdline", name="direct", cmdline="word=7", boot="pvh")
    outcome = bench.run(option.replace(f"kernel={bench.kernel}", f"kernel={kernel}"), timeout=120)
    outcome.needs_status(machine.good)
    outcome.needs("^up$", "direct")
    outcome.needs(r"^(?!\[).*word=7", "direct")
    outcome.needs("^ovm-run: exit status 0$", "direct")


@scenario("linux", timeout=180, cost=2)
def linux(bench):
    """Two guests with two processors each; neither complains, and both power off."""
    outcome = bench.run(bench.linux(REPORT, name="debian1", vcpus=2), bench.linux(REPORT, name="debian2", vcpus=2), timeout=150)
    outcome.needs_status(machine.good)
    for name in ("debian1", "debian2"):
        outcome.needs("^clock=kvm-clock$", name)
        outcome.needs("^processors=2$", name)
        outcome.needs("^report ends$", name)
        outcome.needs("^ovm-run: exit status 0$", name)
        outcome.must_not_have("^complaint: .*", name)


@scenario("linux-shell", timeout=120)
def linux_shell(bench):
    """The init system's own power-off, which goes through ACPI."""
    outcome = bench.run(bench.linux("poweroff; sleep 60", name="shell"), timeout=100)
    outcome.needs_status(machine.good)
    outcome.must_not_have("ovm-run: exit status", "shell")


@scenario("linux-reset", timeout=120)
def linux_reset(bench):
    """A reboot ends a headless machine, and says so."""
    outcome = bench.run(bench.linux("busybox reboot -f", name="again"), timeout=100)
    outcome.needs_status(machine.good)
    outcome.needs("(?i)reset")


@scenario("linux-restart", timeout=180)
def linux_restart(bench):
    """--on-reset restart: the VM comes up again, and its memory comes back empty."""
    outcome = bench.run("--on-reset", "restart", bench.linux("echo life; busybox reboot -f", name="again"), timeout=150,
                        until=((r"^life$(?s:.*)^restarted$(?s:.*)^life$", "again"),))
    outcome.needs_status(machine.seen_enough)


@scenario("linux-sixteen", timeout=300, cost=2, full=True)
def linux_sixteen(bench):
    outcome = bench.run(bench.linux(REPORT, name="wide", vcpus=16, memory="512M"), timeout=280)
    outcome.needs_status(machine.good)
    outcome.needs("^processors=16$", "wide")
    outcome.must_not_have("^complaint: .*", "wide")


@scenario("many", timeout=300, cost=2, full=True)
def many(bench):
    """More VMs than the processor has ASIDs."""
    guests = [bench.guest("registers", name=f"vm{number}", cmdline=f"seed={number} rounds=5", memory="4M") for number in range(200)]
    bench.run("--memory", "2G", *guests, timeout=280).needs_status(machine.good)
