# SPDX-License-Identifier: Apache-2.0
"""Processes that die, stop, are told to read again, or are two: what was said stays true."""
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from helpers import (HOME, INTEGRATOR_PATH, PIN, SENT, SIPHO, THANDI, WITHDRAW, at_post, core_customer, debits, paid_once,
                     sign_up, to_cash_confirm, to_send_confirm, token_in, token_sms, wait_sms, wallet, withdrawals)
from phone import CODES, Phone
from stage import until

SLOW = {"where": "core", "do": "delay", "ms": 1500, "times": 1, "match": {"method": "POST", "path": "transfers$"}}


def impatient(config, tenant):
    config["turn_budget_ms"] = 1500
    tenant["wallet_core"]["timeout_money_ms"] = 1000


def type_in_background(phone, text):
    pool = concurrent.futures.ThreadPoolExecutor(1)
    return pool.submit(phone.attempt, "type", text=text)


def test_another_process_finishes_what_a_killed_one_began(make_stage):
    """The core has done both, a transfer and a withdrawal, when the process dies, and nobody has heard the answers."""
    stage = make_stage(edit=impatient)
    payer, casher = sign_up(stage), sign_up(stage, SIPHO)
    to_send_confirm(payer)
    to_cash_confirm(casher)
    stage.faults({"where": "core", "do": "no_answer", "times": 2,
                  "match": {"method": "POST", "path": "(transfers|withdrawals)$"}})
    type_in_background(payer, PIN)
    type_in_background(casher, PIN)
    until(lambda: debits(stage) and withdrawals(stage), "the core to do both")
    stage.gateway.kill()
    stage.start_gateway()
    wait_sms(payer, "You sent R50.00 to S*** D***", 40)
    text = token_sms(casher, 40)
    paid_once(stage, "50.00")
    assert [(w["token"], w["status"]) for w in withdrawals(stage)] == [(token_in(text), "PENDING")]
    assert "went through" in payer.dial() and "went through" in casher.dial()


@pytest.mark.parametrize("when", [0, 0.002, 0.004, 0.006, 0.01, 0.02])
def test_killed_at_any_instant_of_a_payment(make_stage, when):
    """Whenever it dies: paid once and told so, or not paid at all; never in between."""
    stage = make_stage(edit=impatient)
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    type_in_background(phone, PIN)
    end = time.monotonic() + when
    while time.monotonic() < end:
        pass
    stage.gateway.kill()
    gateway = stage.start_gateway()
    # Once the payment is known another one can be made. Where it died between saving the attempt and sending it, nobody can
    # know for a quarter of an hour that the core will never hear of it: then it is being checked, and nothing is paid.
    restarted = time.monotonic()
    until(lambda: phone.dial().endswith(HOME) and
          ("is being checked" not in phone.screen or (not debits(stage) and time.monotonic() - restarted > 15)),
          "the payment to be settled, or to be asked for", 40)
    if "is being checked" in phone.screen:
        assert debits(stage) == []
        return
    screen = phone.walk("2", "0837654321", "50")
    before = debits(stage)
    assert [d["count"] for d in before] in ([], [1])
    assert ("You sent R50.00" in screen) == bool(before)
    if before:
        phone.walk("1")
    assert SENT.match(phone.type(PIN)), phone.screen
    assert [d["count"] for d in debits(stage)] == [1] * (len(before) + 1)
    assert wallet(stage, THANDI)["balance"] == f"{1000 - 51 * (len(before) + 1)}.00"
    assert gateway.alive()


def test_two_processes_share_a_dialogue(make_stage):
    stage = make_stage()
    core_customer(stage)
    sign_up(stage, via="http")
    first, second = stage.gateway, stage.start_gateway()
    history = ""
    for n, text in enumerate(("", "2", "0837654321", "50", PIN)):
        history = f"{history}*{text}".lstrip("*")
        one, other = (first, second) if n % 2 else (second, first)
        answer = at_post(one, history)
        assert answer[0] == 200 and at_post(other, history) == answer
    assert answer[1].startswith("END Done: R50.00")
    paid_once(stage, "50.00")


