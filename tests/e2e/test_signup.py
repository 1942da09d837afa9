# SPDX-License-Identifier: Apache-2.0
"""Becoming a customer: sign-up, activation, language."""
import re

import pytest

from crowd import SECOND_MS, pass_time
from helpers import (EMPLOYER, HOME, ID_NUMBERS, NAMES, OTHER_PIN, PIN, SIPHO, THANDI, core_customer, sign_up, to_send_confirm,
                     wallet, wait_sms)
from phone import CODES, Phone


@pytest.mark.parametrize("via", CODES)
@pytest.mark.parametrize("answers, then", [
    (["1", "1"], "Type your first name:"),
    (["1", "1", "Thandi"], "Type your surname:"),
    (["1", "1", "Thandi", "Mokoena"], "What do you have?"),
    (["1", "1", "Thandi", "Mokoena", "1", ID_NUMBERS[THANDI]], "Acme Wallet keeps your details"),
    (["1", "1", "Thandi", "Mokoena", "1", ID_NUMBERS[THANDI], "1", PIN], "Choose a new PIN"),
])
def test_a_dropped_sign_up_goes_on(stage, via, answers, then):
    phone = Phone(stage, THANDI, via)
    phone.dial()
    phone.walk(*answers)
    phone.hang_up()
    assert phone.dial() == "You were not finished here.\n1. Go on\n2. Start again"
    phone.hang_up()
    phone.dial()                # asked once more, and for the same
    assert phone.type("7").startswith("Choose a number from the list.\nYou were not finished here.")
    assert phone.type("1").startswith(then)
    rest = {"Type your first name:": ["Thandi", "Mokoena", "1", ID_NUMBERS[THANDI], "1"],
            "Type your surname:": ["Mokoena", "1", ID_NUMBERS[THANDI], "1"],
            "What do you have?": ["1", ID_NUMBERS[THANDI], "1"], "Acme Wallet keeps your details": ["1"],
            "Choose a new PIN": []}[then]
    assert phone.walk(*rest, PIN, PIN) == "Your wallet is open.\n" + HOME
    customers = [c for c in stage.state()["customers"] if c["phone"] == THANDI]
    assert [(c["firstName"], c["lastName"], c["nationalIdentityNumber"]) for c in customers] == \
        [("Thandi", "Mokoena", ID_NUMBERS[THANDI])]


@pytest.mark.parametrize("no", ["2", "0", "00"])
def test_a_dropped_sign_up_begins_anew(stage, no):
    phone = Phone(stage, THANDI)
    phone.dial()
    phone.walk("1", "1", "Sipho")
    phone.hang_up()
    phone.dial()
    assert phone.type(no).startswith("Welcome to Acme Wallet.")
    phone.walk("1", *NAMES[THANDI], "1", ID_NUMBERS[THANDI], "1", PIN, PIN)
    assert phone.screen == "Your wallet is open.\n" + HOME
    assert [c["firstName"] for c in stage.state()["customers"] if c["phone"] == THANDI] == ["Thandi"]


def test_wrong_answers_are_asked_again(stage):
    phone = Phone(stage, THANDI)
    assert phone.dial().startswith("Choose your language:")
    assert phone.type("9").startswith("Choose a number from the list.\nChoose your language:")
    phone.walk("1", "1")
    assert phone.type("4").startswith("Use letters only")
    phone.walk("Thandi", "Mokoena", "1")
    for bad in ("8001015009086", "8013015009087", "123", "x"):
        assert phone.type(bad).startswith("That is not a valid ID number.")
    phone.walk(ID_NUMBERS[THANDI], "1")
    for weak in ("11111", "12345", "54321"):
        assert phone.type(weak).startswith("That PIN is too easy to guess.")
    assert phone.type("1234").startswith("A PIN has 5 digits.")
    phone.type(PIN)
    assert phone.type(OTHER_PIN).startswith("The two PINs differ.")
    assert phone.type(PIN) == "Your wallet is open.\n" + HOME


def test_back_and_home(stage):
    phone = Phone(stage, THANDI)
    phone.dial()
    phone.walk("1", "1", "Thandi")
    assert phone.type("0").startswith("Type your first name:")
    assert phone.type("00").startswith("Welcome to Acme Wallet.")


