# SPDX-License-Identifier: Apache-2.0
"""
What goes over an SMPP link, as octets, and what Wireshark reads in it. A Recorder stands between isango and an SMSC, passes
everything on, and keeps it; a capture file is made of that, so nothing here needs root. Frames are cut here too, so that a
PDU which tshark passes over is noticed. It judges no field: that is the tests' business.
"""
import json
import re
import selectors
import shutil
import socket
import struct
import subprocess
import threading
import time

import pytest

OUT, IN = "out", "in"                   # from who connects, and back
LINKTYPE_RAW = 101


class Recording:
    """What went over the links to a port: pieces of (time, link, way, octets)."""

    def __init__(self, port):
        self.port, self.pieces, self.links = port, [], 0

    def frames(self, way):
        """The PDUs that went that way, cut by their lengths."""
        found = []
        for link in range(1, self.links + 1):
            octets = b"".join(p[3] for p in self.pieces if p[1] == link and p[2] == way)
            while octets:
                length = struct.unpack(">I", octets[:4])[0]
                found.append(octets[:length])
                octets = octets[length:]
        return found

    def write_pcap(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535 + 40, LINKTYPE_RAW))
            for link in range(1, self.links + 1):
                self._write_link(out, link)

    def _write_link(self, out, link):
        sent = {OUT: 1000, IN: 5000}
        pieces = [p for p in self.pieces if p[1] == link]
        if not pieces:
            return

        def packet(when, way, flags, octets=b""):
            ports = (40000 + link, self.port) if way == OUT else (self.port, 40000 + link)
            back = IN if way == OUT else OUT
            tcp = struct.pack(">HHIIBBHHH", *ports, sent[way], sent[back] if flags & 0x10 else 0, 0x50, flags, 65535, 0, 0)
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(octets), 0, 0x4000, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
            out.write(struct.pack("<IIII", int(when), int(when % 1 * 1e6), 40 + len(octets), 40 + len(octets)))
            out.write(ip + tcp + octets)
            sent[way] += len(octets) + (1 if flags & 0x02 else 0)
        packet(pieces[0][0], OUT, 0x02)
        packet(pieces[0][0], IN, 0x12)
        packet(pieces[0][0], OUT, 0x10)
        for when, _, way, octets in pieces:
            for start in range(0, len(octets), 16384):
                packet(when, way, 0x18, octets[start:start + 16384])


class Recorder(Recording):
    """Listens, and passes each connection on to `port`."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", 0))
        super().__init__(self.listener.getsockname()[1])
        self.target, self.alive, self.keep = port, True, True
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while self.alive:
            for key, _ in self.selector.select(0.05):
                if key.fileobj.fileno() >= 0:
                    key.data()

    def _accept(self):
        here, _ = self.listener.accept()
        try:
            there = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            here.close()
            return
        self.links += 1
        for source, sink, way in ((here, there, OUT), (there, here, IN)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            source.settimeout(20)       # of a write to one that does not read
            self.selector.register(source, selectors.EVENT_READ,
                                   lambda a=source, b=sink, w=way, n=self.links: self._pass(a, b, w, n))

    def _pass(self, source, sink, way, link):
        try:
            octets = source.recv(65536)
            if octets:
                if self.keep:
                    self.pieces.append((time.time(), link, way, octets))
                sink.sendall(octets)
                return
        except OSError:
            pass
        for end in (source, sink):
            self.selector.unregister(end)
            end.close()

    def close(self):
        self.alive = False
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


def _pairs(pairs):
    """JSON of tshark repeats names: each name's values, in a list."""
    found = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _walk(tree):
    for name, values in tree.items():
        for value in values:
            yield name, value
            if isinstance(value, dict):
                yield from _walk(value)