def test_the_same_confirm_at_two_processes_at_once(make_stage):
    stage = make_stage()
    core_customer(stage)
    sign_up(stage, via="http")
    gateways = [stage.gateway, stage.start_gateway()]
    history = ""
    for text in ("", "2", "0837654321", "50"):
        history = f"{history}*{text}".lstrip("*")
        at_post(gateways[0], history)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: at_post(gateways[n % 2], f"{history}*{PIN}"), range(6)))
    assert {status for status, _ in answers} == {200}
    assert all(text.startswith("END ") for _, text in answers), answers
    assert any(text.startswith("END Done: R50.00") for _, text in answers), answers
    paid_once(stage, "50.00")


def test_two_processes_on_one_smsc(make_stage):
    stage = make_stage()
    core_customer(stage)
    stage.start_gateway()
    phone = sign_up(stage)
    for _ in range(4):
        phone.dial()
        assert phone.walk("1", PIN).startswith("You have R1 000.00.")
    to_send_confirm(phone)
    assert SENT.match(phone.type(PIN))
    paid_once(stage, "50.00")
    assert stage.gateways[0].stop() == 0
    until(lambda: phone.attempt("dial", code=CODES["smpp"], via="smpp")[1].get("screen") == HOME, "the other process")


@pytest.mark.parametrize("via", CODES)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_answers_what_is_held(make_stage, via, number):
    stage = make_stage()
    core_customer(stage)
    phone = sign_up(stage, via=via)
    to_send_confirm(phone)
    stage.faults(SLOW)
    answer = type_in_background(phone, PIN)
    until(lambda: debits(stage), "the core to be asked")
    began = time.monotonic()
    stage.gateway.signal(number)
    status, shown = answer.result(20)
    assert status == 200 and SENT.match(shown["screen"]), shown
    assert stage.gateway.wait(10) == 0 and time.monotonic() - began < 10
    log = stage.gateway.log.read_text()
    assert "stopping" in log and "unbound" in log
    assert stage.state()["smsc"]["links"] == 0
    paid_once(stage, "50.00")


def test_a_stop_does_not_wait_for_ever(make_stage):
    def short(config, _tenant):
        config["drain_s"] = 3
    stage = make_stage(edit=short)
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    stage.faults({**SLOW, "do": "no_answer"})
    type_in_background(phone, PIN)
    until(lambda: debits(stage), "the core to be asked")
    stage.gateway.signal(signal.SIGTERM)
    assert stage.gateway.wait(10) == 0
    # And the next one finds what was left.
    stage.start_gateway()
    assert "is being checked" in phone.dial()


@pytest.mark.parametrize("what", ["integrator", "http"])
def test_a_stop_answers_what_it_cannot_wait_for(make_stage, what):
    """The core is mute when the process must end: each is answered in its own form, and nothing is claimed."""
    def short(config, _tenant):
        config["drain_s"] = 1
    stage = make_stage(edit=short)
    core_customer(stage)
    gateway = stage.gateway
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        if what == "integrator":
            stage.faults({"where": "core", "do": "no_answer", "match": {"method": "POST", "path": "withdrawals$"}})
            answer = pool.submit(stage.integrator, "POST", INTEGRATOR_PATH, WITHDRAW)
            until(lambda: withdrawals(stage), "the core to be asked")
        else:
            sign_up(stage, via="http")
            history = ""
            for text in ("", "2", "0837654321", "50"):
                history = f"{history}*{text}".lstrip("*")
                at_post(gateway, history)
            stage.faults({**SLOW, "do": "no_answer"})
            answer = pool.submit(at_post, gateway, f"{history}*{PIN}")
            until(lambda: debits(stage), "the core to be asked")
        gateway.signal(signal.SIGTERM)
        status, said = answer.result(20)
    assert gateway.wait(10) == 0
    if what == "integrator":
        assert (status, said[0]["type"]) == (500, "SYSTEM"), said
    else:
        assert status == 200 and said.startswith("END ") and not SENT.match(said[4:]), said


