# SPDX-License-Identifier: Apache-2.0
"""Integrators are told at their callbackUrl what became of a withdrawal, and the gateway is led nowhere by it."""
import hmac
import subprocess

import pytest

from callbacks import PAYROLL_KEY, Hook, called_stage, counted, signature
from helpers import INTEGRATOR_PATH, SIPHO, WITHDRAW, token_in, token_sms, withdrawals
from phone import Phone
from stage import until


@pytest.fixture
def hooks():
    made = []

    def new(*statuses, **more):
        made.append(Hook(*statuses, **more))
        return made[-1]
    yield new
    for hook in made:
        hook.close()


def order(stage, url, **fields):
    return stage.integrator("POST", INTEGRATOR_PATH, {**WITHDRAW, "callbackUrl": url, **fields})


def redeem(stage):
    stage.control("POST", "/control/redeem", {"token": token_in(token_sms(Phone(stage, SIPHO)))})


def test_told(make_stage, front, hooks):
    stage, hook = called_stage(make_stage, front), hooks()
    status, made = order(stage, hook.url + "/hook?for=payroll")
    assert status == 200
    redeem(stage)
    until(lambda: hook.heard, "the integrator to be called")
    path, headers, body = hook.heard[0]
    assert path == "/hook?for=payroll" and headers["Content-Type"] == "application/json"
    assert hook.bodies() == [{**made, "status": "SUCCESSFUL"}]
    sent = headers["Eclipse-Signature"]
    assert hmac.compare_digest(sent, signature(PAYROLL_KEY, body, sent.split(",")[0][2:]))
    assert withdrawals(stage)[0]["token"].encode() not in body
    counted(stage, "integrator_callbacks_heard", 1)
    assert len(hook.heard) == 1


def test_told_again_until_it_answers(make_stage, front, hooks):
    stage, hook = called_stage(make_stage, front), hooks(500)
    assert order(stage, hook.url + "/hook")[0] == 200
    redeem(stage)
    until(lambda: len(hook.heard) == 2, "the second call, a second later")
    assert hook.heard[0][2] == hook.heard[1][2]
    assert hook.heard[0][1]["Idempotency-Key"] == hook.heard[1][1]["Idempotency-Key"]
    counted(stage, "integrator_callbacks_heard", 1)


def test_told_after_a_restart(make_stage, front, hooks):
    stage, hook = called_stage(make_stage, front), hooks(503)
    assert order(stage, hook.url + "/hook")[0] == 200
    redeem(stage)
    until(lambda: hook.heard, "the first call")
    counted(stage, "integrator_callbacks_failed", 1)
    stage.gateway.kill()
    stage.start_gateway()
    until(lambda: len(hook.heard) == 2, "the call of the next process")
    assert [body["status"] for body in hook.bodies()] == ["SUCCESSFUL"] * 2


def test_a_cancel_is_told(make_stage, front, hooks):
    stage, hook = called_stage(make_stage, front), hooks()
    _, made = order(stage, hook.url + "/hook")
    assert stage.integrator("PUT", f"{INTEGRATOR_PATH}/{made['withdrawalId']}", {"status": "CANCELLED"})[0] == 200
    until(lambda: hook.heard, "the integrator to be called")
    assert hook.bodies()[0]["status"] == "CANCELLED"


@pytest.mark.parametrize("url, words", [
    ("http://pay.example/hook", "https://"), ("https://127.0.0.1.:1/", ""), ("https://10.0.0.1/hook", "not allowed"),
    ("https://[::1]/hook", "not allowed"), ("https://169.254.169.254/latest", "not allowed"),
    ("https://[::ffff:10.0.0.1]/x", "not allowed"), ("http://10.1.1.1/x", "https://"), ("ftp://pay.example/x", "https://"),
    ("https://user:pw@pay.example/", "without a user"), ("x" * 2001, "callbackUrl"), ("short", "callbackUrl"),
    (17, "callbackUrl"), ("https://pay.example/a b", "callbackUrl")])
def test_where_it_must_not_lead(make_stage, front, url, words):
    stage = called_stage(make_stage, front)
    status, answer = order(stage, url)
    if words == "":                     # a name: judged when it is looked up
        assert status == 200
        return
    assert (status, answer[0]["code"]) == (400, "VAL001") and words in answer[0]["description"], answer
    assert "callbackUrl" in answer[0]["description"]
    assert withdrawals(stage) == []


def test_a_name_that_leads_inside(make_stage, front, hooks):
    """localhost is a good name, and https; what it leads to is refused before anything is connected."""
    def not_allowed(_config, tenant):
        del tenant["integrators"][0]["callback_allow"]
    stage, hook = called_stage(make_stage, front, edit=not_allowed), hooks()
    assert order(stage, hook.url.replace("http://127.0.0.1", "https://localhost") + "/hook")[0] == 200
    redeem(stage)
    counted(stage, "integrator_callbacks_forbidden", 1)
    assert hook.heard == []


def test_what_operators_see(make_stage, front, hooks):
    stage, hook = called_stage(make_stage, front), hooks()
    assert order(stage, hook.url + "/hook")[0] == 200
    shown = subprocess.run([stage.build / "isango", "outbox", "-c", stage.config, "callbacks"], capture_output=True,
                           text=True, timeout=20, check=True)
    assert "EXTERNALUNIQUEID" in shown.stdout and len(shown.stdout.splitlines()) == 1 and "0 shown" in shown.stderr


def test_a_redirect_is_not_followed(make_stage, front, hooks):
    stage, inside = called_stage(make_stage, front), hooks()
    hook = hooks(302, 307, location=inside.url + "/inside")
    assert order(stage, hook.url + "/hook")[0] == 200
    redeem(stage)
    until(lambda: len(hook.heard) == 2, "the second call")
    assert inside.heard == []
