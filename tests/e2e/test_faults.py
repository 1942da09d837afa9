# SPDX-License-Identifier: Apache-2.0
"""A wallet core that fails: the customer hears the truth, and no payment is made twice or lost from sight."""
import pytest

from helpers import (HOME, INTEGRATOR_PATH, PIN, SENT, SIPHO, TEXTS, THANDI, WITHDRAW, cash_out, core_customer, debits,
                     paid_once, sign_up, to_cash_confirm, to_send_confirm, token_in, token_sms, wait_sms, wallet,
                     withdrawals)
from phone import CODES, Phone
from stage import until

TRANSFER = {"where": "core", "match": {"method": "POST", "path": "transfers$"}}
CASH = {"where": "core", "match": {"method": "POST", "path": "withdrawals$"}}
LATER = "We are still working on it. The result comes by SMS."
TRY_AGAIN = TEXTS["error.try_again"]
UNPAID = TEXTS["error.unpaid"]


def impatient(_config, tenant):
    """Timers of a gateway that nobody has to wait long for."""
    _config["turn_budget_ms"] = 1500
    tenant["wallet_core"]["timeout_money_ms"] = 1000
    tenant["wallet_core"]["timeout_read_ms"] = 600


@pytest.mark.parametrize("via", CODES)
@pytest.mark.parametrize("fault", ["lose_answer", "garbage"])
def test_the_answer_to_a_payment_is_lost(make_stage, via, fault):
    stage = make_stage(edit=impatient)
    core_customer(stage)
    phone = sign_up(stage, via=via)
    to_send_confirm(phone)
    stage.faults({**TRANSFER, "do": fault, "times": 1})
    screen = phone.type(PIN)
    assert SENT.match(screen) or screen.startswith(LATER)
    wait_sms(phone, "You sent R50.00 to S*** D***")
    paid_once(stage, "50.00")
    assert wallet(stage, THANDI)["balance"] == "949.00"


def test_no_answer_to_a_payment(make_stage):
    stage = make_stage(edit=impatient)
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    stage.faults({**TRANSFER, "do": "no_answer", "times": 1})
    assert phone.type(PIN).startswith(LATER) and not phone.open
    wait_sms(phone, "You sent R50.00 to S*** D***")
    paid_once(stage, "50.00")
    # Told by SMS and once at the next dial, the time only.
    notice = phone.dial()
    assert notice.startswith("Your payment of ") and "went through.\n" + HOME in notice and "R50" not in notice
    phone.hang_up()
    assert phone.dial() == HOME


def test_a_payment_that_may_not_have_been_made(make_stage):
    stage = make_stage(edit=impatient)
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    stage.faults({**TRANSFER, "do": "error", "status": 500, "times": 1})
    assert phone.type(PIN).startswith(LATER)
    screen = phone.dial()
    assert screen.startswith("Your payment of ") and "is being checked.\n" + HOME in screen
    # Nothing else is paid before that is known.
    assert phone.walk("2").startswith("Your last payment is not finished yet.")
    assert debits(stage) == []
    assert phone.new_sms() == []


def test_a_refusal_is_told(stage):
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    stage.faults({**TRANSFER, "do": "error", "status": 400, "times": 1, "body": [
        {"type": "BUSINESS", "severity": "LOW", "code": "WAL009", "description": "Insufficient funds"}]})
    screen = phone.type(PIN)
    assert screen.startswith("There is not enough money in your wallet. Try less.\nNothing was paid.") and not phone.open
    assert "was not sent. There is not enough money in your wallet. Try less. No money left your wallet." in phone.sms()
    assert debits(stage) == []


def test_the_token_comes_although_the_answer_was_lost(make_stage):
    stage = make_stage(edit=impatient)
    phone = sign_up(stage)
    to_cash_confirm(phone)
    stage.faults({**CASH, "do": "lose_answer", "times": 1})
    phone.type(PIN)
    text = token_sms(phone)
    assert [(w["token"], w["status"]) for w in withdrawals(stage)] == [(token_in(text), "PENDING")]


def test_a_token_that_never_reached_us_is_cancelled(make_stage):
    """The core made it, the answer was lost, and it does not say the token again."""
    stage = make_stage(edit=impatient, sandbox=["--set", "token_on_read=0"])
    phone = sign_up(stage)
    to_cash_confirm(phone)
    stage.faults({**CASH, "do": "lose_answer", "times": 1})
    phone.type(PIN)
    text = wait_sms(phone, "No code for R100.00 was made.")
    assert "No money left your wallet." in text
    assert [w["status"] for w in withdrawals(stage)] == ["CANCELLED"]
    # Its part of the month is given back.
    phone.dial()
    assert phone.walk("6", PIN).startswith("This phone can still get codes for R24 000.00 this month.")