def test_an_answer_of_the_core_that_comes_late(make_stage):
    """
    The process that asked stands still meanwhile, and another one has taken the payment over; the core lists it to nobody
    and says no token again. The token is in that answer only, and reaches the customer.
    """
    def quick(config, _tenant):
        config["turn_budget_ms"] = 500
    stage = make_stage(sandbox=["--set", "token_on_read=0"], edit=quick)
    phone = sign_up(stage, via="http")
    other, asker = stage.gateway, stage.start_gateway()
    to_cash_confirm(phone)
    cash = {"where": "core", "match": {"method": "POST", "path": "withdrawals$"}}
    lists = {"where": "core", "match": {"method": "GET", "path": "withdrawals([?]|$)"}}
    stage.faults({**cash, "do": "delay", "ms": 2000, "times": 1}, {**lists, "do": "error", "status": 503})
    assert phone.type(PIN).startswith("We are still working on it.")
    asker.signal(signal.SIGSTOP)
    until(lambda: other.metric("isango_intents_taken_over_total") == 1, "the other process to take it over", 40)
    asker.signal(signal.SIGCONT)
    text = token_sms(phone)
    assert [(w["token"], w["status"]) for w in withdrawals(stage)] == [(token_in(text), "PENDING")]
    until(lambda: len(phone.inbox()) == 3, "the SMS of the sign-up, of the token and of the result")
    assert [text] == [m["text"] for m in phone.inbox() if token_in(m["text"])]


HANG_UP = 1 << (signal.SIGHUP - 1)


def on_hang_up(gateway):
    """What the process would do on SIGHUP: "SigIgn", "SigCgt", or None when it would die."""
    status = (Path("/proc") / str(gateway.pid) / "status").read_text()
    return next((name for name in ("SigIgn", "SigCgt")
                 if int(re.search(rf"^{name}:\s*(\w+)", status, re.M)[1], 16) & HANG_UP), None)


def test_a_hangup_while_it_starts(make_stage):
    """Whoever sends it early, before there is anything to read again, must not end the process."""
    stage = make_stage()
    ports = stage.folder / f"isango{len(stage.gateways) + 1}.ports"
    pipe = Path(f"{ports}.part")
    os.mkfifo(pipe)     # it waits for a reader there, shortly before it would listen to signals
    gateway = stage.start_gateway(wait=False)
    assert until(lambda: on_hang_up(gateway), "the process to look after SIGHUP") == "SigIgn"
    gateway.signal(signal.SIGHUP)
    written = pipe.read_text()
    until(ports.exists, "the ports to have their name")
    ports.unlink()
    ports.write_text(written)
    until(lambda: gateway.listening() and gateway.ready(), "isango serve to be ready")
    assert gateway.stop() == 0


def test_a_new_text_is_read_on_hangup(stage):
    phone = Phone(stage, THANDI)
    phone.dial()
    assert phone.type("1").startswith("Welcome to Acme Wallet.")
    path = stage.folder / "templates" / "en.json"
    path.write_text(path.read_text().replace("Welcome to {title}.", "Good day at {title}."))
    stage.gateway.signal(signal.SIGHUP)
    until(lambda: " reloaded " in stage.gateway.log.read_text(), "the reload")
    phone.hang_up()
    assert phone.dial().startswith("Good day at Acme Wallet.")


@pytest.mark.parametrize("what", ["menu", "template", "gone"])
def test_a_broken_menu_is_not_taken(stage, what):
    stage.expected_errors.add("reload refused")
    path = stage.folder / ("templates/en.json" if what == "template" else "menus/wallet.json")
    if what == "gone":
        path.unlink()
    else:
        path.write_text(path.read_text().replace('"join.first"', '"join.frist"', 1))
    stage.gateway.signal(signal.SIGHUP)
    until(lambda: "reload refused" in stage.gateway.log.read_text(), "the reload to be refused")
    phone = Phone(stage, THANDI)
    phone.dial()
    assert phone.walk("1", "1").startswith("Type your first name:")


