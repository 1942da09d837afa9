# SPDX-License-Identifier: Apache-2.0
"""Payments as a customer makes them, mistakes included: nothing is paid by accident, nothing twice."""
import re

import pytest

from helpers import (HOME, OTHER_PIN, PIN, SENT, SIPHO, THANDI, WITHDRAW, at_post, cash_out, core_customer, debits,
                     paid_once, sign_up, to_cash_confirm, to_send_confirm, token_in, token_sms, wait_sms, wallet,
                     withdrawals)
from phone import CODES, Phone
from stage import until

LOCKED = re.compile(r"Too many wrong PINs\. Nothing was paid\. Try again after \d\d:\d\d on \d+ [A-Z][a-z]{2}, or call ")


@pytest.fixture
def customer(stage):
    core_customer(stage)
    return sign_up(stage)


# ---- the PIN

@pytest.mark.parametrize("via", CODES)
def test_three_wrong_pins_lock_every_channel(stage, via):
    core_customer(stage)
    phone = sign_up(stage, via=via)
    to_send_confirm(phone)
    assert phone.type(OTHER_PIN).startswith("Wrong PIN. Tries left: 2.")
    assert phone.type(OTHER_PIN).startswith("Wrong PIN. Tries left: 1.")
    assert LOCKED.match(phone.type(OTHER_PIN)) and not phone.open
    other = Phone(stage, THANDI, "http" if via == "smpp" else "smpp")
    for dialling in (phone, other):
        to_send_confirm(dialling)
        assert LOCKED.match(dialling.type(PIN)) and not dialling.open
        dialling.dial()
        assert LOCKED.match(dialling.walk("1", PIN))
    assert debits(stage) == []


def test_tries_are_counted_over_channels_and_a_right_pin_forgives(stage, customer):
    other = Phone(stage, THANDI, "http")
    customer.dial()
    assert customer.walk("1", OTHER_PIN).startswith("Wrong PIN. Tries left: 2.")
    other.dial()
    assert other.walk("1", OTHER_PIN).startswith("Wrong PIN. Tries left: 1.")
    assert other.type(PIN).startswith("You have R1 000.00.")
    other.dial()
    assert other.walk("1", OTHER_PIN).startswith("Wrong PIN. Tries left: 2.")


def test_another_pin(stage, customer):
    customer.dial()
    customer.walk("7", "1", PIN, OTHER_PIN)
    assert customer.type(OTHER_PIN) == "Your PIN was changed.\n" + HOME
    customer.hang_up()
    customer.dial()
    assert customer.walk("1", PIN).startswith("Wrong PIN.")
    assert customer.type(OTHER_PIN).startswith("You have R1 000.00.")


def test_a_menu_digit_pays_nothing(stage, customer):
    to_send_confirm(customer)
    assert customer.type("1").startswith(("A PIN has", "Wrong PIN"))
    assert debits(stage) == []


# ---- sending

@pytest.mark.parametrize("how", ["0", "00", "hang up", "dial again"])
@pytest.mark.parametrize("via", CODES)
def test_leaving_the_confirm_screen_pays_nothing(stage, via, how):
    core_customer(stage)
    phone = sign_up(stage, via=via)
    to_send_confirm(phone)
    if how == "hang up":
        phone.hang_up()
    elif how == "dial again":
        assert phone.dial() == HOME
    else:
        assert phone.type(how).startswith("Cancelled. Nothing was paid.\n" + HOME)
    assert debits(stage) == [] and wallet(stage, THANDI)["balance"] == "1000.00"
    # Nothing is left open by it.
    to_send_confirm(phone)
    assert SENT.match(phone.type(PIN))
    paid_once(stage, "50.00")


def test_who_may_be_paid(stage, customer):
    customer.dial()
    assert customer.walk("2", "0831112222").startswith("That number has no wallet here.")
    assert customer.type("0821234567").startswith("That is your own number.")
    assert customer.type("12").startswith("That is not a phone number.")
    stage.control("POST", "/control/bar", {"phone": SIPHO})
    assert customer.type("0837654321").startswith("That wallet cannot get money now.")


