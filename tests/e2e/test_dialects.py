# SPDX-License-Identifier: Apache-2.0
"""
USSD over HTTP in every dialect, the sandbox being each provider: the same customer's story over SMPP and over each of
them, screen by screen. One gateway serves all, with a channel for each; the sandbox takes only replies that the
provider would take.
"""
import json
import subprocess

import pytest

from conftest import Stages
from forwarder import Forwarder
from helpers import PIN, SIPHO, core_customer, debits, open_stage
from phone import Phone
from stage import until

# How each channel asks for a proof, so that each way is somewhere.
DIALECTS = {"africastalking": "url", "infobip": "header", "aat-vodacom": "url", "channelmobile": "basic",
            "mtn-madapi": "header", "safaricom": "header", "hubtel": "hmac", "arkesel": "url", "nalo": "basic",
            "nsano": "hmac", "korba-txtghana": "url", "json": "hmac"}
CODE = "*167*5#"             # Safaricom sends what is behind the first part as the first answer
TELL_THE_END = {"africastalking", "infobip", "mtn-madapi", "hubtel", "json"}
# What comes twice is known everywhere; in the others only where it matters.
REPEATS_SHOW = {"africastalking", "safaricom", "aat-vodacom", "channelmobile", "hubtel", "json"}
NO_END = {"channelmobile"}      # its provider has no word for it: the phone may always type on
KEYS = {dialect: f"key-of-{dialect}-0123456789" for dialect in DIALECTS}
NAMES = {"url": None, "header": "x-api-key", "basic": "provider", "hmac": "X-Signature"}
OPTIONS = {"url": {"key_file": "{}"}, "header": {"header_name": NAMES["header"], "header_key_file": "{}"},
           "basic": {"basic_user": NAMES["basic"], "basic_password_file": "{}"},
           "hmac": {"hmac_header": NAMES["hmac"], "hmac_key_file": "{}"}}


def luhn(digits):
    total = sum(sum(divmod(int(d) * (1 + n % 2), 10)) for n, d in enumerate(reversed(digits + "0")))
    return digits + str(-total % 10)


class Customer(Phone):
    def __init__(self, stage, via, other=0):
        """other: a second one of the same channel."""
        self.n = other * 1000 + ["smpp", *DIALECTS].index(via)
        super().__init__(stage, f"2782555{self.n:04d}", via)
        self.seen = []

    def _show(self, verb, body):
        screen = super()._show(verb, body)
        self.seen.append(screen)
        return screen

    def call(self):
        return self.dial("*120*384#" if self.via == "smpp" else CODE)

    def over(self):
        """The dialogue has ended, as far as the provider can know."""
        return not self.open or self.via in NO_END


def set_aggregator(stage, dialect, **changes):
    stage.control("POST", "/control/aggregator", {"dialect": dialect, **changes})


@pytest.fixture(scope="module", name="stage")
def one_for_all():
    stages, front = Stages(), Forwarder(None)

    def channels(config, tenant):
        config["public_url"] = f"http://127.0.0.1:{front.port}/"
        for dialect, proof in DIALECTS.items():
            options = {name: value.format(f"../{dialect}.key") for name, value in OPTIONS[proof].items()}
            tenant["channels"].append({"name": dialect, "kind": "ussd-http", "dialect": dialect,
                                       "service_codes": [CODE], **options})
    try:
        made = stages(start=False, edit=channels)
        made.secrets |= set(KEYS.values())
        for dialect, key in KEYS.items():
            made.secret(f"{dialect}.key", key)
            made.sandbox_arguments += [
                "--aggregator-key", f"{dialect}={made.folder / dialect}.key",
                "--aggregator-proof", f"{dialect}={DIALECTS[dialect]}:{NAMES[DIALECTS[dialect]] or 'key'}",
                "--aggregator", f"{dialect}=http://127.0.0.1:1/ussd/{dialect}"]
        open_stage(made)
        core_customer(made)
        front.point(made.gateway.listening()["channels"])
        for dialect in DIALECTS:
            made.aggregator_to(made.gateway, dialect, dialect)
        yield made
        stages.look(made)
    finally:
        front.close()
        for made in stages.made:
            made.keep = False
            made.kill()


@pytest.fixture(autouse=True)
def replies_as_they_must_be(stage):
    before = stage.state()["violations_n"]
    yield
    assert stage.state()["violations"][before:] == []


