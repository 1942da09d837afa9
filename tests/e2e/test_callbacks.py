# SPDX-License-Identifier: Apache-2.0
"""
The wallet core calls back: what it says is only a hint, and the withdrawal is read. Where callbacks come, the first poll
of a token is most of a minute away, so what these tests see in seconds came by callback.
"""
import json
import os
import time

import pytest

from callbacks import CORE_KEY, called_stage, counted, reads, send, signature
from helpers import SIPHO, THANDI, WITHDRAW, INTEGRATOR_PATH, cash_out, sign_up, token_in, token_sms, wait_sms, \
    withdrawals
from phone import Phone
from stage import http, until

USED = "was used"


def with_token(stage):
    """A customer who holds a token; the core's view of it."""
    thandi = sign_up(stage)
    cash_out(thandi)
    text = token_sms(thandi)
    return thandi, withdrawals(stage)[0], token_in(text)


def test_a_used_token_is_told_at_once(make_stage, front):
    stage = called_stage(make_stage, front)
    thandi, _, token = with_token(stage)
    stage.control("POST", "/control/redeem", {"token": token})
    wait_sms(thandi, USED)
    assert front.answers == [200]
    assert THANDI not in front.heard[0][0] and token not in front.heard[0][0]
    # Repeated, it changes nothing and is not asked about again.
    before = reads(stage)
    assert send(stage, withdrawals(stage)[0]) == 200
    counted(stage, "callbacks_known", 1)
    assert reads(stage) == before


def test_what_is_said_is_not_believed(make_stage, front):
    stage = called_stage(make_stage, front)
    thandi, withdrawal, token = with_token(stage)
    before = reads(stage)
    assert send(stage, withdrawal, amount=1.0) == 200
    until(lambda: reads(stage) == before + 1, "the withdrawal to be read")
    counted(stage, "callbacks_taken", 1)
    assert withdrawals(stage)[0]["status"] == "PENDING"
    # What came of it is told once, and only when it is so.
    stage.control("POST", "/control/redeem", {"token": token})
    wait_sms(thandi, USED)


def test_wrong_signatures(make_stage, front):
    stage = called_stage(make_stage, front)
    _, withdrawal, _ = with_token(stage)
    before = reads(stage)
    now = int(time.time() * 1000)
    good = signature(CORE_KEY, b"x")
    path = withdrawal["callbackUrl"].split("/callbacks/")[1]
    assert send(stage, withdrawal, key="another tenant's key") == 401
    for header in (good, good[:-4], "t=1", f"{good},{good}", "v1=" + good.split("v1=")[1],
                   signature(CORE_KEY, b"", now - 31 * 86400000)):
        assert send(stage, withdrawal, header=header) == 401
    url = stage.gateway.url("/callbacks/" + path)
    assert http("POST", url, b"{}")[0] == 401
    assert http("POST", url, b"{}", {"Eclipse-Signature": signature(CORE_KEY, b"{}", now - 31 * 86400000)})[0] == 401
    assert http("POST", url, b"{}", {"Eclipse-Signature": signature(CORE_KEY, b"{}", now + 3600000)})[0] == 401
    big = b" " * 20000
    assert http("POST", url, big, {"Eclipse-Signature": signature(CORE_KEY, big)})[0] == 413
    assert http("GET", url)[0] == 405
    assert send(stage, withdrawal, path=path.replace("acme", "other")) == 404
    assert reads(stage) == before
    assert stage.gateway.metric("isango_callbacks_refused_total") >= 12


def test_about_what_is_not_here(make_stage, front):
    stage = called_stage(make_stage, front)
    _, withdrawal, _ = with_token(stage)
    before = reads(stage)
    path = withdrawal["callbackUrl"].split("/callbacks/")[1]
    for change in ({"externalUniqueId": "11111111-2222-4333-8444-555555555555"}, {}):
        if not change:
            path = path[:-3] + ("AAA" if path[-3:] != "AAA" else "BBB")
        assert send(stage, {**withdrawal, **change}, path=path) == 200      # so that they stop
    counted(stage, "callbacks_unknown", 2)
    assert reads(stage) == before


def test_another_tenants(make_stage, front):
    """A good signature opens one tenant's withdrawals only."""
    stage = called_stage(make_stage, front)
    _, withdrawal, _ = with_token(stage)
    beta = json.loads((stage.folder / "tenants.d" / "acme.json").read_text())
    beta.update(name="beta", channels=[], integrators=[], routes={}, result_sms=False)
    del beta["sms_menu"]
    beta["wallet_core"].update(tenant_id=5988, token_sms="wallet_core", callback_key_file="../beta-callback.key")
    stage.secret("beta-callback.key", "a key of beta")
    (stage.folder / "tenants.d" / "beta.json").write_text(json.dumps(beta))
    second = stage.start_gateway(wait=False)
    until(second.listening, "isango serve to listen")
    before = reads(stage)
    ref = withdrawal["callbackUrl"].split("/callbacks/acme/")[1]
    until(lambda: send(stage, withdrawal, key="a key of beta", path=f"beta/{ref}", gateway=second) == 403, "to be refused")
    assert send(stage, withdrawal, key="a key of beta", gateway=second) == 401
    assert reads(stage) == before


