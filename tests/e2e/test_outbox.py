# SPDX-License-Identifier: Apache-2.0
"""Two SMSCs (Net::SMPP, smsc.pl): messages go over the second route when the first one refuses or says that they failed."""
import subprocess

import pytest

from helpers import THANDI, PIN, TOKEN, withdrawals
from stage import until
from test_smsc import Smsc, sign_up, text_of

RSYSERR = 8


@pytest.fixture
def smsc(record):
    peer = Smsc(record)
    yield peer
    peer.close()


@pytest.fixture
def other(record):
    """The SMSC of the first route; the second one's carries USSD too."""
    peer = Smsc(record)
    yield peer
    peer.close()


@pytest.fixture
def stage(make_stage, smsc, other):
    def two_binds(config, tenant):
        config["binds"].append({**config["binds"][0], "name": "other", "port": other.port,
                                "receipt_ids": {"response": "hex", "text": "decimal"}})
        config["binds"][1].pop("ussd", None)
        config["message_tries"] = 2
        tenant["channels"].append({"name": "sms-other", "kind": "sms-smpp", "bind": "other", "sender": "ACME"})
        for name in ("token", "result"):
            tenant["routes"][name].insert(0, "sms-other")
    made = make_stage(edit=two_binds, smsc_port=smsc.port)
    for peer in (smsc, other):
        assert peer.wait("bind")["good"] == "1"
    return made


def cash_out(phone):
    for text in ("3", "1", "1", "100"):
        phone.type(text)
    assert phone.type(PIN).startswith("Done: the code for R100.00")


def token_from(peer, seconds=15, **like):
    while True:
        sent = peer.wait("submit_sm", seconds=seconds, to=THANDI, op="", **like)
        if TOKEN.search(text_of(sent)):
            return sent


def test_refused_once(stage, smsc, other):
    other.order(f"refuse {RSYSERR} 1")
    sign_up(stage, smsc)
    first, again = (other.wait("submit_sm", to=THANDI) for _ in range(2))
    assert first["status"] == str(RSYSERR) and again["status"] == "0" and first["text"] == again["text"]


def test_refused_each_time(stage, smsc, other):
    phone = sign_up(stage, smsc)
    other.order(f"refuse {RSYSERR} 1000")
    cash_out(phone)
    for _ in range(2):
        assert token_from(other)["status"] == str(RSYSERR)
    sent = token_from(smsc)
    assert sent["status"] == "0" and withdrawals(stage)[0]["token"] in text_of(sent).replace(" ", "")
    until(lambda: stage.gateway.metric("isango_messages_rerouted_total") >= 1, "the new route to count")


def test_failed_by_receipt_in_decimal(stage, smsc, other):
    """Its SMSC gives ids in hex and names them in decimal; the failure takes the same token over the other one."""
    phone = sign_up(stage, smsc)
    cash_out(phone)
    sent = token_from(other)
    failed = f"receipt {int(sent['id'], 16):010d} UNDELIV {THANDI} ACME"
    assert other.deliver(failed) == "0"
    again = token_from(smsc)
    assert again["text"] == sent["text"]
    # It comes twice, then the other one arrives: one more message would be one too many, and nobody is alarmed.
    assert other.deliver(failed) == "0"
    delivered = stage.gateway.metric("isango_messages_delivered_total")
    assert smsc.deliver(f"receipt {again['id']} DELIVRD {THANDI} ACME") == "0"
    until(lambda: stage.gateway.metric("isango_messages_delivered_total") == delivered + 1, "the receipt to count")
    assert stage.gateway.metric("isango_messages_rerouted_total") == 1
    assert stage.gateway.metric("isango_dead_tokens_total") == 0


def outbox(stage, *arguments):
    config = next(a for a in stage.gateway.popen.args if a.endswith(".json"))
    return subprocess.run([stage.build / "isango", "outbox", "-c", config, *arguments], capture_output=True, text=True,
                          timeout=20, check=False)


def test_what_operators_see(stage, smsc, other):
    """A message that failed on both routes, and a receipt of no message: shown without what is nobody's business."""
    stage.expected_errors.add("token undelivered")
    phone = sign_up(stage, smsc)
    cash_out(phone)
    assert other.deliver(f"receipt {int(token_from(other)['id'], 16):010d} UNDELIV {THANDI} ACME") == "0"
    assert smsc.deliver(f"receipt {token_from(smsc)['id']} REJECTD {THANDI} ACME") == "0"
    assert other.deliver(f"receipt 0012345678 UNDELIV {THANDI} ACME") == "0"
    until(lambda: stage.gateway.metric("isango_dead_tokens_total") == 1, "the token to be given up", seconds=40)
    until(lambda: stage.gateway.metric("isango_receipts_unmatched_total") == 1, "the receipt to be given up", seconds=40)
    dead = outbox(stage, "dead", "--class", "token")
    assert dead.returncode == 0, dead.stderr
    line = dead.stdout.splitlines()[1]
    assert len(dead.stdout.splitlines()) == 2 and " token " in line and " failed " in line and " other " not in line
    assert f"{THANDI[:4]}***{THANDI[-4:]}" in line and "receipt REJECTD" in line
    for secret in (THANDI, withdrawals(stage)[0]["token"], "code"):
        assert secret not in dead.stdout
    assert len(outbox(stage, "dead", "--class", "notice").stdout.splitlines()) == 1
    assert len(outbox(stage, "dead", "--limit", "1").stdout.splitlines()) == 2
    until(lambda: len(outbox(stage, "receipts", "other").stdout.splitlines()) == 2, "the receipt to be kept")
    shown = outbox(stage, "receipts", "other").stdout
    assert " UNDELIV " in shown and "12345678" not in shown and shown.rstrip().endswith(" 10")
    wrong = outbox(stage, "receipts", "nobody")
    assert wrong.returncode == 1 and "there are:" in wrong.stderr and "other" in wrong.stderr
    assert outbox(stage, "receipts").returncode == 2