class Pdu:
    """One PDU as tshark reads it: its fields by name, the first value of each."""

    def __init__(self, way, tree):
        self.way, self.fields, self.complaints = way, {}, []
        self.add(tree)

    def add(self, tree):
        for name, value in _walk(tree):
            if name.startswith("_ws."):
                self.complaints.append((name, value))
            elif not isinstance(value, dict):
                self.fields.setdefault(name, value)

    @property
    def has_header(self):
        """Of user data: tshark keeps that beside the PDU."""
        return int(self["esm.submit.features"] or "0", 0) & 1 != 0

    def __getitem__(self, name):
        return self.fields.get("smpp." + name)

    @property
    def command(self):
        return int(self["command_id"], 16)


def _tshark(path, *arguments):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not there: scripts/setup --tests installs it, nothing on the wire was looked at")
    return subprocess.run(["tshark", "-n", "-r", path, *arguments], capture_output=True, text=True, check=True,
                          timeout=60).stdout


def opened(recorder, folder, keylog):
    """What went through TLS, decrypted by tshark with the keys that one side has noted."""
    recorder.keep = False
    path = folder / "tls.pcap"
    recorder.write_pcap(path)
    found = Recording(recorder.port)
    found.links = recorder.links
    for link in range(1, recorder.links + 1):
        text = _tshark(path, "-q", "-d", f"tcp.port=={recorder.port},tls", "-o", f"tls.keylog_file:{keylog}",
                       "-z", f"follow,tls,raw,{link - 1}")
        # Node 0 is whoever said something first; what the other one said is indented.
        indented, flush = (OUT, IN) if f"Node 0: 127.0.0.1:{recorder.port}" in text else (IN, OUT)
        for line in text.splitlines():
            way = indented if line.startswith("\t") else flush
            if re.fullmatch(r"\t?(?:[0-9a-f]{2})+", line):
                found.pieces.append((float(link), link, way, bytes.fromhex(line.strip())))
    return found


TLV_SIZES = {0x0501: 1, 0x1383: 2, 0x020c: 2, 0x020e: 1, 0x020f: 1, 0x0427: 1}
ADDRESSED = {4, 5, 0x103}               # submit_sm, deliver_sm, data_sm


def _tlvs_are_sound(frame):
    """tshark takes the value of a TLV that it knows by the size it knows, whatever length stands there."""
    command = struct.unpack(">I", frame[4:8])[0]
    if command not in ADDRESSED:
        return True

    def text(at):
        return frame.index(0, at) + 1
    at = text(text(text(16) + 2) + 2)
    if command == 0x103:
        at += 3
    else:
        at = text(text(at + 3)) + 4
        at += 1 + frame[at]
    while at + 4 <= len(frame):
        tag, length = struct.unpack(">HH", frame[at:at + 4])
        if TLV_SIZES.get(tag, length) != length:
            return False
        at += 4 + length
    return at == len(frame)


def decode(recording, folder, ways=(OUT, IN)):
    """
    All PDUs of a recording, which ends here, in their order. Fails when tshark finds anything malformed or odd that went
    one of these ways, or reads another number of PDUs there than the lengths say.
    """
    recording.keep = False
    path, port = folder / "wire.pcap", recording.port
    recording.write_pcap(path)
    text = _tshark(path, "-d", f"tcp.port=={port},smpp", "-Y", "smpp", "-T", "json")
    pdus, bad = [], []
    for packet in json.loads(text, object_pairs_hook=_pairs):
        layers = packet["_source"][0]["layers"][0]
        way = IN if layers["tcp"][0]["tcp.srcport"] == [str(port)] else OUT
        found = [Pdu(way, tree) for tree in layers["smpp"]]
        for pdu, tree in zip([pdu for pdu in found if pdu.has_header], layers.get("gsm_sms_ud", [])):
            pdu.add(tree)
        pdus += found
        if way in ways:
            bad += [(layers["frame"][0]["frame.number"], name) for name in layers if name.startswith("_ws.")]
    bad += [(pdu["command_id"], pdu.complaints) for pdu in pdus if pdu.way in ways and pdu.complaints]
    assert not bad, bad[:5]
    assert all(_tlvs_are_sound(frame) for way in ways for frame in recording.frames(way))
    for way in ways:
        read = sum(pdu.way == way for pdu in pdus)
        assert read and read == len(recording.frames(way)), (way, read)
    return pdus