@pytest.mark.parametrize("change, words", [
    (lambda c, t: c.update(nonsense=1), "nonsense"), (lambda c, t: c["binds"][0].update(window="many"), "window"),
    (lambda c, t: t["wallet_core"].pop("token_sms"), "token_sms"),
    (lambda c, t: t["channels"][0].update(bind="nobody"), "nobody"), (lambda c, t: t.update(menu="missing"), "missing")])
def test_mistakes_in_the_configuration(make_stage, change, words):
    stage = make_stage(start=False, edit=change)
    stage.start_redis()
    stage.start_sandbox()
    stage.configure()
    gateway = stage.start_gateway(wait=False)
    assert gateway.wait() == 1
    said = gateway.log.read_text()
    assert words in said and ".json:" in said
    checked = subprocess.run([stage.build / "isango", "check", "-c", stage.config], capture_output=True, text=True,
                             check=False)
    assert checked.returncode == 1 and words in checked.stdout


@pytest.mark.parametrize("name", [7, ""])
@pytest.mark.parametrize("folder", ["menus", "templates"])
def test_a_folder_that_is_none(make_stage, folder, name):
    """One mistake, one line, with the place where it stands."""
    stage = make_stage(start=False, edit=lambda config, _tenant: config.update({folder: name}))
    stage.start_sandbox()
    stage.configure()
    checked = subprocess.run([stage.build / "isango", "check", "-c", stage.config], capture_output=True, text=True,
                             check=False)
    assert checked.returncode == 1
    assert re.fullmatch(rf"\S*isango\.json:\d+: {folder}: .*\n", checked.stdout), checked.stdout


@pytest.mark.parametrize("option, words", [
    ("--screens", "send.confirm: "), ("--budget", "\nsend money "), ("", ": no mistakes")])
def test_what_check_prints(make_stage, option, words):
    stage = make_stage(start=False)
    stage.start_sandbox()
    stage.configure()
    checked = subprocess.run([stage.build / "isango", "check", *option.split(), "-c", stage.config], capture_output=True,
                             text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert words in checked.stdout


def test_what_nobody_has_read_is_a_note(make_stage):
    """Texts under "review" are no mistake, but whoever checks them knows."""
    stage = make_stage(start=False)
    stage.start_sandbox()
    stage.configure()
    checked = subprocess.run([stage.build / "isango", "check", "-c", stage.config], capture_output=True, text=True,
                             check=False)
    assert checked.returncode == 0, checked.stdout
    notes = re.findall(r"(\w+)\.json:\d+: note: \d+ texts from here on", checked.stdout)
    assert sorted(notes) == ["af", "nso", "st", "tn", "xh", "zu"]
    assert checked.stdout.endswith(": no mistakes\n")


def test_no_configuration_at_all(make_stage, tmp_path):
    stage = make_stage(start=False)
    for text in ("", "{", '{"listen": []}', "null"):
        file = tmp_path / "x.json"
        file.write_text(text)
        done = subprocess.run([stage.build / "isango", "serve", "-c", file], capture_output=True, text=True, check=False,
                              timeout=20)
        assert done.returncode == 1 and "x.json:" in done.stderr


def test_the_port_is_taken(make_stage):
    stage = make_stage()
    taken = stage.gateway.listening()["channels"]
    config = json.loads(stage.config.read_text())
    config["listen"]["channels"] = f"127.0.0.1:{taken}"
    stage.config.write_text(json.dumps(config))
    gateway = stage.start_gateway(wait=False)
    assert gateway.wait() == 1 and "ddress already in use" in gateway.log.read_text()
    assert stage.gateways[0].ready()