def test_amounts(stage, customer):
    customer.dial()
    customer.walk("2", "0837654321")
    for bad, words in (("x", "Type an amount like"), ("0.50", "The least is R1.00."), ("5000.01", "The most is R5 000.00."),
                       ("1.500", "Type an amount like"), ("2000", "There is not enough money in your wallet."),
                       ("999.01", "There is not enough money in your wallet.")):
        assert customer.type(bad).startswith(words), bad
    # To the last cent, with the fee of one rand.
    customer.type("999.00")
    assert customer.type(PIN).startswith("Done: R999.00 sent to S*** D***")
    assert wallet(stage, THANDI)["balance"] == "0.00" and wallet(stage, SIPHO)["balance"] == "999.00"


def test_the_same_payment_again_is_asked_about(stage, customer):
    to_send_confirm(customer)
    assert SENT.match(customer.type(PIN))
    customer.dial()
    screen = customer.walk("2", "0837654321", "50")
    assert screen.startswith("You sent R50.00 to S*** D*** at ") and "Send again?" in screen
    customer.walk("1")
    assert SENT.match(customer.type(PIN))
    assert [d["count"] for d in debits(stage)] == [1, 1]


def test_payer_and_payee_are_told(stage, customer):
    to_send_confirm(customer)
    customer.type(PIN)
    assert customer.sms() == "Acme Wallet: You sent R50.00 to S*** D*** 083 765 4321. Fee R1.00."
    assert Phone(stage, SIPHO).sms() == "Acme Wallet: You got R50.00 from 2782***4567. It is in your wallet."
    customer.dial()
    assert customer.walk("5", PIN).startswith("Choose one to see more:")
    assert "-R50.00" in customer.screen


@pytest.mark.parametrize("whom", [{"phone": THANDI}, "wallet"])
@pytest.mark.parametrize("via", CODES)
def test_a_barred_customer(stage, via, whom):
    core_customer(stage)
    phone = sign_up(stage, via=via)
    to_send_confirm(phone)
    stage.control("POST", "/control/bar", whom if whom != "wallet" else {"walletId": wallet(stage, THANDI)["walletId"]})
    screen = phone.type(PIN)
    assert "Nothing was paid." in screen and not phone.open
    assert phone.dial() == "Your wallet is blocked. Please call 0800 123 456." and not phone.open
    assert debits(stage) == []


# ---- repeats

def test_a_repeated_post_gets_the_same_answer(stage):
    core_customer(stage)
    sign_up(stage, via="http")
    gateway, history = stage.gateway, ""
    for text in ("", "2", "0837654321", "50", PIN):
        history = f"{history}*{text}".lstrip("*")
        first = at_post(gateway, history)
        assert first[0] == 200 and first == at_post(gateway, history) == at_post(gateway, history)
    assert first[1].startswith("END Done: R50.00 sent to")
    paid_once(stage, "50.00")
    assert gateway.metric("isango_turns_repeated_total") == 10


def test_a_repeat_while_the_first_is_under_way(stage):
    core_customer(stage)
    phone = sign_up(stage, via="http")
    to_send_confirm(phone)
    stage.faults({"where": "core", "do": "delay", "ms": 700, "match": {"method": "POST", "path": "transfers$"}})
    status, _ = phone.attempt("type", text=PIN, wait_ms=100)
    assert status == 504
    assert SENT.match(phone.repeat())
    paid_once(stage, "50.00")


def test_smpp_delivers_again(stage, customer):
    """The network never saw our answer: the same deliver_sm with the same sequence comes once more."""
    to_send_confirm(customer)
    screen = customer.type(PIN)
    assert SENT.match(screen)
    assert customer.repeat() == screen and customer.repeat() == screen
    paid_once(stage, "50.00")


def test_a_repeated_menu_digit(stage, customer):
    first = customer.dial()
    assert customer.repeat() == first
    screen = customer.type("2")
    assert customer.repeat() == screen and screen.startswith("Send money to which phone number?")


