# SPDX-License-Identifier: Apache-2.0
"""The month's limit as operators have it: shown, closed when Redis lost something, rebuilt; and what it gives away."""
import concurrent.futures
import json
import re
import subprocess

import pytest

from helpers import (EMPLOYER, INTEGRATOR_PATH, PIN, SENT, SIPHO, THANDI, WITHDRAW, cash_out, sign_up, to_cash_confirm,
                     to_send_confirm, token_in, token_sms, wait_sms, withdrawals)
from run import HOSTILE
from stage import until

REFUSE = {"where": "core", "do": "error", "status": 400, "match": {"method": "POST", "path": "withdrawals$"}}
CLOSED = "Cash-out is closed for a short while. Nothing was paid. Please try again later."


def isango(stage, *arguments):
    return subprocess.run([stage.build / "isango", "limit", "-c", stage.config, *arguments], capture_output=True,
                          text=True, timeout=60, check=False)


def shown(stage, phone):
    """(used, the states and amounts of its entries)."""
    done = isango(stage, "show", phone)
    assert done.returncode == 0, done.stderr
    first, *rows = done.stdout.splitlines()
    assert phone not in done.stdout and f"{phone[:4]}***{phone[-4:]}" in first
    return re.search(r": (R[\d .]+) used", first)[1], sorted(tuple(re.split(r" {2,}", row)[1:3]) for row in rows[1:])


