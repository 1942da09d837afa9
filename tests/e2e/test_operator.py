# SPDX-License-Identifier: Apache-2.0
"""Operators, with the command that they have: who may do what where, and what comes of it at the phone."""
import json
import subprocess

import pytest

from helpers import HOME, NAMES, OTHER_PIN, PIN, SENT, SIPHO, TEXTS, THANDI, cash_out, core_customer, open_stage, sign_up, \
    to_send_confirm, token_in, token_sms, wait_sms, withdrawals
from phone import Phone
from stage import http, until

WHY = "ticket 4711"
PEOPLE = {"ann": ["look", "act"], "ben": ["look", "approve"], "carl": ["look"], "dora": ["look", "act", "approve"]}


class Operator:
    """One who types `isango operator`."""

    def __init__(self, stage, name):
        self.stage, self.token_file = stage, stage.folder / f"{name}.token"

    def run(self, *arguments, reason=None, plain=False):
        url = f"http://127.0.0.1:{self.stage.gateway.listening()['operators']}"
        argv = [self.stage.build / "isango", "operator", "--url", url, "--token-file", self.token_file]
        argv += [] if plain else ["--json"]
        argv += ["--reason", reason] if reason else []
        return subprocess.run([*map(str, argv), *map(str, arguments)], capture_output=True, text=True, timeout=60,
                              check=False)

    def ask(self, *arguments, reason=None):
        """The answer of what must succeed."""
        done = self.run(*arguments, reason=reason)
        assert done.returncode == 0, (done.stdout, done.stderr)
        return json.loads(done.stdout)

    def refused(self, *arguments, reason=None):
        """The words to what must be refused."""
        done = self.run(*arguments, reason=reason)
        assert done.returncode == 1 and not done.stdout, (done.stdout, done.stderr)
        return done.stderr


@pytest.fixture
def manned(make_stage):
    """A stage with operators."""
    def edit(config, _tenant):
        config["listen"]["operators"] = "127.0.0.1:0"
        config["operators"] = [{"name": name, "token_sha256_file": f"{name}.token.sha256", "roles": roles,
                                "tenants": ["all"]} for name, roles in PEOPLE.items()]
    stage = make_stage(start=False, edit=edit)
    for name in PEOPLE:
        subprocess.run([stage.build / "isango", "keygen", "--token", stage.folder / f"{name}.token"], check=True)
        stage.secrets.add((stage.folder / f"{name}.token").read_text().strip())
    open_stage(stage)
    return stage


def as_transcript(stage, timeline):
    """What `isango transcript` makes of it, which must be a test that passes."""
    made = subprocess.run([stage.build / "isango", "transcript", "-c", stage.config], input=timeline, capture_output=True,
                          text=True, timeout=60, check=False)
    path = stage.folder / "live.txt"
    path.write_text(made.stdout)
    played = subprocess.run([stage.build / "isango", "test", "-c", stage.config, path], capture_output=True, text=True,
                            timeout=60, check=False)
    assert played.returncode == 0, (made.stdout, made.stderr, played.stdout)
    return made.stdout


def lock_out(phone):
    to_send_confirm(phone)
    for _ in range(3):
        phone.type(OTHER_PIN)
    assert not phone.open, phone.screen


def test_unlock(manned):
    core_customer(manned)
    phone = sign_up(manned)
    lock_out(phone)
    to_send_confirm(phone)
    assert phone.type(PIN).startswith("Too many wrong PINs.") and not phone.open
    assert Operator(manned, "ann").ask("acme", "unlock", "0821234567", reason=WHY)["outcome"] == "done"
    to_send_confirm(phone)
    assert SENT.match(phone.type(PIN))


def test_freeze_and_unfreeze(manned):
    """Shut by one, opened again by two."""
    core_customer(manned)
    phone = sign_up(manned)
    ann, ben = Operator(manned, "ann"), Operator(manned, "ben")
    to_send_confirm(phone)
    assert ann.ask("acme", "freeze", "+27 82 123 4567", reason=WHY)["outcome"] == "done"
    assert not SENT.match(phone.type(PIN)) and not phone.open
    frozen = phone.dial()
    assert "frozen" in frozen and "0800 123 456" in frozen and not phone.open, frozen
    asked = ann.ask("acme", "unfreeze", "0821234567", reason=WHY)
    assert asked["outcome"] == "asked"
    assert phone.dial() == frozen
    assert "role" in ann.refused("acme", "approve", asked["request"])
    assert [r["request"] for r in ben.ask("acme", "requests")["requests"]] == [asked["request"]]
    ben.ask("acme", "approve", asked["request"])
    assert phone.dial().endswith(HOME)


