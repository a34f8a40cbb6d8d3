"""A person at the launcher's terminal: keys go in, and what the screen shows is waited for."""
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import time

from .scenario import Failure


class Terminal:
    """A machine on a pseudo-terminal. As a context it never outlives its block."""

    def __init__(self, command):
        print("$ " + shlex.join(command), flush=True)
        self._near, far = pty.openpty()
        self._process = subprocess.Popen(command, stdin=far, stdout=far, stderr=far, start_new_session=True)
        os.close(far)
        self._unread = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._near)

    def press(self, keys):
        print(f"-> {keys!r}", flush=True)
        os.write(self._near, keys.encode())

    def needs(self, pattern, timeout=30):
        """Waits until the pattern is shown; what came before it counts as read."""
        deadline = time.monotonic() + timeout
        while not (match := re.search(pattern, self._unread)):
            if not self._look(deadline - time.monotonic()):
                raise Failure(f"the terminal does not show within {timeout} s: {pattern}")
        self._unread = self._unread[match.end():]
        return match

    def ends(self, timeout=30):
        """Waits for the end; answers the exit status and all that was shown since."""
        deadline = time.monotonic() + timeout
        while self._look(deadline - time.monotonic()):
            pass
        try:
            status = self._process.wait(max(0, deadline - time.monotonic()) + 1)
        except subprocess.TimeoutExpired:
            raise Failure(f"the launcher does not end within {timeout} s") from None
        print(f"-> exit status {status}", flush=True)
        return status, self._unread

    def _look(self, seconds):
        """Reads some more; false when time is up or the other side is gone."""
        if seconds <= 0 or not select.select([self._near], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self._near, 65536).decode(errors="replace")
        except OSError:
            return False
        print(piece.replace("\r", ""), end="", flush=True)
        self._unread += piece
        return bool(piece)