# ---- cashing out

@pytest.mark.parametrize("via", CODES)
@pytest.mark.parametrize("kind, words, left", [("1", "Cash Express ATM, choose Cardless", "892.00"),
                                               ("2", "At any Pick n Pay till", "895.00")])
def test_a_token_by_sms(stage, via, kind, words, left):
    phone = sign_up(stage, via=via)
    assert cash_out(phone, kind=kind).startswith("Done: the code for R100.00 goes by SMS to 082 123 4567.")
    text = token_sms(phone)
    made = withdrawals(stage)
    assert words in text and [w["token"] for w in made] == [token_in(text)]
    # One part, and what is spent is spent when it is used.
    assert {m["parts"] for m in phone.inbox()} == {1}
    assert wallet(stage, THANDI)["balance"] == "1000.00"
    stage.control("POST", "/control/redeem", {"token": token_in(text)})
    assert wallet(stage, THANDI)["balance"] == left


def test_amounts_of_cash(stage, customer):
    customer.dial()
    customer.walk("3", "1", "1")
    for bad, words in (("40", "The least is R50.00."), ("3050", "The most is R3 000.00."),
                       ("123.45", "It must be in steps of R50.00."), ("1000", "There is not enough money in your wallet.")):
        assert customer.type(bad).startswith(words), bad
    assert customer.type("950").startswith("Cash R950.00 + R8.00 fee")


def test_tokens_that_are_out_cannot_be_spent_again(stage, customer):
    cash_out(customer, "900")
    token_sms(customer)
    customer.dial()
    assert customer.walk("1", PIN).startswith("You have R1 000.00. Codes not used yet will take R908.00 of it.")
    customer.hang_up()
    customer.dial()
    assert customer.walk("2", "0837654321", "100").startswith("There is not enough money in your wallet.")
    customer.hang_up()
    customer.dial()
    assert customer.walk("3", "1", "1", "100").startswith("There is not enough money in your wallet.")


def test_a_token_for_another_phone(stage, customer):
    customer.dial()
    assert customer.walk("3", "1", "2", "0837654321", "0837654322").startswith("The two numbers differ.")
    customer.type("0837654321")
    customer.type("100")
    assert "code to 083 765 4321" in customer.screen
    assert customer.type(PIN).startswith("Done: the code for R100.00 goes by SMS to 083 765 4321.")
    other = Phone(stage, SIPHO)
    text = other.sms()
    assert text.startswith("Acme Wallet: R100.00 from 2782***4567. Code ") and "Sender can cancel until used." in text
    assert withdrawals(stage)[0]["token"] == token_in(text)
    assert "was sent to 083 765 4321." in customer.sms()
    assert all(token_in(m["text"]) is None for m in customer.inbox())


def test_a_code_is_sent_again_and_cancelled(stage, customer):
    cash_out(customer, other=SIPHO)
    other = Phone(stage, SIPHO)
    token = token_in(token_sms(other))
    customer.dial()
    customer.walk("4", PIN)
    assert customer.screen.startswith("Codes not used yet:\n1. R100.00 083 765 4321")
    customer.walk("1", "1")
    assert customer.screen.startswith("The code was sent again by SMS.\n" + HOME)
    assert token_in(token_sms(other)) == token
    customer.walk("4", "1", "2")
    assert customer.screen.startswith("Cancel the code for R100.00?")
    assert customer.type("1").startswith("The code was cancelled.\n" + HOME)
    assert [w["status"] for w in withdrawals(stage)] == ["CANCELLED"]
    assert "It no longer works." in wait_sms(other, "was cancelled")
    assert customer.walk("4").startswith("You have no open codes.")