def test_what_cannot_be_read_is_set_aside(manned):
    """An open payment and the PIN's tries: the customer is cut off until two operators set them aside."""
    manned.expected_errors |= {"store damaged", "intent damaged", "due intent damaged"}
    core_customer(manned)
    phone = sign_up(manned)
    manned.faults({"where": "core", "match": {"method": "POST", "path": "withdrawals$"}, "do": "error", "status": 500, "times": 1})
    cash_out(phone)
    payment, = manned.redis_cli("--scan", "--pattern", "{p:*}int:*").split()
    tries, = manned.redis_cli("--scan", "--pattern", "{p:*}pin:*").split()
    manned.redis_cli("SETRANGE", payment, "0", "damaged " * 4)
    manned.redis_cli("SET", tries, "short")
    assert phone.dial() == TEXTS["error.session_lost"]
    ann, ben = Operator(manned, "ann"), Operator(manned, "ben")
    asked = ann.ask("acme", "set-aside", "0821234567", reason=WHY)
    assert [r.split()[0] for r in asked["records"]] == ["payment", "pin"]
    assert phone.dial() == TEXTS["error.session_lost"]
    assert ben.ask("acme", "approve", asked["request"])["records"] == asked["records"]
    assert len(manned.redis_cli("--scan", "--pattern", "{p:*}asd:*").split()) == 2
    # Nobody knows whether its token is out: it counts.
    assert ann.ask("acme", "phone", "0821234567")["limits"][0]["used"] == "100.00"
    to_send_confirm(phone)
    assert SENT.match(phone.type(PIN))
    assert "nothing is to be set aside" in ann.refused("acme", "set-aside", "0821234567", reason=WHY)


def test_nobody_approves_his_own(manned):
    dora = Operator(manned, "dora")
    sign_up(manned)
    dora.ask("acme", "freeze", "0821234567", reason=WHY)
    asked = dora.ask("acme", "unfreeze", "0821234567", reason=WHY)
    words = dora.refused("acme", "approve", asked["request"])
    assert "another" in words.lower(), words


def test_a_code_is_sent_again_and_cancelled(manned):
    phone = sign_up(manned)
    cash_out(phone)
    token = token_in(token_sms(phone))
    ann = Operator(manned, "ann")
    intent = ann.ask("acme", "phone", "0821234567")["payments"][0]["intent"]
    ann.ask("acme", "resend", "0821234567", intent, reason=WHY)
    assert token_in(token_sms(phone)) == token
    ann.ask("acme", "cancel", "0821234567", intent, reason=WHY)
    wait_sms(phone, "cancelled")
    assert [w["status"] for w in withdrawals(manned)] == ["CANCELLED"]


def test_the_timeline_says_no_secret(manned):
    phone = sign_up(manned)
    cash_out(phone)
    token = token_in(token_sms(phone))
    ann = Operator(manned, "ann")
    for text in (ann.run("acme", "phone", "0821234567").stdout, ann.run("acme", "phone", "0821234567", plain=True).stdout,
                 ann.run("acme", "audit").stdout):
        assert "2782***4567" in text
        for secret in (THANDI, "0821234567", PIN, token, *NAMES[THANDI]):
            assert secret not in text
    way = as_transcript(manned, ann.run("acme", "phone", "0821234567").stdout)
    assert "= confirm accepted\n= withdrawal done\n" in way
    for secret in (THANDI, "0821234567", "2782***4567", PIN, token, *NAMES[THANDI]):
        assert secret not in way
    seen = ann.ask("acme", "phone", "0821234567")
    assert [turn["state"] for turn in seen["turns"][:3]] == ["cash.done", "cash.confirm", "cash.amount"]
    until(lambda: {m["class"]: m.get("receipt") for m in ann.ask("acme", "phone", "0821234567")["payments"][0]["messages"]}
          .get("token") == "delivered", "the receipt to be seen")
    assert seen["limits"][0]["used"] == "100.00"


