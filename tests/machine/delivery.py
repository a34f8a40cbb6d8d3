"""Modules and lists of keys reach a machine that is running, over its second serial line; what should not does not."""
import random
import re
import socket
import struct
import subprocess
import time

from harness import machine, module
from harness.scenario import Failure, scenario
from harness.terminal import Terminal


class Running(Terminal):
    """A machine with two busy guests, OVM's own console in front, and a socket by which programs reach it."""

    def __init__(self, bench, *options):
        self.bench = bench
        self.socket = bench.folder / "control"
        guests = [bench.guest("loop", name=f"busy{number}", cmdline="busy", vcpus=2) for number in (1, 2)]
        super().__init__(bench.command("--timeout", 150, "--cores", 2, "--control", self.socket, *options, *guests,
                                       headless=False))

    def __enter__(self):
        self.needs("Ctrl-A, then: 1 busy1, 2 busy2;")
        self.needs("looping for good", timeout=60)
        self.press("\x010")
        return self

    def says(self, command, *answers):
        self.press(command + "\r")
        for answer in answers:
            self.needs(answer)

    def load(self, file, status=0):
        """What `ovmc load` says."""
        command = [module.ovmc(self.bench), "load", "--machine", self.socket, file]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        print(f"$ ovmc load {file.name}: status {result.returncode}\n{result.stdout}{result.stderr}", flush=True)
        if result.returncode != status:
            raise Failure(f"ovmc load {file.name}: status {result.returncode}, should be {status}")
        return result.stdout + result.stderr


def has(text, pattern):
    if not re.search(pattern, text):
        raise Failure(f"no line matches {pattern}: {text}")


@scenario("delivery", timeout=240, cost=2)
def delivery(bench):
    """A module that was built now is loaded, swapped in, upgraded; a list of keys revokes it."""
    first, second = module.shipped(bench, "lottery", 1), module.shipped(bench, "lottery", 2)
    ovmc, key = module.ovmc(bench), bench.folder / "site.key"

    def keys(name, *words):
        subprocess.run([ovmc, "keys", "--key", key, *words, "-o", name], cwd=bench.folder, check=True)
        return bench.folder / name
    subprocess.run([ovmc, "key", "next"], cwd=bench.folder, check=True)
    subprocess.run([ovmc, "key", "stranger"], cwd=bench.folder, check=True)
    added = keys("added.okeys", "--counter", "3", "--add", "next.pub")
    revoked = keys("revoked.okeys", "--counter", "4", "--revoke", "site.pub")
    older = keys("older.okeys", "--counter", "2", "--add", "stranger.pub")
    strange = bench.folder / "strange.omod"
    subprocess.run([ovmc, "sign", first, "--key", bench.folder / "stranger.key", "-o", strange], check=True)
    with Running(bench, "--key", bench.folder / "site.pub") as running:
        has(running.load(first), r"^module lottery 1 loaded\n")
        running.says("swap scheduler lottery slice=2ms", "swapped")
        has(running.load(second), r"^module lottery 2 in place of 1\n")
        running.says("module list", r"lottery 2: 8 KiB, in use by scheduler, version 1 kept")
        has(running.load(first, status=1), r"is loaded, and this one is not newer")
        has(running.load(strange, status=1), r"strange.omod refused: it is signed with a key that this machine does not")
        has(running.load(added), r"^keys added.okeys: list 3 is in force: 2 keys trusted, 0 keys")
        has(running.load(older, status=1), r"its counter is not higher than that of the list before")
        has(running.load(revoked), r"^keys revoked.okeys: list 4 is in force: 1 keys trusted, 1 keys")
        running.says("module list", r"in use by scheduler, version 1 kept, revoked")
        running.says("swap scheduler fair", "swapped")
        running.says("swap scheduler lottery", "not swapped: scheduler failed in: construct: denied")
        running.says("module unload lottery", "module lottery 2 unloaded")
        has(running.load(first, status=1), r"it is signed with a key that was revoked")
        subprocess.run([ovmc, "sign", first, "--key", bench.folder / "next.key"], check=True)
        has(running.load(first), r"^module lottery 1 loaded\n")
        running.says("faults", "0 faults")
        running.press("\x01x")
        status, _ = running.ends()
        if status != machine.good:
            raise Failure(f"exit status {status} after the key to stop")
    if running.socket.exists():
        raise Failure("the socket outlives the machine")


