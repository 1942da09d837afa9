# SPDX-License-Identifier: Apache-2.0
"""A peer that is a program of its own: it takes orders on its standard input and tells each PDU as a line of JSON."""
import json
import queue
import subprocess
import threading
import time


class Peer:
    def __init__(self, argv, env=None):
        self.process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env=env)
        self.lines, self.unread = queue.Queue(), []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def wait(self, pdu, seconds=15, **like):
        """The oldest line of that kind that nobody waited for yet."""
        end = time.monotonic() + seconds
        while True:
            for line in self.unread:
                if line["pdu"] == pdu and all(line.get(k) == v for k, v in like.items()):
                    self.unread.remove(line)
                    return line
            try:
                self.unread.append(self.lines.get(timeout=max(0.0, end - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"no {pdu} {like} within {seconds} s") from None

    def order(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