def test_a_code_is_sent_again_so_often(stage, customer):
    cash_out(customer, other=SIPHO)
    other = Phone(stage, SIPHO)
    token = token_in(token_sms(other))
    customer.dial()
    customer.walk("4", PIN)
    for _ in range(3):
        assert customer.walk("1", "1").startswith("The code was sent again by SMS.")
        assert token_in(token_sms(other)) == token
        customer.walk("4")
    assert customer.walk("1", "1").startswith("The code was sent too often.")
    assert stage.gateway.metric("isango_tokens_resent_total") == 3
    assert len([m for m in other.inbox() if token_in(m["text"])]) == 4


def test_a_cancelled_code_is_not_sent_again(stage, customer):
    """Cancelled on another channel while its own menu is open here."""
    cash_out(customer)
    token_sms(customer)
    customer.dial()
    customer.walk("4", PIN, "1")
    history = ""
    for text in ("", "4", PIN, "1", "2", "1"):
        history = f"{history}*{text}".lstrip("*")
        _, screen = at_post(stage.gateway, history)
    assert screen.startswith("CON The code was cancelled.")
    assert customer.type("1").startswith("The code could not be sent now.")
    wait_sms(customer, "was cancelled")
    assert len([m for m in customer.inbox() if token_in(m["text"])]) == 1


def test_a_used_code_cannot_be_cancelled(stage, customer):
    cash_out(customer)
    text = token_sms(customer)
    customer.dial()
    customer.walk("4", PIN, "1", "2")
    stage.control("POST", "/control/redeem", {"token": token_in(text)})
    assert customer.type("1").startswith("The code can no longer be cancelled.")


def test_a_code_is_sent_again_three_times_at_most(stage, customer):
    cash_out(customer)
    token_sms(customer)
    customer.dial()
    customer.walk("4", PIN)
    for _ in range(3):
        customer.walk("1", "1")
        assert customer.screen.startswith("The code was sent again"), customer.screen
        customer.walk("4")
    assert customer.walk("1", "1").startswith("The code was sent too often.")
    sent = {token_in(m["text"]) for m in until(lambda: len(customer.inbox()) >= 5 and customer.inbox(), "5 SMS")}
    assert len(sent - {None}) == 1


# ---- the limit

@pytest.fixture
def full_month(stage):
    """Thandi's phone got R23 950.00 this month; the employer's codes count like her own."""
    phone = sign_up(stage, balance="9000.00")
    for n in range(8):
        amount = 2950 if n == 7 else 3000
        status, answer = stage.integrator("POST", f"/tenants/5987/wallets/{stage.wallet_id}/withdrawals",
                                          {**WITHDRAW, "amount": amount, "deliverToPhone": THANDI,
                                           "externalUniqueId": f"month-{n}"})
        assert status == 200, answer
    return phone


def test_the_last_cent_of_the_month(stage, full_month):
    phone = full_month
    phone.dial()
    assert phone.walk("6", PIN).startswith("This phone can still get codes for R50.00 this month.")
    assert cash_out(phone, "60", kind="2").startswith("Nothing was paid. This phone can still get codes for R50.00")
    assert cash_out(phone, "50", kind="2").startswith("Done: the code for R50.00")
    assert cash_out(phone, "100").startswith("Nothing was paid. This phone can still get codes for R0.00")
    total = sum(float(w["amount"]) for w in withdrawals(stage))
    assert total == 24000.00


def test_what_is_cancelled_is_given_back(stage, full_month):
    phone = full_month
    assert cash_out(phone, "50").startswith("Done")
    phone.dial()
    phone.walk("4", PIN, "1", "2")
    assert phone.type("1").startswith("The code was cancelled.")
    assert cash_out(phone, "60", kind="2").startswith("Nothing was paid.")
    phone.dial()
    assert phone.walk("6", PIN).startswith("This phone can still get codes for R50.00 this month.")


def test_what_another_phone_may_get_is_not_told(stage, full_month):
    assert full_month.open is False
    other = sign_up(stage, SIPHO)
    to_cash_confirm(other, "100", other=THANDI)
    assert other.type(PIN) == "Nothing was paid. This code for another phone cannot be made now."
    assert len(withdrawals(stage, owner=SIPHO)) == 0
