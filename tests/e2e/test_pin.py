# SPDX-License-Identifier: Apache-2.0
"""PINs that live long: a new key, a change without an answer, a forgotten one, another SIM."""
import re
import subprocess
import time

import pytest

from helpers import (HOME, ID_NUMBERS, OTHER_PIN, PIN, SIPHO, THANDI, core_customer, open_stage, sign_up, to_send_confirm,
                     wait_sms)
from phone import Phone
from rogue import SUBMIT, Rogue, deliver, tlv
from stage import until

CODE, IMSI_TAG = "*120*384#", 0x1402
PUT = {"where": "core", "match": {"method": "PUT", "path": "identities"}}


def restart(stage, *keys):
    """With these keys, the newest first."""
    files = {}
    for key in keys:
        files[key] = "acme.pin.key" if key == 1 else f"acme.pin{key}.key"
        if not (stage.folder / files[key]).exists():
            subprocess.run([stage.build / "isango", "keygen", stage.folder / files[key], str(key)], check=True)

    def edit(_config, tenant):
        del tenant["wallet_core"]["pin_key_file"]
        tenant["wallet_core"]["pin_keys"] = [{"id": key, "file": f"../{files[key]}"} for key in keys]
        tenant["wallet_core"].update(stage.core_options)
    stage.edit = edit
    stage.configure()
    assert stage.stop_gateways() == [0]
    stage.start_gateway()
    until(stage.gateway.linked, "the links")


def test_a_key_gets_a_file_and_a_number_of_its_own(make_stage, tmp_path):
    isango = make_stage(start=False).build / "isango"

    def keygen(*arguments):
        return subprocess.run([isango, "keygen", *arguments], capture_output=True, text=True, check=False).returncode
    key = tmp_path / "pin7.key"
    assert keygen(key, "7") == 0 and re.fullmatch("7 [0-9a-f]{64}\n", key.read_text())
    before = key.read_text()
    assert keygen(key, "8") == 1 and keygen(tmp_path / "x", "0") != 0 and keygen(tmp_path / "x", "256") != 0
    assert key.read_text() == before and not (tmp_path / "x").exists()


def local(_config, tenant):
    tenant["wallet_core"].update(pin_check="local", acts_as="tenant")


@pytest.mark.parametrize("edit", [None, local], ids=["login", "local"])
def test_a_new_key_takes_over_unseen(make_stage, edit):
    stage = make_stage(edit=edit)
    stage.core_options = {} if edit is None else {"pin_check": "local", "acts_as": "tenant"}
    phone = sign_up(stage)
    restart(stage, 2, 1)
    phone.dial()
    assert phone.walk("1", OTHER_PIN).startswith("Wrong PIN. Tries left: 2.")
    assert phone.type(PIN).startswith("You have R1 000.00.")
    until(lambda: stage.gateway.metric("isango_pin_rotated_total") == 1, "the new key")
    # Who has the new one needs the old one no more.
    restart(stage, 2)
    phone.dial()
    assert phone.walk("1", PIN).startswith("You have R1 000.00.")
    # A key that is missing is not the customer's fault.
    stage.expected_errors.add("pin key missing")
    restart(stage, 3)
    phone.dial()
    assert phone.walk("1", PIN) == \
        "Your PIN cannot be checked here now. Nothing was paid. Please call 0800 123 456." and not phone.open
    assert stage.gateway.metric("isango_pin_key_missing_total") == 1
    restart(stage, 3, 2)
    phone.dial()
    assert phone.walk("1", OTHER_PIN).startswith("Wrong PIN. Tries left: 2.")
    assert phone.type(PIN).startswith("You have R1 000.00.")


@pytest.mark.parametrize("fault", ["drop_before", "lose_answer", "garbage"])
def test_a_change_without_an_answer_is_sent_again(stage, fault):
    phone = sign_up(stage)
    phone.dial()
    phone.walk("7", "1", PIN, OTHER_PIN)
    stage.faults({**PUT, "do": fault, "times": 1})
    screen = phone.type(OTHER_PIN)
    if screen.startswith("We are not sure if your PIN was changed."):
        wait_sms(phone, "Your new PIN is in force.")
    else:
        assert screen.startswith("Your PIN was changed.\n" + HOME)
    phone.dial()
    assert phone.walk("1", PIN).startswith("Wrong PIN. Tries left: 2.")
    assert phone.type(OTHER_PIN).startswith("You have R1 000.00.")


def test_a_change_while_the_core_is_away(stage):
    phone = sign_up(stage)
    phone.dial()
    phone.walk("7", "1", PIN, OTHER_PIN)
    stage.faults({**PUT, "do": "error", "status": 503})
    assert phone.type(OTHER_PIN).startswith("We are not sure if your PIN was changed.")
    # The old one is still the right one, and to try the new one first costs nothing.
    phone.dial()
    for _ in range(4):
        assert phone.walk("1", OTHER_PIN).startswith("Wrong PIN. Tries left: 3.")
        phone.dial()
    assert phone.walk("1", PIN).startswith("You have R1 000.00.")
    stage.no_faults()
    wait_sms(phone, "Your new PIN is in force.", 40)
    phone.dial()
    assert phone.walk("1", OTHER_PIN).startswith("You have R1 000.00.")