def test_the_same_id_twice(stage):
    sign_up(stage)
    other = Phone(stage, SIPHO)
    other.dial()
    assert other.walk("1", "1", "Sipho", "Dlamini", "1", ID_NUMBERS[THANDI]) == \
        "Someone has already signed up with this ID or passport. Please call 0800 123 456."
    assert not other.open


def test_nobody_tries_many_ids(stage):
    """That an ID is taken says that it is a customer's: ten are looked at in a day."""
    sign_up(stage)
    other = Phone(stage, SIPHO)
    other.dial()
    other.type("1")
    for tries in range(11):
        screen = other.walk("1", "Sipho", "Dlamini", "1", ID_NUMBERS[THANDI])
        assert screen.startswith("Someone has already signed up" if tries < 10 else "We could not finish."), (tries, screen)
        other.dial()


def test_a_passport(stage):
    phone = Phone(stage, THANDI)
    phone.dial()
    phone.walk("1", "1", "Thandi", "Mokoena", "2", "A01234567")
    assert phone.screen.startswith("Type your date of birth")
    assert phone.type("31021990").startswith("That is not a date.")
    assert phone.walk("24031990", "1", PIN, PIN) == "Your wallet is open.\n" + HOME
    customer = next(c for c in stage.state()["customers"] if c["phone"] == THANDI)
    assert customer["passportNumber"] == "A01234567"


def test_an_id_that_is_refused(stage):
    """0666 in the number fails the check of the sandbox's wallet core."""
    phone = Phone(stage, THANDI)
    phone.dial()
    screen = phone.walk("1", "1", "Thandi", "Mokoena", "1", "8001010666089", "1", PIN, PIN)
    assert screen.startswith("We could not open a wallet with these details.") and not phone.open


def test_no_terms_no_wallet(stage):
    phone = Phone(stage, THANDI)
    phone.dial()
    screen = phone.walk("1", "1", "Thandi", "Mokoena", "1", ID_NUMBERS[THANDI], "2")
    assert screen == "No wallet was opened. Dial *120*384# any time." and not phone.open
    assert not [c for c in stage.state()["customers"] if c["phone"] == THANDI]


@pytest.mark.parametrize("what", ["POST .*/customers$", "identities", "ratify", "wallets$"])
@pytest.mark.parametrize("fault", ["lose_answer", "error"])
def test_a_sign_up_with_faults_makes_one_customer(make_stage, what, fault):
    """Whoever's answer was lost is told to wait for an SMS; a create without an answer is sent again after 15 minutes only."""
    stage = make_stage(clock=True)
    method, _, path = what.rpartition(" ")
    rule = {"where": "core", "do": fault, "status": 500, "times": 1, "match": {"method": method or "POST", "path": path}}
    phone = Phone(stage, THANDI)
    phone.dial()
    phone.walk("1", "1", "Thandi", "Mokoena", "1", ID_NUMBERS[THANDI], "1", PIN)
    stage.faults(rule)
    screen = phone.type(PIN)
    assert screen.endswith(HOME) or screen.startswith("We are still opening your wallet."), screen
    stage.no_faults()
    if not screen.endswith(HOME):
        pass_time(stage, 16 * 60 * SECOND_MS)
    wait_sms(phone, "Your wallet is open.")
    assert phone.dial().endswith(HOME), phone.screen
    customers = [c for c in stage.state()["customers"] if c["phone"] == THANDI]
    assert len(customers) == 1 and len(customers[0]["wallets"]) == 1
    assert phone.walk("1", PIN).startswith("You have R0.00.")


@pytest.mark.parametrize("via", CODES)
@pytest.mark.parametrize("choice, welcome", [("2", "Siyakwamukela ku-Acme Wallet."), ("3", "Welkom by Acme Wallet."),
                                             ("4", "Wamkelekile kwi-Acme Wallet."), ("7", "O amogetswe mo go Acme Wallet.")])
