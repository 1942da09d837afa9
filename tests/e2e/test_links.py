# SPDX-License-Identifier: Apache-2.0
"""
`links` of a bind are those of the whole installation, however many processes run. The SMSC here is a few lines of its own
that only count: who is bound, how many at most, and what each connection has written.
"""
import selectors
import signal
import socket
import struct
import threading
import time

import pytest

from stage import until

LEASE_S = 2
BIND, UNBIND, ENQUIRE, SUBMIT, RESP = 0x09, 0x06, 0x15, 0x04, 0x80000000


class Connection:
    def __init__(self, sock):
        self.sock, self.data, self.bound = sock, b"", False
        self.heard = []                 # commands, in their order

    def answer(self, command, sequence, body=b""):
        self.sock.sendall(struct.pack(">IIII", 16 + len(body), command | RESP, 0, sequence) + body)

    def enquire(self):
        self.sock.sendall(struct.pack(">IIII", 16, ENQUIRE, 0, 1))

    def read(self):
        """False when it is over."""
        try:
            octets = self.sock.recv(65536)
        except OSError:
            octets = b""
        self.data += octets
        while len(self.data) >= 16:
            length, command, _status, sequence = struct.unpack(">IIII", self.data[:16])
            if len(self.data) < length:
                break
            self.data = self.data[length:]
            self.heard.append(command)
            if command in (BIND, SUBMIT):
                self.answer(command, sequence, b"counter\0")
            elif command in (ENQUIRE, UNBIND):
                self.answer(command, sequence)
            self.bound = (self.bound or command == BIND) and command != UNBIND
        return bool(octets)


class Smsc:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections, self.most, self.binds, self.over = [], 0, 0, False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def bound(self):
        return [c for c in self.connections if c.bound]

    def _read(self, selector, connection):
        before = connection.bound
        if not connection.read():
            connection.bound = False
            selector.unregister(connection.sock)
            connection.sock.close()
            self.connections.remove(connection)
        self.binds += connection.bound and not before
        self.most = max(self.most, len(self.bound()))

    def _run(self):
        selector = selectors.DefaultSelector()
        selector.register(self.listener, selectors.EVENT_READ)
        while not self.over:
            for key, _ in selector.select(0.1):
                if key.data is not None:
                    self._read(selector, key.data)
                else:
                    connection = Connection(self.listener.accept()[0])
                    self.connections.append(connection)
                    selector.register(connection.sock, selectors.EVENT_READ, connection)

    def close(self):
        self.over = True
        self.thread.join(10)
        for sock in (self.listener, *(c.sock for c in self.connections)):
            sock.close()


@pytest.fixture(name="smsc")
def a_smsc():
    smsc = Smsc()
    yield smsc
    smsc.close()


@pytest.fixture(name="stage")
def a_stage(make_stage, smsc):
    def two_links(config, _tenant):
        config["binds"][0].update(links=2, link_lease_s=LEASE_S, reconnect_s=[1, 1])
    return make_stage(smsc_port=smsc.port, edit=two_links)


def bound(gateway):
    return gateway.metric("isango_smpp_links_bound")


def take_both(stage, smsc):
    until(lambda: bound(stage.gateway) == 2, "both links")
    return smsc.bound()


def test_two_processes_have_two_links(stage, smsc):
    first = stage.gateway
    take_both(stage, smsc)
    second = stage.start_gateway()
    # It has no link, and is ready: others hold all of them.
    assert second.ready() and bound(second) == 0
    assert (first.metric("isango_link_slots_held"), second.metric("isango_link_slots_held")) == (2, 0)
    end = time.monotonic() + 2 * LEASE_S
    while time.monotonic() < end:
        assert bound(first) == 2 and second.ready()
        time.sleep(0.1)
    assert smsc.most == 2 and smsc.binds == 2
    assert first.metric("isango_link_slots_lost_total") == 0


def test_a_killed_process(stage, smsc):
    first = stage.gateway
    take_both(stage, smsc)
    second = stage.start_gateway()
    first.kill()
    until(lambda: not smsc.connections, "the SMSC to see it")
    # Nobody knows yet that it is dead: who has nothing is ready all the same, for a lease at most.
    until(lambda: bound(second) == 2, "the other to take over", LEASE_S + 3)
    assert smsc.most == 2 and smsc.binds == 4
    assert second.metric("isango_link_slots_taken_over_total") == 2
    assert "link slot taken over" in second.log.read_text()


def test_a_process_that_stood_still(stage, smsc):
    first = stage.gateway
    old = take_both(stage, smsc)
    second = stage.start_gateway()
    first.signal(signal.SIGSTOP)
    until(lambda: bound(second) == 2, "the other to take over", LEASE_S + 3)
    # What waits for it when it goes on would be answered by whoever believes that the link is still his.
    heard = [len(connection.heard) for connection in old]
    for connection in old:
        connection.enquire()
    first.signal(signal.SIGCONT)
    until(lambda: not any(connection in smsc.connections for connection in old), "its links to be closed")
    assert [len(connection.heard) for connection in old] == heard
    until(lambda: first.metric("isango_link_slots_lost_total") == 2, "the loss to count")
    until(first.ready, "it to know that others hold the links")
    binds = smsc.binds
    end = time.monotonic() + LEASE_S
    while time.monotonic() < end:
        assert bound(first) == 0 and len(smsc.bound()) == 2
        time.sleep(0.1)
    assert smsc.binds == binds


def test_a_stop_hands_over_at_once(stage, smsc):
    first = stage.gateway
    take_both(stage, smsc)
    second = stage.start_gateway()
    first.signal(signal.SIGTERM)
    until(lambda: bound(second) == 2, "the other to bind")
    assert first.wait() == 0
    assert smsc.most == 2 and smsc.binds == 4
    # Released, not lapsed.
    assert second.metric("isango_link_slots_taken_over_total") == 0
    log = first.log.read_text()
    assert log.count("link slot released") == 2 and "in doubt" not in log
    assert second.stop() == 0
    third = stage.start_gateway(wait=False)
    until(lambda: third.listening() and bound(third) == 2, "one that starts later")
    assert third.metric("isango_link_slots_taken_over_total") == 0


def test_redis_is_away_for_longer_than_the_lease(stage, smsc):
    gateway = stage.gateway
    old = take_both(stage, smsc)
    stage.redis.signal(signal.SIGSTOP)
    until(lambda: bound(gateway) == 0, "the links to be closed")
    until(lambda: not smsc.connections, "the SMSC to see it")
    # Politely: the margin of the lease is for that.
    assert all(connection.heard[-1] == UNBIND for connection in old)
    stage.redis.signal(signal.SIGCONT)
    until(lambda: bound(gateway) == 2, "the links to come back")
    assert smsc.most == 2
    assert gateway.metric("isango_link_slots_lost_total") == 2