def request(kind, file, number, rest=b""):
    payload = struct.pack("<II", file, number) + rest
    body = bytes([ord(kind), 0, len(payload)]) + payload
    checksum = 0
    for byte in body:
        checksum ^= byte
    return b"\xa5" + body + bytes([checksum])


class Sender:
    """Sends whatever it likes."""

    def __init__(self, path):
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(str(path))
        self.line.settimeout(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.line.close()

    def answers(self, bytes_, pattern):
        """Sends, and waits for an answer with that state and line."""
        self.line.sendall(bytes_)
        seen = b""
        while not re.search(pattern, seen, re.DOTALL):
            try:
                piece = self.line.recv(4096)
            except TimeoutError:
                piece = b""
            if not piece:
                raise Failure(f"no answer {pattern}, but {seen}")
            seen += piece


@scenario("delivery-hostile", timeout=240, cost=2)
def hostile(bench):
    """Garbage, a truncated file, too much, two senders at once: each is dropped with its reason, and the next one works."""
    good = module.write(bench.folder, "good.omod", module.halt_module(bench.build))
    content = good.read_bytes()
    cut = module.write(bench.folder, "cut.omod", content[:-1])
    large = module.write(bench.folder, "large.omod", bytes(300_000))
    with Running(bench, "--key", module.key_file(bench.folder)) as running:
        dice = random.Random(1)
        with Sender(running.socket) as sender:
            sender.line.sendall(b"module load good.omod\r\nmodule list\r\n")
            for _ in range(40):
                sender.line.sendall(dice.randbytes(2000))
            sender.line.sendall(b"\xa5D\0\xff")  # the beginning of a long one
        running.says("vms", r"VM 1 busy1: running", r"VM 2 busy2: running")
        with Sender(running.socket) as sender:
            time.sleep(1)
            sender.line.sendall(bytes(300))  # its end, and more
            sender.answers(request("D", 1, 0, b"data"), b"Tx?.*this file was not announced")
            sender.answers(request("F", 2, 300_000, b"big.omod"), b"big.omod refused: it is larger than a module may be")
            sender.answers(request("F", 3, 2**32 - 1, b"big.omod"), b"big.omod refused: it is larger than a module may be")
            sender.answers(request("F", 4, 1000, b"\x1b[2J"), b"a file refused: its name is no file's")
            sender.answers(request("F", 5, 100, b"over.omod"), b"T.*g\x05\0\0\0\0\0\0\0")
            sender.answers(request("D", 5, 0, bytes(101)), b"over.omod refused: more came of it than was announced")
            sender.answers(request("F", 6, 5000, b"half.omod"), b"g\x06\0\0\0\0\0\0\0")
            sender.answers(request("D", 6, 0, bytes(200)), b"g\x06\0\0\0\xc8\0\0\0")
        running.needs(r"second serial line: half.omod refused: nothing came of it for 10 s, after 200 of 5000 bytes")
        has(running.load(cut, status=1), r"module cut.omod refused: its signature is wrong")
        has(running.load(large, status=1), r"large.omod refused: it is larger than a module may be")
        has(running.load(good), r"^module constant 1 loaded\n")
        running.says("swap halt constant window=700", "swapped")
        running.says("module list", r"constant 1: 8 KiB, in use by halt")
        running.says("faults", "0 faults")
        running.press("\x01x")
        status, _ = running.ends()
        if status != machine.good:
            raise Failure(f"exit status {status} after the key to stop")
