"""A guest that does what it must not takes nothing but its own time and life."""
from harness import machine
from harness.scenario import scenario, scenarios

# Beside each hostile guest a good one counts its clocks and must not notice.
WITNESS = "tolerance=30 milliseconds=500"


def hostile(bench, cmdline, *more, wanted, limit=100, until=(), **options):
    outcome = bench.run(bench.guest("hostile", cmdline=cmdline, **options), *more, timeout=limit, until=until)
    outcome.needs_status(*wanted)
    outcome.must_not_have("(?i)hypervisor crashed|OVM crashed")
    return outcome


PARTS = ("ports", "msrs", "holes", "tables", "alignment", "debug", "instructions")


@scenarios(timeout=150, hostile_ports="ports", hostile_msrs="msrs", hostile_holes="holes", hostile_tables="tables",
           hostile_alignment="alignment", hostile_debug="debug", hostile_instructions="instructions")
def part(bench, name):
    """Each part to its end, which the guest itself survives."""
    outcome = hostile(bench, f"seed=1 part={name} steps=1000 processors=1", wanted=(machine.good, machine.guest_crashed), limit=120)
    if "page tables where there is no RAM" in outcome.text:
        return  # its own tables pointed outside of its memory: that costs its life, and the record says so
    outcome.needs(rf"^hostile 0 {name}: \d+ exceptions$", "hostile")


@scenarios(timeout=60, end_triple="triple", end_tables="tables", end_port="port")
def deadly_end(bench, way):
    """Ends that the guest does not survive; its neighbour does."""
    outcome = hostile(bench, f"part=alignment steps=5 processors=1 end={way}", bench.guest("hello"),
                      wanted=(machine.guest_crashed, machine.good), limit=40)
    outcome.needs("^good bye$", "hello")


@scenarios(timeout=130, end_spin="spin", end_debug="debug", end_garbage="garbage", end_init="init")
def endless_end(bench, way):
    """Ends that last: the neighbour on the same core gets its time all the same."""
    # A guest that jumps into garbage may meet its own exception handler, which ends it with a 1; and a busy host costs the
    # witness some ticks, which is for the scenarios of the clocks to judge.
    outcome = hostile(bench, f"part=alignment steps=5 end={way} seed=7", bench.guest("timers", cmdline=WITNESS), "--cores", 1, vcpus=2,
                      wanted=(machine.seen_enough, machine.guest_crashed, machine.guest_failed, machine.good), limit=80,
                      until=(("^wrote [0-9]+ to", "timers"), (f"^hostile: ends by {way}$", "hostile")))
    outcome.needs(rf"^hostile: ends by {way}$", "hostile")
    outcome.needs(r"^timers: \d+ wrong$", "timers")


# Without an invariant time-stamp counter, which the emulated processor has not, Linux calls it unstable at once.
KNOWN = r"TSCs unsynchronized|BIOS bug: TSC|SRSO|srso|Speculative|DIV0|FPDSS|pci=nocrs"


@scenario("hostile-beside-linux", timeout=200, cost=2)
def beside_linux(bench):
    script = 'for second in $(seq 8); do sleep 1; echo "second $second"; done; dmesg | grep -E "stall|lockup|unstable|BUG|WARNING" | grep -vE "KNOWN" | sed "s/^/complaint: /"; true'.replace("KNOWN", KNOWN)
    outcome = bench.run(bench.linux(script, name="debian", vcpus=2), bench.guest("hostile", cmdline="seed=3 end=triple without=tables", vcpus=2), timeout=160)
    outcome.needs_status(machine.guest_crashed)
    # Every part by both of its processors, and the end that it was told; not one that came before.
    for part in [part for part in PARTS if part != "tables"]:
        for processor in range(2):
            outcome.needs(rf"^hostile {processor} {part}: \d+ exceptions$", "hostile")
    outcome.needs("^hostile: ends by triple$", "hostile")
    outcome.needs("^crashed: triple fault$", "hostile")
    outcome.needs("^second 8$", "debian")
    outcome.needs("^ovm-run: exit status 0$", "debian")
    outcome.must_not_have("^complaint: .*", "debian")


@scenario("side-by-side", timeout=600, cost=2, full=True)
def side_by_side(bench):
    """Two Linux guests and a hostile one for 60 seconds; the timers of the good ones keep their rate to 1%."""
    script = r"""
count() { awk '/^ *LOC:/ { print $2 + $3 }' /proc/interrupts; }
before=$(count); start=$(cut -d' ' -f1 /proc/uptime)
sleep 60
after=$(count); end=$(cut -d' ' -f1 /proc/uptime)
awk -v n=$((after - before)) -v s="$start" -v e="$end" 'BEGIN { printf "rate %.2f\n", n / 2 / (e - s) }'
dmesg | grep -E "stall|lockup|unstable|BUG|WARNING" | grep -vE "KNOWN" | sed 's/^/complaint: /'
""".replace("KNOWN", KNOWN)
    outcome = bench.run(bench.linux(script, name="debian1", vcpus=2, cmdline="nohz=off"),
                        bench.linux(script, name="debian2", vcpus=2, cmdline="nohz=off"),
                        bench.guest("hostile", cmdline="seed=5 end=spin without=tables", vcpus=2), timeout=540,
                        until=tuple(("^powered off$", name) for name in ("debian1", "debian2")))
    outcome.needs_status(machine.seen_enough)
    outcome.needs("^hostile: ends by spin$", "hostile")
    for name in ("debian1", "debian2"):
        rate = float(outcome.needs(r"^rate ([0-9.]+)$", name).group(1))
        if abs(rate - 250) > 2.5:
            outcome.needs(f"250 timer interrupts per second and processor, not {rate}", name)
        outcome.must_not_have("^complaint: .*", name)


@scenario("hostile-seeds", timeout=1500, cost=2, full=True)
def seeds(bench):
    """Many dice; whatever becomes of the guest, the machine goes on."""
    for seed in range(20, 40):
        outcome = hostile(bench, f"seed={seed} steps=3000 end=garbage", bench.guest("timers", cmdline=WITNESS), vcpus=2, limit=70,
                          wanted=(machine.good, machine.guest_failed, machine.guest_crashed, machine.seen_enough),
                          until=(("^wrote [0-9]+ to", "timers"), ("^(hostile: ends by garbage|crashed: .*|wrote .*)$", "hostile")))
        outcome.needs(r"^timers: \d+ wrong$", "timers")
