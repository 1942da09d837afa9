# SPDX-License-Identifier: Apache-2.0
"""One tenant's wallet core is away: its customers hear so, and nobody else notices."""
import json
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


@pytest.fixture
def mute():
    core = MuteCore()
    yield core
    core.close()


def add_tenant(stage, core):
    """Beside acme, with the same content and links: one whose wallet core is mute."""
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


def test_a_mute_core_of_another_tenant(make_stage, mute):
    stage = make_stage(start=False)
    stage.start_redis()
    stage.start_sandbox()
    stage.configure()
    add_tenant(stage, mute)
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