def test_news_of_a_payment_come_before_going_on(make_stage):
    def impatient(config, tenant):
        config["turn_budget_ms"] = 1500
        tenant["wallet_core"]["timeout_money_ms"] = 1000
    stage = make_stage(edit=impatient)
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    stage.faults({"where": "core", "do": "no_answer", "match": {"method": "POST", "path": "transfers$"}},
                 {"where": "core", "do": "error", "status": 503, "match": {"method": "GET", "path": "transactions"}})
    assert "still working on it" in phone.type(PIN)
    assert "is being checked" in phone.dial()
    phone.walk("7", "4", ID_NUMBERS[THANDI])
    assert phone.screen.startswith("Type the code from the SMS.")
    phone.hang_up()
    assert "is being checked" in phone.dial()           # nothing is offered meanwhile
    phone.walk("7", "4", ID_NUMBERS[THANDI])
    phone.hang_up()
    stage.no_faults()
    wait_sms(phone, "You sent R50.00", 40)
    assert "went through" in phone.dial()
    assert "were not finished" not in phone.screen
    assert stage.gateway.metric("isango_resumes_offered_total") == 0


def test_a_forgotten_pin(stage):
    phone = sign_up(stage)
    phone.dial()
    assert phone.walk("7", "4").startswith("We check who you are first. Type your 13-digit ID number:")
    assert phone.type(ID_NUMBERS[SIPHO]).startswith("That is not the ID number of this wallet.")
    assert phone.type(ID_NUMBERS[THANDI]).startswith("Type the code from the SMS.")
    code = re.search(r"code is (\d{6})", phone.sms()).group(1)
    wrong = f"{(int(code) + 1) % 1000000:06}"
    phone.hang_up()                     # to read it
    assert phone.dial().startswith("You were not finished here.")
    assert phone.type("1").startswith("Type the code from the SMS.")
    assert phone.type(wrong).startswith("That code is not right.")
    assert phone.type(code).startswith("You can set a new PIN from ") and not phone.open
    wait_sms(phone, "A new PIN for you was asked for.")
    phone.dial()
    assert phone.walk("7", "4", ID_NUMBERS[THANDI]).startswith("You can set a new PIN from ")
    # The right PIN ends it.
    phone.dial()
    assert phone.walk("1", PIN).startswith("You have R1 000.00.")
    assert stage.gateway.metric("isango_pin_resets_cancelled_total") == 1
    phone.dial()
    assert phone.walk("7", "4", ID_NUMBERS[THANDI]).startswith("Too many tries.")


@pytest.fixture
def smsc():
    rogue = Rogue()
    yield rogue
    rogue.close()


def with_imsi(config, _tenant):
    config["binds"][0].update(reconnect_s=[1, 1])
    config["binds"][0]["ussd"] = {"dialect": "its", "imsi_tlv": IMSI_TAG}


def test_another_sim(make_stage, smsc):
    stage = make_stage(edit=with_imsi, smsc_port=smsc.port)
    core_customer(stage, THANDI)
    until(smsc.newest, "a link")
    turns = iter(range(1, 100))

    def say(text, imsi, session, op):
        before, turn = len(smsc.pdus), next(turns)
        smsc.newest().send(deliver(90 + turn, THANDI, CODE, text, "USSD", tlvs=tlv(0x0501, bytes([op])) + tlv(
            0x1383, bytes([session, turn << 1])) + tlv(IMSI_TAG, imsi)))
        return smsc.wait(SUBMIT, after=before).submit()[1]

    old, new = b"655010000000001", b"655010000000002"
    assert "Choose your language" in say(CODE, old, 1, 1)
    assert "no PIN yet" in say("1", old, 1, 2)
    assert "no PIN yet" in say(CODE, old, 2, 1)
    assert "no PIN yet" in say(CODE, new, 3, 1)
    assert "ID number" in say("1", new, 3, 2)
    screen = say(ID_NUMBERS[THANDI], new, 3, 2)
    assert screen.startswith("Your SIM was changed. To protect you this works again after ")
    assert stage.gateway.metric("isango_sim_changed_total") == stage.gateway.metric("isango_sim_refused_total") == 1
    stage.secrets |= {old.decode(), new.decode()}


def test_the_operator_says_so(make_stage):
    def fed(config, _tenant):
        config["sim_changes_file"] = "sims"
    stage = make_stage(edit=fed, start=False)
    sims = stage.folder / "sims"
    sims.write_text("# phone and time\n")
    open_stage(stage)
    core_customer(stage, THANDI)
    phone = Phone(stage, THANDI)
    assert phone.dial().startswith("Choose your language:")
    with sims.open("a") as feed:
        feed.write("nonsense\n" + time.strftime(f"{THANDI} %Y-%m-%dT%H:%M:%SZ\n{SIPHO}", time.gmtime()))
    metric = stage.gateway.metric
    until(lambda: metric("isango_sim_changed_total") == 1, "the change to be read")
    assert metric("isango_sim_lines_bad_total") == 1
    assert phone.walk("1", "1", ID_NUMBERS[THANDI]).startswith("Your SIM was changed.")
    # Rotated: the new file is read from its beginning, and what is known already is no change.
    (stage.folder / "sims.new").write_text(time.strftime(f"{SIPHO} %Y-%m-%dT%H:%M:%SZ\n", time.gmtime()))
    (stage.folder / "sims.new").rename(sims)
    until(lambda: metric("isango_sim_changed_total") == 2, "the new file to be read")
