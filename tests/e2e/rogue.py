# SPDX-License-Identifier: Apache-2.0
"""
An SMSC that does what SMSCs should not: a socket and SMPP's octets, nothing more. It binds whoever comes, answers each
request in its turn, and keeps what came; a test replaces what it does with any request by a function of its own.
"""
import socket
import struct
import threading
import time

BIND_TRANSCEIVER, SUBMIT, DELIVER, UNBIND, ENQUIRE, NACK, RESP = 9, 4, 5, 6, 0x15, 0x80000000, 0x80000000


def pdu(command, sequence, body=b"", status=0):
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


def string(text):
    return text.encode() + b"\0"


def tlv(tag, octets):
    return struct.pack(">HH", tag, len(octets)) + octets


def deliver(sequence, source, dest, text, service="", esm=0, tlvs=b""):
    octets = text.encode()
    return pdu(DELIVER, sequence, string(service) + b"\1\1" + string(source) + b"\1\1" + string(dest)
               + bytes([esm, 0, 0]) + b"\0\0" + bytes([0, 0, 0, 0, len(octets)]) + octets + tlvs)


def receipt(sequence, message_id, stat, source, dest="ACME"):
    text = f"id:{message_id} sub:001 dlvrd:001 submit date:2611211200 done date:2611211201 stat:{stat} err:000 text:"
    return deliver(sequence, source, dest, text, esm=4)


class Pdu:
    def __init__(self, link, octets):
        self.link, self.octets = link, octets
        self.command, self.status, self.sequence = struct.unpack(">III", octets[4:16])
        self.body = octets[16:]

    def submit(self):
        """(to, text) of a submit_sm."""
        at, strings = 0, []
        for before in (0, 2, 2):                # service_type; TON, NPI and source; TON, NPI and destination
            at += before
            end = self.body.index(b"\0", at)
            strings.append(self.body[at:end].decode())
            at = end + 1
        at += 3                                 # esm_class, protocol_id, priority_flag
        for _ in range(2):                      # schedule_delivery_time, validity_period
            at = self.body.index(b"\0", at) + 1
        at += 4                                 # registered_delivery to sm_default_msg_id
        return strings[2], self.body[at + 1:at + 1 + self.body[at]].decode("latin-1")


class Link:
    """One connection; its thread reads, anybody may write."""

    def __init__(self, smsc, peer):
        self.smsc, self.peer, self.lock, self.bound = smsc, peer, threading.Lock(), False
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self):
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, octets):
        try:
            with self.lock:
                self.peer.sendall(octets)
        except OSError:
            pass

    def close(self):
        try:
            self.peer.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _read(self):
        have = b""
        try:
            while True:
                octets = self.peer.recv(65536)
                if not octets:
                    break
                have += octets
                while len(have) >= 4 and len(have) >= (length := struct.unpack(">I", have[:4])[0]):
                    self.smsc.take(Pdu(self, have[:length]))
                    have = have[length:]
        except OSError:
            pass
        self.peer.close()
        self.smsc.gone(self)


class Rogue:
    def __init__(self):
        self.on, self.pdus, self.links, self.ids = {}, [], [], 0
        self.news = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            link = Link(self, peer)
            with self.news:
                self.links.append(link)
            link.start()

    def take(self, got):
        with self.news:
            self.pdus.append(got)
            self.news.notify_all()
        self.on.get(got.command, self.answer)(got)

    def gone(self, link):
        with self.news:
            if link in self.links:
                self.links.remove(link)
            self.news.notify_all()

    def answer(self, got, status=0):
        """As an SMSC should."""
        if not got.command & RESP:
            got.link.send(self.response(got, status))

    def response(self, got, status=0):
        """The octets of the answer; each submit gets an id of its own."""
        body = b""
        if got.command == SUBMIT and status == 0:
            body = string(self.new_id())
        elif got.command in (1, 2, 9):
            body, got.link.bound = string("rogue"), True
        return pdu(got.command | RESP, got.sequence, body, status)

    def new_id(self):
        with self.news:
            self.ids += 1
            return f"{self.ids:010d}"

    def wait(self, command, n=1, seconds=20, after=0):
        """The first n PDUs of that command, once they are there."""
        end = time.monotonic() + seconds
        with self.news:
            while True:
                found = [got for got in self.pdus[after:] if got.command == command]
                if len(found) >= n:
                    return found[:n] if n > 1 else found[0]
                assert time.monotonic() < end, \
                    f"{len(found)} of {n} PDUs 0x{command:x} within {seconds} s; there were {[hex(g.command) for g in self.pdus]}"
                self.news.wait(0.1)

    def bound(self):
        with self.news:
            return [link for link in self.links if link.bound]

    def newest(self):
        """The last link that was opened, once it is bound; one before it may be dead without having been seen to be."""
        with self.news:
            return self.links[-1] if self.links and self.links[-1].bound else None

    def close(self):
        # Closed alone, the socket would go on listening for as long as its thread waits in accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        for link in list(self.links):
            link.close()