def test_the_login_expires(make_stage):
    stage = make_stage(sandbox=["--jwt-life-s", "2"])
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    stage.control("POST", "/control/time", {"advance_ms": 4000})
    assert SENT.match(phone.type(PIN))
    paid_once(stage, "50.00")


@pytest.mark.parametrize("how", [{"do": "error", "status": 503}, {"do": "drop_before"}, {"do": "garbage"}])
@pytest.mark.parametrize("via", CODES)
def test_the_core_is_down_and_comes_back(make_stage, how, via):
    stage = make_stage(edit=impatient)
    phone = sign_up(stage, via=via)
    stage.faults({"where": "core", **how})
    assert phone.dial() == TRY_AGAIN and not phone.open
    stage.no_faults()
    assert until(lambda: phone.dial() == HOME, "the core to be asked again")
    assert phone.walk("1", PIN).startswith("You have R1 000.00.")


def test_the_core_goes_down_in_a_dialogue(make_stage):
    stage = make_stage(edit=impatient)
    core_customer(stage)
    phone = sign_up(stage)
    phone.dial()
    phone.walk("2")
    stage.faults({"where": "core", "do": "no_answer"})
    assert phone.type("0837654321") == UNPAID and not phone.open
    stage.no_faults()
    until(lambda: phone.dial() == HOME, "the core to be asked again")
    to_send_confirm(phone)
    stage.faults({"where": "core", "do": "error", "status": 503, "match": {"path": "authentication/login"}})
    assert phone.type(PIN) == "We could not check your PIN. Nothing was paid. Please try again later."
    stage.no_faults()
    # It was no wrong try.
    to_send_confirm(phone)
    assert phone.type("13971").startswith("Wrong PIN. Tries left: 2.")
    assert debits(stage) == []


def test_everything_is_away_at_the_start(make_stage):
    """/readyz says what is missing, and it comes up by itself once all is there."""
    stage = make_stage(start=False, edit=impatient)
    stage.start_redis()
    stage.start_sandbox()
    ports = stage.sandbox_ports
    stage.configure()
    stage.sandbox.kill()
    gateway = stage.start_gateway(wait=False)
    until(gateway.listening, "isango serve to listen")
    status, missing = gateway.admin("/readyz")
    assert status == 503 and "wallet core of acme" in missing and "bind mno: no link is bound" in missing
    assert gateway.admin("/healthz")[0] == 200
    stage.start_sandbox("--listen-core", f"127.0.0.1:{ports['core_port']}", "--listen-smpp",
                        f"127.0.0.1:{ports['smpp_port']}")
    until(gateway.ready, "all to be there")
    phone = Phone(stage, THANDI)
    assert phone.dial().startswith("Choose your language:")


def test_everything_goes_away_and_comes_back(make_stage):
    stage = make_stage(edit=impatient)
    gateway, ports = stage.gateway, stage.sandbox_ports
    phone = Phone(stage, THANDI)
    phone.dial()
    phone.walk("1", "1", "Thandi")
    stage.sandbox.kill()
    until(lambda: "bind mno: no link is bound" in gateway.missing(), "/readyz to say so")
    stage.start_sandbox("--listen-core", f"127.0.0.1:{ports['core_port']}", "--listen-smpp",
                        f"127.0.0.1:{ports['smpp_port']}")
    until(gateway.ready, "all to be there")
    assert until(lambda: phone.attempt("dial", code=CODES["smpp"], via="smpp")[1].get("screen"), "a screen") \
        .startswith("You were not finished here.")
    assert phone.type("1").startswith("Type your surname:")


def test_an_sms_waits_for_its_link(make_stage):
    """The SMSC refuses for a while; the token is sent once it takes messages again."""
    stage = make_stage()
    phone = sign_up(stage, via="http")
    stage.faults({"where": "smsc", "do": "error", "status": 0x58, "times": 2, "match": {"method": "submit_sm"}})
    cash_out(phone)
    text = token_sms(phone, 30)
    assert withdrawals(stage)[0]["token"] == token_in(text)


def test_an_integrators_order_with_a_lost_answer(make_stage):
    stage = make_stage(edit=impatient)
    stage.faults({**CASH, "do": "lose_answer", "times": 1})
    status, answer = stage.integrator("POST", INTEGRATOR_PATH, WITHDRAW)
    assert status == 200 and answer["status"] == "PENDING", answer
    assert len(withdrawals(stage)) == 1
    token_sms(Phone(stage, SIPHO))