def rebuilt(stage, *arguments, code=0):
    done = isango(stage, "rebuild", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert not any(phone in done.stdout + done.stderr for phone in (THANDI, SIPHO))
    return done.stdout


def forget(stage, pattern):
    for key in stage.redis_cli("--scan", "--pattern", pattern).split():
        stage.redis_cli("DEL", key)


def lose_history(stage):
    """As a promoted replica would say."""
    stage.expected_errors.add("limit closed")
    stage.redis_cli("HSET", "isango:history", "closed", "promoted", "since", "1")
    until(lambda: "limit closed" in stage.gateway.missing(), "the gateway to see it")


def order(stage, **fields):
    return stage.integrator("POST", INTEGRATOR_PATH, {**WITHDRAW, **fields})


def test_show(stage):
    phone = sign_up(stage)
    assert shown(stage, THANDI) == ("R0.00", [])
    assert cash_out(phone, "100").startswith("Done")
    assert order(stage, deliverToPhone=THANDI, amount=50)[0] == 200
    assert shown(stage, THANDI) == ("R150.00", [("R100.00", "committed"), ("R50.00", "committed")])
    assert isango(stage, "0" + THANDI[2:]).stdout == isango(stage, "show", THANDI).stdout
    assert isango(stage, THANDI, "--month", "202501").stdout.splitlines() == [
        "2782***4567, 202501: R0.00 used, R24 000.00 left of R24 000.00"]
    assert isango(stage, "show", "12").returncode == 1 and isango(stage, THANDI, "--month", "202513").returncode == 2
    assert isango(stage, THANDI, "--dry-run").returncode == 2


@pytest.mark.parametrize("profile, nameless", [("friendly", 0), ("hostile", 0), ("friendly", 1)])
def test_rebuilt_from_the_intents(make_stage, profile, nameless):
    """All limits are gone; what is pending, paid out, cancelled or an integrator's comes back as it was."""
    stage = make_stage(profile=profile, sandbox=HOSTILE if profile == "hostile" else ())
    phone = sign_up(stage, balance="5000.00")  # the hostile core reserves, too
    for amount in ("100", "150", "200"):
        assert cash_out(phone, amount).startswith("Done")
    assert cash_out(phone, "250", other=SIPHO).startswith("Done")
    assert order(stage, amount=300)[0] == 200
    stage.control("POST", "/control/redeem", {"token": token_in(token_sms(phone))})
    # The hostile core's lists lag.
    until(lambda: phone.dial() and "no open codes" not in phone.walk("4", PIN), "the codes to be listed")
    phone.walk("1", "2")
    assert phone.type("1").startswith("The code was cancelled.")
    until(lambda: "given_back" in isango(stage, THANDI).stdout or "given_back" in isango(stage, SIPHO).stdout,
          "the cancelled one to be given back")
    before = {msisdn: shown(stage, msisdn)[0] for msisdn in (THANDI, SIPHO)}
    assert {withdrawal["status"] for withdrawal in withdrawals(stage)} == {"PENDING", "SUCCESSFUL", "CANCELLED"}
    # Lists without our ids: withdrawals are known by the core's.
    stage.control("POST", "/control/switches", {"rows_without_uid": nameless})
    forget(stage, "{l:*}lim:*")
    assert shown(stage, THANDI) == ("R0.00", [])
    assert "dry run: " in rebuilt(stage, "--dry-run")
    assert shown(stage, THANDI) == ("R0.00", [])
    out = rebuilt(stage)
    assert "the limits are open" in out and "0 unreadable" in out and "0 withdrawals of no intent" in out
    assert {msisdn: shown(stage, msisdn)[0] for msisdn in (THANDI, SIPHO)} == before
    assert "0 records changed: R0.00 added, R0.00 given back" in rebuilt(stage)
    stage.control("POST", "/control/switches", {"rows_without_uid": 0})
    assert cash_out(phone, "50").startswith("Done")


def test_what_was_lost_is_found_at_the_core(stage):
    """An intent and its reservation are gone, its token is not: it counts for the phone of the wallet's owner."""
    stage.expected_errors.add("intent damaged")
    phone = sign_up(stage)
    assert cash_out(phone, "100").startswith("Done")
    assert order(stage, amount=300)[0] == 200
    forget(stage, "{l:*}lim:*")
    forget(stage, "{p:*}int:*")
    out = rebuilt(stage)
    assert shown(stage, THANDI) == ("R100.00", [("R100.00", "committed")])
    assert "2 withdrawals of no intent, 1 of them not counted" in out
    assert re.search(r"^not counted: withdrawal \d+ of wallet \d+, R300.00", out, re.M)
    assert "0 records changed" in rebuilt(stage)
    # It ends at the core, and nobody follows it: the next rebuild gives it back.
    stage.control("POST", "/control/time", {"advance_ms": 80 * 3600 * 1000})
    assert "R100.00 given back" in rebuilt(stage)
    assert shown(stage, THANDI) == ("R0.00", [("R100.00", "given_back")])


def test_damaged(stage):
    """Refused in words, and the payer told the truth; mended by a rebuild."""
    stage.expected_errors |= {"store damaged", "limit damaged"}
    phone = sign_up(stage)
    assert cash_out(phone, "100").startswith("Done")
    key, = stage.redis_cli("--scan", "--pattern", "{l:*}lim:*").split()
    stage.redis_cli("SETRANGE", key, "60", "damaged")
    assert cash_out(phone, "50", kind="2").startswith("Cash-out is closed for a short while. Try later.\nNothing was paid.")
    assert stage.gateway.metric("isango_limit_unreadable_total") == 1
    status, refused = order(stage, deliverToPhone=THANDI)
    assert (status, refused[0]["code"]) == (400, "LIM001")
    assert order(stage, externalUniqueId="order-0002")[0] == 200
    assert isango(stage, THANDI).returncode == 1
    assert "1 damaged ones mended" in rebuilt(stage)
    assert shown(stage, THANDI) == ("R100.00", [("R100.00", "committed")])
    assert cash_out(phone, "50", kind="2").startswith("Done")


def test_one_phone(stage):
    """Only the phone that was asked for is rebuilt, what lay there is kept, and nothing is guessed."""
    stage.expected_errors |= {"store damaged", "limit damaged", "due intent damaged", "intent damaged"}
    thandi, sipho = sign_up(stage), sign_up(stage, SIPHO)
    assert cash_out(thandi, "100").startswith("Done") and cash_out(sipho, "150").startswith("Done")
    assert cash_out(sipho, "200", other=THANDI).startswith("Done")
    for key in stage.redis_cli("--scan", "--pattern", "{l:*}lim:*").split():
        stage.redis_cli("SETRANGE", key, "60", "damaged")
    aside = lambda: len(stage.redis_cli("--scan", "--pattern", "{p:*}asd:*").split())  # noqa: E731
    out = rebuilt(stage, "--phone", "0" + THANDI[2:])
    assert "1 damaged ones mended" in out and "the limits are open" not in out
    assert shown(stage, THANDI) == ("R300.00", [("R100.00", "committed"), ("R200.00", "committed")])
    assert isango(stage, SIPHO).returncode == 1 and aside() == 1
    # A payment of nobody knows whom may have been to this phone, too.
    held = stage.redis_cli("--scan", "--pattern", "{p:*}int:*").split()[0]
    stage.redis_cli("SETRANGE", held, "60", "damaged")
    assert "may be of this phone" in isango(stage, "rebuild", "--phone", SIPHO).stderr
    assert isango(stage, SIPHO).returncode == 1
    assert "1 damaged ones mended" in rebuilt(stage)
    # The one of the wallet's owner that cannot be read counts for the owner, whoever has its token.
    assert shown(stage, SIPHO)[0] in ("R150.00", "R350.00") and aside() == 2


def test_closed_and_rebuilt(stage):
    """What Redis has cannot be believed: no token, in plain words; everything else goes on; a rebuild opens it."""
    sign_up(stage, SIPHO)
    phone = sign_up(stage)
    assert cash_out(phone, "100").startswith("Done")
    lose_history(stage)
    phone.dial()
    assert phone.walk("3") == CLOSED and not phone.open
    status, refused = order(stage)
    assert (status, refused[0]["code"]) == (503, "LIM001")
    to_send_confirm(phone)
    assert SENT.match(phone.type(PIN))
    phone.dial()
    assert "try again" in phone.walk("6", PIN)
    assert len(withdrawals(stage)) == 1
    assert stage.gateway.metric("isango_limit_closed_refused_total") == 2
    # What is held goes on: it is cancelled, and given back.
    phone.dial()
    phone.walk("4", PIN, "1", "2")
    assert phone.type("1").startswith("The code was cancelled.")
    until(lambda: shown(stage, THANDI)[0] == "R0.00", "it to be given back")
    assert "the limits are open" in rebuilt(stage)
    until(lambda: "limit closed" not in stage.gateway.missing(), "the gateway to see it")
    assert cash_out(phone, "50").startswith("Done")
    assert order(stage)[0] == 200


def test_not_opened(stage):
    """A wallet that cannot be read may hold what was lost; a month alone proves nothing of the others."""
    phone = sign_up(stage)
    assert cash_out(phone, "100").startswith("Done")
    lose_history(stage)
    assert "the limits are open" not in rebuilt(stage, "--month", "202511")
    stage.faults({"where": "core", "do": "error", "status": 500, "match": {"method": "GET", "path": "withdrawals$"}})
    done = isango(stage, "rebuild")
    assert done.returncode == 1 and "not all wallets could be read" in done.stderr
    assert "limit closed" in stage.gateway.missing()
    stage.no_faults()
    assert "the limits are open" in rebuilt(stage)


def test_a_tenant_whose_core_is_away(stage):
    """It does not keep the others closed, once an operator says so."""
    phone = sign_up(stage)
    assert cash_out(phone, "100").startswith("Done")
    folder = stage.folder / "tenants.d"
    bravo = json.loads((folder / "acme.json").read_text())
    bravo.update(name="bravo", integrators=[], routes={name: ["bravo-sms"] for name in ("token", "result", "notice")},
                 channels=[{"name": "bravo-sms", "kind": "sms-smpp", "bind": "mno", "sender": "30385",
                            "inbound": ["27830000385"]}])
    bravo["wallet_core"].update(url="http://127.0.0.1:1", tenant_id=5988)
    bravo.pop("sms_menu")
    (folder / "bravo.json").write_text(json.dumps(bravo))
    lose_history(stage)
    forget(stage, "{l:*}lim:*")
    assert "not all wallets could be read" in isango(stage, "rebuild").stderr
    assert "there is no such tenant: charlie" in isango(stage, "rebuild", "--without", "charlie").stderr
    assert "the limits are open" in rebuilt(stage, "--without", "bravo")
    assert shown(stage, THANDI)[0] == "R100.00"


def test_one_rebuild_at_a_time(stage):
    stage.redis_cli("SET", "isango:limit-rebuild", "somebody")
    done = isango(stage, "rebuild")
    assert done.returncode == 1 and "another rebuild is under way" in done.stderr
    assert stage.redis_cli("GET", "isango:limit-rebuild") == "somebody"
    stage.redis_cli("DEL", "isango:limit-rebuild")
    rebuilt(stage)
    assert stage.redis_cli("EXISTS", "isango:limit-rebuild") == "0"


def test_the_cores_word_is_passed_on(stage):
    """A token that ended at the core unnoticed: its own run reads it once more, gives back and tells."""
    phone = sign_up(stage)
    assert cash_out(phone, "100").startswith("Done")
    token_sms(phone)
    stage.control("POST", "/control/time", {"advance_ms": 80 * 3600 * 1000})
    assert "1 intents are looked at again" in rebuilt(stage)
    until(lambda: shown(stage, THANDI) == ("R0.00", [("R100.00", "given_back")]), "it to be given back")
    wait_sms(phone, "was not used")
    assert "0 intents are looked at again" in rebuilt(stage)


def test_rebuilt_under_way(stage):
    """Gateways go on meanwhile, and what they reserve is neither lost nor counted twice."""
    phone = sign_up(stage, balance="20000.00")
    for amount in ("100", "110", "120"):
        assert cash_out(phone, amount, kind="2").startswith("Done")
        forget(stage, "{l:*}lim:*")
    # Between the walk over the intents and the lists of the core some are made: the login is in between.
    stage.faults({"where": "core", "do": "delay", "ms": 300, "match": {"method": "POST", "path": "login"}})
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        orders = pool.submit(lambda: [order(stage, deliverToPhone=THANDI, amount=100 + 10 * n, type="ZA_PNP_CASH",
                                            externalUniqueId=f"under-way-{n:03}")[0] for n in range(30)])
        while not orders.done():
            assert "0 withdrawals of no intent" in rebuilt(stage)
    assert orders.result() == [200] * 30
    rebuilt(stage)
    made = sum(float(w["amount"]) for w in withdrawals(stage))
    assert shown(stage, THANDI)[0] == f"R{made:,.2f}".replace(",", " ") and shown(stage, SIPHO) == ("R0.00", [])


# ---- what it gives away

def small_month(config, _tenant):
    config["token_limit"]["amount"] = "300.00"


def heard(phone, amount, to):
    """All that a customer hears of a refused cash-out: the screen, the SMS, and the next dial."""
    to_cash_confirm(phone, amount, other=to)
    screen = phone.type(PIN)
    return screen, wait_sms(phone, "No code"), phone.dial()


def test_another_phones_limit_is_like_any_refusal(make_stage):
    stage = make_stage(edit=small_month)
    phone = sign_up(stage)
    assert order(stage, deliverToPhone=SIPHO, amount=300)[0] == 200
    first = heard(phone, "100", SIPHO)
    assert first[0] == "Nothing was paid. This code for another phone cannot be made now."
    assert "limit" not in " ".join(first[:2])
    body = json.dumps([{"type": "BUSINESS", "severity": "LOW", "code": "XYZ042", "description": "No"}])
    stage.faults({**REFUSE, "body": body})
    assert heard(phone, "100", EMPLOYER) == tuple(text.replace("083 765 4321", "082 900 0000") for text in first)
    stage.no_faults()
    # Both count: five a day, whichever they were.
    for to in (SIPHO, SIPHO, SIPHO):
        assert heard(phone, "100", to) == first
    phone.dial()
    assert phone.walk("3", "1", "2", *2 * ["0" + SIPHO[2:]], "100").startswith("Nothing was paid. You cannot make")
    assert stage.gateway.metric("isango_tokens_capped_total") == 1
    # One's own is told, after the PIN.
    to_cash_confirm(phone, "350")
    assert phone.type(PIN) == "Nothing was paid. This phone can still get codes for R300.00 this month."
    assert len(withdrawals(stage)) == 1


def test_the_cores_own_limit(stage):
    """What is left of ours would be a riddle where the core refuses; and nothing of it stays reserved."""
    phone = sign_up(stage)
    body = json.dumps([{"type": "BUSINESS", "severity": "LOW", "code": "WAL010", "description": "Limit exceeded"}])
    stage.faults({**REFUSE, "body": body})
    assert cash_out(phone, "100").startswith("It is over a limit. Try less.\nNothing was paid.")
    until(lambda: shown(stage, THANDI)[0] == "R0.00", "it to be given back")


def test_tokens_to_one_phone_in_a_day(make_stage):
    stage = make_stage(edit=lambda _config, tenant: tenant.update(token_phone_day_count=2))
    phone = sign_up(stage)
    for amount in ("100", "150"):
        assert cash_out(phone, amount, other=SIPHO).startswith("Done")
    phone.dial()
    assert phone.walk("3", "1", "2", *2 * ["0" + SIPHO[2:]], "50").startswith("Nothing was paid. You cannot make")
    assert cash_out(phone, "100", other=EMPLOYER).startswith("Done")
    assert len(withdrawals(stage)) == 3


def test_look_ups_in_a_day(stage):
    phone = sign_up(stage)
    phone.dial()
    phone.walk("2")
    for n in range(20):
        assert phone.type(f"08311122{n:02}").startswith("That number has no wallet here."), n
    assert phone.type("0831112299").startswith("You looked up too many numbers today.")
    assert stage.gateway.metric("isango_lookups_capped_total") == 1


def test_accepted_while_it_was_closed(stage):
    """On its screen when it closed: it waits, is told so, and goes on when it is opened in time."""
    phone = sign_up(stage)
    to_cash_confirm(phone)
    lose_history(stage)
    assert phone.type(PIN).startswith("We are still") and withdrawals(stage) == []
    rebuilt(stage)
    token_sms(phone)
    assert len(withdrawals(stage)) == 1