def story(stage, via):
    """Signs up, asks for the balance, pays; every screen on the way. What is delivered again is answered the same."""
    customer = Customer(stage, via)
    customer.call()
    customer.walk("1", "1", "Thandi")
    customer.hang_up()
    assert customer.call().startswith("You were not finished here.")
    customer.walk("1", "Mokoena", "1", luhn(f"800101{5000 + customer.n}08"), "1", PIN, PIN)
    customer.hang_up()
    stage.top_up("1000.00", phone=customer.msisdn)
    customer.call()
    assert "R1 000.00" in customer.walk("1", PIN)
    customer.hang_up()
    before = len(debits(stage))
    customer.call()
    customer.walk("2", "0" + SIPHO[2:], "5*0")          # no amount, and no two answers
    customer.type("50")
    assert customer.repeat() == customer.seen[-2]
    assert "Enter your PIN to pay" in customer.screen
    assert customer.type(PIN).startswith("Done: R50.00 sent to") and customer.over()
    assert customer.repeat() == customer.seen[-2]
    assert len(debits(stage)) == before + 1
    return customer.seen


@pytest.fixture(scope="module")
def over_smpp(stage):
    return story(stage, "smpp")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_same_story(stage, over_smpp, dialect):
    assert story(stage, dialect) == over_smpp
    counts = stage.state()["aggregators"][dialect]
    assert counts["posts"] >= len(over_smpp) and counts["events_failed"] == 0
    assert (counts["events"] > 0) == (dialect in TELL_THE_END)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dial_is_such_a_provider(stage, dialect):
    """isango dial, straight to the channel; a star is part of an answer, and what comes twice is done once."""
    config = json.loads(stage.config.read_text())
    config["listen"]["channels"] = f"127.0.0.1:{stage.gateway.listening()['channels']}"
    known = stage.folder / "known.json"
    known.write_text(json.dumps(config))
    customer = Customer(stage, dialect, other=3)
    twice = ["--profile", "repeating"] if dialect in REPEATS_SHOW else []
    done = subprocess.run([stage.build / "isango", "dial", "-c", known, "--channel", dialect, CODE, "--from",
                           customer.msisdn, *twice], input="1\n1\nThan*di\nThandi\n", capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.returncode == 0 and "| Type your surname:" in done.stdout, done.stdout + done.stderr
    assert customer.call().startswith("You were not finished here.")
    assert customer.walk("1").startswith("Type your surname:")
    customer.hang_up()


@pytest.mark.parametrize("dialect", sorted(TELL_THE_END))
def test_a_timeout_is_told(stage, dialect):
    """In the provider's own way, and the gateway takes it; the customer goes on where the time was over."""
    before = stage.state()["aggregators"][dialect]
    customer = Customer(stage, dialect, other=1)
    customer.call()
    asked = customer.walk("1", "1", "Thandi")
    customer.attempt("timeout")
    assert customer.call().startswith("You were not finished here.") and customer.walk("1") == asked
    customer.hang_up()
    until(lambda: stage.state()["aggregators"][dialect]["events"] == before["events"] + 2, "both ends")
    assert stage.state()["aggregators"][dialect]["events_failed"] == 0


@pytest.mark.parametrize("dialect", ["africastalking", "mtn-madapi", "nalo"])
def test_an_answer_that_is_late(stage, dialect):
    """The provider has given up: the phone shows nothing, and its next call is a new dialogue."""
    customer = Customer(stage, dialect, other=4)
    customer.call()
    before = stage.state()["aggregators"][dialect]
    stage.faults({"where": "core", "do": "delay", "ms": 400},
                 {"where": "aggregator", "do": "delay", "ms": 100, "match": {"path": customer.msisdn}, "times": 1})
    status, answer = customer.attempt("type", text="1")
    stage.no_faults()
    assert status == 502 and answer["error"], answer
    assert not customer.attempt("screen")[1].get("open")
    until(lambda: stage.state()["aggregators"][dialect]["events"] == before["events"] + (dialect in TELL_THE_END),
          "the end to be told")
    assert customer.call() and customer.open
    customer.hang_up()


@pytest.mark.parametrize("dialect", ["africastalking", "infobip", "channelmobile", "json"])
def test_without_the_right_proof(stage, dialect):
    customer = Customer(stage, dialect, other=2)
    for wrong in ({"key": "key-of-somebody-else-00"}, {"key": ""}, {"key": KEYS[dialect], "proof": "none"}):
        set_aggregator(stage, dialect, **wrong)
        status, answer = customer.attempt("dial", code=CODE, via=dialect)
        assert (status, answer) == (502, {"error": "the gateway answered with an error"})
    set_aggregator(stage, dialect, key=KEYS[dialect], proof=DIALECTS[dialect])
    assert customer.call()
    customer.hang_up()
