# SPDX-License-Identifier: Apache-2.0
"""One tenant's wallet core is away: its customers hear so, and nobody else notices."""
import json
import re
import socket
import threading

import pytest

from helpers import PIN, SENT, TEXTS, at_post, core_customer, paid_once, sign_up, to_send_confirm
from stage import until

MUTE_PHONE = "27837770001"


class MuteCore:
    """Accepts everything, reads it, and never answers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.held = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                self.held.append(self.listener.accept()[0])
            except OSError:
                return

    def close(self):
        self.listener.close()
        for connection in self.held:
            connection.close()


class LimitingCore(MuteCore):
    """Answers everything with a rate limit that ends in seven seconds."""

    def __init__(self):
        self.requests = 0
        super().__init__()

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.held.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        while octets := connection.recv(65536):
            if not octets.startswith(b"POST"):
                continue            # the body, where it comes behind its head
            self.requests += 1
            connection.sendall(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def mute():
    core = MuteCore()
    yield core
    core.close()


@pytest.fixture
def limiting():
    core = LimitingCore()
    yield core
    core.close()


def add_tenant(stage, core):
    """Beside acme, with the same content and links: one with another wallet core."""
    tenant = json.loads((stage.folder / "tenants.d" / "acme.json").read_text())
    tenant.update(name="mute", title="Mute Wallet", integrators=[])
    del tenant["sms_menu"]
    tenant["wallet_core"].update(url=f"http://127.0.0.1:{core.port}", tenant_id=6001, timeout_read_ms=300,
                                 breaker_failures=1, breaker_open_s=60)
    tenant["channels"] = [
        {**next(c for c in tenant["channels"] if c["kind"] == "ussd-http"), "name": "mute-at",
         "service_codes": ["*384*777#"]},
        {"name": "mute-sms", "kind": "sms-smpp", "bind": "mno", "sender": "30777", "inbound": ["27830000777"]}]
    tenant["routes"] = {"token": ["mute-sms"], "result": ["mute-sms"], "notice": ["mute-sms"]}
    (stage.folder / "tenants.d" / "mute.json").write_text(json.dumps(tenant))


def with_tenant(make_stage, core):
    stage = make_stage(start=False)
    stage.start_redis()
    stage.start_sandbox()
    stage.configure()
    add_tenant(stage, core)
    return stage


def test_a_mute_core_of_another_tenant(make_stage, mute):
    stage = with_tenant(make_stage, mute)
    gateway = stage.start_gateway()
    # It is named, and the process is ready for the other one's customers all the same.
    until(lambda: gateway.metric("isango_wallet_open") == 1, "the mute core to be given up")
    status, text = gateway.admin("/readyz")
    assert (status, text.splitlines()[-1]) == (200, "ready") and text.startswith("wallet core of mute: ")
    for text in ("", "1"):
        _, screen = at_post(gateway, text, phone=MUTE_PHONE, channel="mute-at")
    assert screen == f"END {TEXTS['error.try_again']}"
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    assert SENT.match(phone.type(PIN))
    paid_once(stage, "50.00")
    assert gateway.metric("isango_wallet_open") == 1


def test_a_rate_limit_is_obeyed(make_stage, limiting):
    """One request, the first; then it is left alone for as long as it said, whoever wants something of it."""
    stage = with_tenant(make_stage, limiting)
    gateway = stage.start_gateway()
    paused = until(lambda: re.search(r"tenant=mute paused_ms=(\d+)", gateway.log.read_text()), "the pause")
    assert 7000 <= int(paused[1]) <= 7000 * 5 // 4 + 50
    for text in ("", "1"):
        _, screen = at_post(gateway, text, phone=MUTE_PHONE, channel="mute-at")
    assert screen == f"END {TEXTS['error.try_again']}"
    assert limiting.requests == 1 and gateway.metric("isango_wallet_pauses_total") == 1