def test_every_act_stands_in_the_audit(manned):
    sign_up(manned)
    ann = Operator(manned, "ann")
    ann.ask("acme", "opt-out", "0821234567", reason=WHY)
    ann.ask("acme", "opt-in", "0821234567", reason="he asked us to")
    audit = ann.ask("acme", "audit", "10", "true")
    assert audit["chain"] == "whole"
    assert [(e["who"], e["act"], e["outcome"]) for e in audit["entries"]][:4] == [
        ("ann", "opt-in", "done"), ("ann", "opt-in", "asked"), ("ann", "opt-out", "done"), ("ann", "opt-out", "asked")]
    assert audit["entries"][3]["reason"] == WHY


def test_the_audit_outlives_a_restart(manned):
    sign_up(manned)
    ann = Operator(manned, "ann")
    ann.ask("acme", "freeze", "0821234567", reason=WHY)
    manned.gateway.kill()
    manned.start_gateway()
    assert [e["act"] for e in ann.ask("acme", "audit")["entries"]] == ["freeze", "freeze"]


@pytest.mark.parametrize("name, arguments, words", [
    ("carl", ("acme", "unlock", "0821234567"), "role"), ("ann", ("acme", "approve", "1"), "role"),
    ("ann", ("other", "phone", "0821234567"), "no such tenant"), ("ann", ("acme", "erase", "0821234567"), "no act"),
    ("ann", ("acme", "phone", "12"), "phone"), ("ann", ("acme", "phone"), "phone"),
    ("ann", ("acme", "persons", "0821234567"), "takes no"),
    ("ann", ("acme", "resend", "0821234567", "00000000-0000-4000-8000-000000000000"), "no such")])
def test_refused(manned, name, arguments, words):
    assert words in Operator(manned, name).refused(*arguments, reason=WHY).lower()


def test_without_a_reason(manned):
    assert "--reason" in Operator(manned, "ann").refused("acme", "freeze", "0821234567")


def test_me(manned):
    me = Operator(manned, "carl").ask("me")
    assert (me["name"], me["roles"], me["tenants"]) == ("carl", ["look"], ["acme"])
    assert [act["act"] for act in me["acts"]] == ["persons", "phone", "requests", "audit"]


@pytest.mark.parametrize("token", [None, "", "Bearer ", "Bearer wrong", "Basic YW5uOg==", "sha256"])
def test_a_stranger(manned, token):
    port = manned.gateway.listening()["operators"]
    if token == "sha256":       # who has read the configuration has no token
        token = "Bearer " + (manned.folder / "ann.token.sha256").read_text().strip()
    for method, path in (("GET", "/operator/v1"), ("POST", "/operator/v1/acme/persons"), ("GET", "/")):
        status, text = http(method, f"http://127.0.0.1:{port}{path}", b"{}" if method == "POST" else None,
                            {} if token is None else {"Authorization": token})
        assert status == 401 and "knows no operator" in text and "acme" not in text
    assert manned.gateway.metric("isango_operator_strangers_total") == 3


def test_acts_are_not_on_the_other_listeners(manned):
    token = (manned.folder / "ann.token").read_text().strip()
    ports = manned.gateway.listening()
    for name in ("channels", "admin"):
        assert http("POST", f"http://127.0.0.1:{ports[name]}/operator/v1/acme/persons", b"{}",
                    {"Authorization": f"Bearer {token}"})[0] in (404, 405)


def test_bad_requests(manned):
    port = manned.gateway.listening()["operators"]
    token = (manned.folder / "ann.token").read_text().strip()
    for method, path, body, expected in (
            ("GET", "/operator/v1/acme/persons", None, 405), ("POST", "/operator/v1/acme", b"{}", 404),
            ("POST", "/operator/v1/acme/persons/x", b"{}", 404), ("POST", "/operator/v1/acme/freeze", b"[1", 400),
            ("POST", "/operator/v1/acme/freeze", b'{"phone":"0821234567","reason":"because","x":1}', 400)):
        status, text = http(method, f"http://127.0.0.1:{port}{path}", body, {"Authorization": f"Bearer {token}"})
        assert status == expected and json.loads(text)["words"], (path, text)


def test_a_token_is_made_once(manned):
    done = subprocess.run([manned.build / "isango", "keygen", "--token", manned.folder / "ann.token"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "exists" in done.stderr