def test_a_token_that_lapses_is_told(make_stage, front):
    """Its first callback is lost; the core's own repeat tells."""
    stage = called_stage(make_stage, front)
    thandi, _, _ = with_token(stage)
    front.open = False
    stage.control("POST", "/control/time", {"advance_ms": 73 * 3600 * 1000})
    until(lambda: front.heard, "the core to call back")
    front.open = True
    stage.control("POST", "/control/time", {"advance_ms": 2000})
    wait_sms(thandi, "was not used in time")


def test_used_days_after_it_had_lapsed(make_stage, front):
    """Told as not used, given back to the month; then it was used after all: told so, and it counts again."""
    stage = called_stage(make_stage, front, edit=lambda config, _: config.update(token_limit={"amount": "150.00"}))
    stage.control("POST", "/control/switches", {"lapsed_pays": 1})
    thandi, _, token = with_token(stage)
    stage.control("POST", "/control/time", {"advance_ms": 73 * 3600 * 1000})
    wait_sms(thandi, "was not used in time")
    stage.control("POST", "/control/time", {"advance_ms": 5 * 24 * 3600 * 1000})
    stage.control("POST", "/control/redeem", {"token": token})
    wait_sms(thandi, USED)
    status, refused = stage.integrator("POST", INTEGRATOR_PATH, {**WITHDRAW, "deliverToPhone": THANDI})
    assert (status, refused[0]["code"]) == (400, "WDR003")  # a limit looks like any other rule
    assert [w["status"] for w in withdrawals(stage)] == ["SUCCESSFUL"]


def test_the_core_comes_again_when_nothing_could_be_saved(make_stage, front):
    stage = called_stage(make_stage, front)
    thandi, withdrawal, token = with_token(stage)
    stage.redis.signal(19)                              # SIGSTOP
    try:
        assert send(stage, withdrawal) == 503
    finally:
        stage.redis.signal(18)
    until(stage.gateway.ready, "/readyz")
    stage.control("POST", "/control/redeem", {"token": token})
    until(lambda: 200 in front.answers, "the callback to be taken")
    wait_sms(thandi, USED)


def test_killed_after_the_callback_was_taken(make_stage, front):
    """What was answered 200 is read, whoever does it."""
    stage = called_stage(make_stage, front)
    thandi, _, token = with_token(stage)
    first = stage.gateway
    stage.start_gateway()
    stage.faults({"where": "core", "method": "GET", "path": "/withdrawals/", "do": "no_answer", "times": 1})
    front.open = False
    stage.control("POST", "/control/redeem", {"token": token})
    until(lambda: front.heard, "the core to call back")
    before = reads(stage)
    assert send(stage, withdrawals(stage)[0], gateway=first) == 200
    until(lambda: reads(stage) == before + 1, "the first read, which hangs")
    os.kill(first.pid, 9)
    wait_sms(thandi, USED, 30)


@pytest.mark.parametrize("profile", ["hostile"])
def test_a_hostile_core(make_stage, front, profile):
    """Before its own answer, twice, late and in any order: told once, and the truth."""
    stage = called_stage(make_stage, front, profile=profile)
    # An empty answer would lose the only sight of the token: nothing to be used then.
    stage.control("POST", "/control/switches", {"create_status": 201})
    thandi = sign_up(stage)
    cash_out(thandi)
    text = token_sms(thandi, 40)
    stage.control("POST", "/control/redeem", {"token": token_in(text)})
    wait_sms(thandi, USED, 40)
    until(lambda: len(front.answers) >= 4, "all callbacks")
    assert set(front.answers) <= {200, 503}


def test_an_integrators_withdrawal(make_stage, front):
    stage = called_stage(make_stage, front)
    status, made = stage.integrator("POST", INTEGRATOR_PATH, WITHDRAW)
    assert status == 200
    sipho = Phone(stage, SIPHO)
    stage.control("POST", "/control/redeem", {"token": token_in(token_sms(sipho))})
    until(lambda: stage.integrator("GET", f"{INTEGRATOR_PATH}/{made['withdrawalId']}")[1]["status"] == "SUCCESSFUL",
          "the integrator to see it")
    until(lambda: front.answers == [200], "the wallet core to be answered")
