# SPDX-License-Identifier: Apache-2.0
"""Other ways to run: who sends the token, where the PIN is checked, whose login pays; and what is measured."""
import re

import pytest

from helpers import (HOME, INTEGRATOR_PATH, OTHER_PIN, PIN, SENT, SIPHO, THANDI, TEXTS, WITHDRAW, cash_out, core_customer,
                     debits, paid_once, sign_up, to_send_confirm, token_in, wait_sms, wallet, withdrawals)
from phone import CODES, Phone
from stage import SOURCE, until


def core_sends(_config, tenant):
    tenant["wallet_core"]["token_sms"] = "wallet_core"
    tenant["integrators"][0]["token_sms"] = "wallet_core"


def test_the_wallet_core_sends_the_token(make_stage):
    stage = make_stage(edit=core_sends)
    phone = sign_up(stage)
    assert cash_out(phone).startswith("Done: the code for R100.00 goes by SMS to 082 123 4567.")
    assert [w["deliverToPhone"] for w in withdrawals(stage)] == [THANDI]
    wait_sms(phone, "The cash-out code for R100.00 was sent to 082 123 4567.")
    status, _ = stage.integrator("POST", INTEGRATOR_PATH, WITHDRAW)
    assert status == 200 and withdrawals(stage)[-1]["deliverToPhone"] == SIPHO
    # No token of ours is on the way.
    assert all(token_in(m["text"]) is None for m in phone.inbox() + Phone(stage, SIPHO).inbox())


def local(_config, tenant):
    tenant["wallet_core"]["pin_check"] = "local"
    tenant["wallet_core"]["acts_as"] = "tenant"


@pytest.mark.parametrize("via", CODES)
def test_the_pin_is_checked_here(make_stage, via):
    stage = make_stage(edit=local)
    core_customer(stage)
    phone = sign_up(stage, via=via)
    phone.dial()
    assert phone.walk("1", OTHER_PIN).startswith("Wrong PIN. Tries left: 2.")
    assert phone.type(PIN).startswith("You have R1 000.00.")
    phone.hang_up()
    to_send_confirm(phone)
    assert phone.type(OTHER_PIN).startswith("Wrong PIN. Tries left: 2.")
    assert SENT.match(phone.type(PIN))
    paid_once(stage, "50.00")
    phone.dial()
    phone.walk("7", "1", PIN, OTHER_PIN)
    assert phone.type(OTHER_PIN).startswith("Your PIN was changed.\n" + HOME)
    assert cash_out(phone, pin=OTHER_PIN).startswith("Done")


def test_the_tenant_acts(make_stage):
    def tenant_acts(_config, tenant):
        tenant["wallet_core"]["acts_as"] = "tenant"
    stage = make_stage(edit=tenant_acts)
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    assert SENT.match(phone.type(PIN))
    paid_once(stage, "50.00")


def test_without_sms_of_results(make_stage):
    def silent(_config, tenant):
        tenant["result_sms"] = False
    stage = make_stage(edit=silent)
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    assert SENT.match(phone.type(PIN))
    wait_sms(Phone(stage, SIPHO), "You got R50.00")
    assert not [m for m in phone.inbox() if "You sent" in m["text"]]


def test_a_core_that_reserves(make_stage):
    def reserves(_config, tenant):
        tenant["wallet_core"]["reserves_at_create"] = True
    stage = make_stage(edit=reserves, sandbox=["--set", "reserve_at_create=1"])
    core_customer(stage)
    phone = sign_up(stage)
    assert cash_out(phone, "900").startswith("Done")
    phone.dial()
    assert phone.walk("2", "0837654321", "100").startswith("There is not enough money in your wallet.")
    assert wallet(stage, THANDI)["available"] == "92.00" and debits(stage) == []


def test_names_and_help(stage):
    phone = sign_up(stage)
    phone.dial()
    assert phone.walk("7", "3").startswith("Acme Wallet: call 0800 123 456.")
    assert phone.type("0").startswith("More") and phone.type("0") == HOME
    assert phone.walk("6", PIN).startswith("This phone can still get codes for R24 000.00 this month.")


def test_no_screen_is_longer_than_its_channel(make_stage):
    def narrow(_config, tenant):
        tenant["channels"][0]["max_septets"] = 100
    stage = make_stage(edit=narrow)
    phone = Phone(stage, THANDI)
    phone.dial()
    screens = [phone.screen]
    for text in ("1", "3"):
        screens.append(phone.type(text))
    while "98" in phone.screen:
        screens.append(phone.type("98"))
    assert all(len(screen) <= 100 for screen in screens), screens
    words = " ".join(screens).replace("\n", " ")
    assert all(part in words for part in TEXTS["help.text"].split("{")[0].split(" "))


# ---- what is measured

def test_metrics(stage):
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    phone.type(PIN)
    status, text = stage.gateway.admin("/metrics")
    assert status == 200
    names = re.findall(r"^# TYPE (\w+) (?:counter|gauge)$", text, re.M)
    declared = re.findall(r'"(isango_\w+)"', (SOURCE / "src" / "base" / "metric_names.h").read_text())
    assert sorted(names) == sorted(declared) and len(set(names)) == len(names)
    metric = stage.gateway.metric
    assert metric("isango_turns_total") >= 14 and metric("isango_intents_done_total") == 1
    assert metric("isango_intents_shown_total") == metric("isango_intents_accepted_total") == 1
    assert metric("isango_smpp_links_bound") == 1
    until(lambda: metric("isango_messages_delivered_total") == 3, "three delivered SMS")
    assert metric("isango_store_damaged_total") == 0 and metric("isango_turns_failed_total") == 0
    assert THANDI not in text


def test_pages_of_the_admin_listener(stage):
    admin = stage.gateway.admin
    assert admin("/healthz") == (200, "ok\n")
    assert admin("/readyz") == (200, "ready\n")
    assert admin("/")[0] == admin("/ussd/acme-ussd-at")[0] == admin("/metricsx")[0] == 404
