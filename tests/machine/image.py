"""The bootable image that --iso writes, started by BIOS and by UEFI firmware."""
import pathlib

from harness import machine
from harness.scenario import Skip, scenarios

OVMF = pathlib.Path("/usr/share/ovmf/OVMF.fd")


@scenarios(timeout=240, cost=2, iso_bios=None, iso_uefi=OVMF)
def iso(bench, firmware):
    """Boots by GRUB and prints on COM1, as on a computer; the guest's last line comes through."""
    if firmware and not firmware.exists():
        raise Skip(f"{firmware} is not there (package ovmf)")
    image = bench.folder / "ovm.iso"
    bench.run("--iso", image, "--append", "boot-core=idle", bench.guest("hello", name="hello"), timeout=60).needs_status(machine.good)
    command = ["timeout", "120", "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-cpu", "EPYC", "-smp", "3", "-m", "1G", "-display", "none",
               "-serial", "stdio", "-no-reboot", "-cdrom", str(image)]
    if firmware:
        command += ["-bios", str(firmware)]
    outcome = bench.run(command=command, timeout=130)
    outcome.needs("hello from a guest")
    outcome.needs("good bye")
