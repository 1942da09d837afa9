# SPDX-License-Identifier: Apache-2.0
"""
A port of the loopback that leads elsewhere (to a Redis, to a gateway), and can be made to lead to another place, or to lose
what comes back.
"""
import contextlib
import socket
import threading


class Forwarder:
    def __init__(self, target):
        """target: the unix socket that it leads to, or the number of a port of the loopback; None: not known yet."""
        self.target, self.losing, self.slow = target, False, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock, self.sockets = threading.Lock(), set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            try:
                there = self._reach()
            except OSError:
                here.close()
                continue
            with self.lock:
                self.sockets |= {here, there}
            for source, sink, back in ((here, there, False), (there, here, True)):
                threading.Thread(target=self._carry, args=(source, sink, back), daemon=True).start()

    def _reach(self):
        if isinstance(self.target, int):
            return socket.create_connection(("127.0.0.1", self.target))
        there = socket.socket(socket.AF_UNIX)
        try:
            there.connect(str(self.target))
        except OSError:
            there.close()
            raise
        return there

    def _carry(self, source, sink, back):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.slow is not None and not back and self.slow[0] in data:
                    threading.Event().wait(self.slow[1])
                if not (back and self.losing):
                    sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def slow_down(self, words, seconds):
        """What has these words in it is on its way for so long."""
        self.slow = (words, seconds)

    def lose(self):
        """From here on nothing that the target says arrives."""
        self.losing = True

    def cut(self):
        with self.lock:
            sockets, self.sockets = self.sockets, set()
        for end in sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def point(self, target):
        """All connections end; new ones go there."""
        self.target, self.losing, self.slow = target, False, None
        self.cut()

    def close(self):
        self.listener.close()
        self.cut()