def test_another_language_is_remembered(stage, via, choice, welcome):
    phone = Phone(stage, SIPHO, via)
    phone.dial()
    assert phone.type(choice).startswith(welcome)
    phone.hang_up()
    assert phone.dial().startswith(welcome)
    phone.walk("2")
    assert phone.type("1").startswith("Your language is now English.")
    phone.hang_up()
    assert phone.dial().startswith("Welcome to Acme Wallet.")


def test_sms_in_the_language_of_the_customer(stage):
    phone = sign_up(stage, language="3")
    core_customer(stage)
    to = phone.dial()
    assert to.startswith("Acme Wallet\n1. Balans")
    phone.walk("2", "0837654321", "50", PIN)
    assert "R50,00" in phone.screen and not phone.open
    text = phone.sms()
    assert "R50,00" in text and "You sent" not in text


def test_a_walk_in_sesotho(stage):
    """From the choice by digit to money sent, typed as it is shown in one language or another, and a code."""
    phone = sign_up(stage, language="5")
    core_customer(stage)
    assert phone.dial().startswith("Acme Wallet\n1. Balanse\n2. Romela tjhelete")
    for refused in ("1.500", "1,500", "1 50"):
        assert phone.walk(*(() if "kgutlo" in phone.screen else ("2", "0837654321")), refused).startswith(
            "Ngola jwaloka 1500 kapa 1500.50. Diketeng o se kenye kgutlo kapa khoma.")
    assert phone.type("R 1 050,50").startswith("Tjhelete e waleteng ya hao ha e a lekana.")
    assert phone.type("R50,50").startswith("Romela R50.50 + R1.00 ya tefiso ho S*** D*** 083 765 4321.")
    assert phone.type(PIN).startswith("Ho entswe: R50.50 e rometswe ho S*** D***")
    assert "O rometse R50.50 ho S*** D*** 083 765 4321. Tefiso R1.00." in phone.sms()
    phone.dial()
    assert phone.walk("3", "1", "1", "100", PIN).startswith("Ho entswe: khoutu ya R100.00")
    token = wait_sms(phone, "Cardless")
    assert "O se bolelle motho" in token and len(token) <= 160


def activation_code(phone):
    return re.search(r"Your code is (\d{6})", wait_sms(phone, "Your code is"))[1]


@pytest.mark.parametrize("via", CODES)
def test_activation_of_a_customer_of_the_core(stage, via):
    core_customer(stage, balance="100.00")
    phone = Phone(stage, SIPHO, via)
    phone.dial()
    assert phone.type("1").startswith("You have a wallet at Acme Wallet, but no PIN yet.")
    phone.walk("1")
    assert phone.type(ID_NUMBERS[EMPLOYER]).startswith("That is not the ID number of this wallet.")
    assert phone.type(ID_NUMBERS[SIPHO]).startswith("Type the code from the SMS.")
    code = activation_code(phone)
    stage.secrets.add(code)
    phone.hang_up()
    assert phone.dial().startswith("You were not finished here.")
    assert phone.type("1").startswith("Type the code from the SMS.")
    wrong = "000000" if code != "000000" else "111111"
    phone.walk(wrong, PIN, PIN)
    assert phone.screen.startswith("That code is not right.")
    phone.walk(code, PIN, PIN)
    assert phone.screen == "Your PIN is set.\n" + HOME
    assert phone.walk("1", PIN).startswith("You have R100.00.")


def test_little_can_be_paid_after_an_activation(make_stage):
    def careful(_config, tenant):
        tenant["activated_cap"] = "200.00"
    stage = make_stage(edit=careful)
    core_customer(stage, balance="1000.00")
    stage.customer(THANDI, firstName="Thandi", lastName="Mokoena")
    phone = Phone(stage, SIPHO)
    phone.dial()
    phone.walk("1", "1", ID_NUMBERS[SIPHO])
    code = activation_code(phone)
    phone.walk(code, PIN, PIN)
    phone.walk("2", "0821234567", "250")
    assert "Nothing was paid." in phone.screen and not phone.open
    to_send_confirm(phone, THANDI, "150")
    assert phone.type(PIN).startswith("Done: R150.00")
    assert wallet(stage, SIPHO)["balance"] == "849.00"
