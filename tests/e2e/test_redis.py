# SPDX-License-Identifier: Apache-2.0
"""Redis that is slow, gone, back, or not fit to keep money."""
import signal
import subprocess

import pytest

from forwarder import Forwarder
from helpers import (HOME, PIN, SENT, SIPHO, TEXTS, THANDI, core_customer, debits, paid_once, sign_up, to_send_confirm,
                     wait_sms, wallet)
from phone import CODES, Phone
from stage import until

SORRY = TEXTS["error.session_lost"]


def quick(config, _tenant):
    config["redis"]["timeout_ms"] = 300
    config["turn_budget_ms"] = 2000


def test_an_operators_command_is_patient(make_stage):
    """It costs nobody anything that it waits for a Redis longer than a customer could."""
    def far_away(config, tenant):
        quick(config, tenant)
        config["redis"]["url"] = f"redis://127.0.0.1:{road.port}"
    road = Forwarder(None)
    stage = make_stage(start=False, edit=far_away)
    stage.start_redis()
    stage.start_sandbox()
    stage.configure()
    road.target = stage.socket
    road.slow_down(b"MGET", 0.5)
    assert subprocess.run([stage.program, "publish", "-c", stage.config], check=False, timeout=20).returncode == 0
    road.close()


@pytest.mark.parametrize("via", CODES)
def test_redis_stops_and_goes_on(make_stage, via):
    stage = make_stage(edit=quick)
    phone = sign_up(stage, via=via)
    stage.redis.signal(signal.SIGSTOP)
    assert phone.dial() == SORRY and not phone.open
    until(lambda: "redis: no connection" in stage.gateway.missing(), "/readyz to say so")
    stage.redis.signal(signal.SIGCONT)
    until(stage.gateway.ready, "Redis to be back")
    assert phone.dial() == HOME
    assert phone.walk("1", PIN).startswith("You have R1 000.00.")


def test_redis_stops_at_the_confirm(make_stage):
    """What the customer is told is what happened, however it goes."""
    stage = make_stage(edit=quick)
    stage.expected_errors |= {"not told"}
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    stage.redis.signal(signal.SIGSTOP)
    screen = phone.type(PIN)
    stage.redis.signal(signal.SIGCONT)
    until(stage.gateway.ready, "Redis to be back")
    if screen.startswith("We are still working on it."):
        said = wait_sms(phone, "R50.00 to S*** D***", 30)
        assert len(debits(stage)) == (1 if "You sent" in said else 0)
    else:
        assert screen == SORRY or "Nothing was paid." in screen, screen
        assert debits(stage) == []


def test_redis_is_killed_and_started_again(make_stage):
    """With appendfsync always nothing that was said is lost: the sign-up, the PIN, the limit, the dialogue's answers."""
    stage = make_stage(edit=quick)
    core_customer(stage)
    phone = sign_up(stage)
    to_send_confirm(phone)
    stage.redis.kill()
    until(lambda: "redis: no connection" in stage.gateway.missing(), "/readyz to say so")
    assert Phone(stage, SIPHO, "http").dial() == SORRY
    stage.start_redis()
    until(stage.gateway.ready, "Redis to be back")
    # The confirm screen is still there: the same dialogue, and it pays.
    assert SENT.match(phone.type(PIN))
    paid_once(stage, "50.00")
    assert wallet(stage, THANDI)["balance"] == "949.00"


@pytest.mark.parametrize("option, value, words", [("--appendonly", "no", "appendonly"),
                                                  ("--maxmemory-policy", "allkeys-lru", "maxmemory-policy"),
                                                  ("--appendfsync", "everysec", "appendfsync")])
def test_a_redis_that_may_lose_money_is_refused(make_stage, option, value, words):
    stage = make_stage(start=False)
    stage.start_redis(option, value)
    stage.start_sandbox()
    stage.configure()
    gateway = stage.start_gateway(wait=False)
    assert gateway.wait() == 1
    assert words in gateway.tail() and "may_lose_money" in gateway.tail()


def test_it_may_lose_money_where_that_was_said(make_stage):
    def risky(config, _tenant):
        config["redis"]["may_lose_money"] = True
    stage = make_stage(start=False, edit=risky)
    stage.expected_errors.add("redis can lose money")
    stage.start_redis("--appendonly", "no")
    stage.start_sandbox()
    stage.configure()
    stage.start_gateway()
    assert Phone(stage, THANDI).dial().startswith("Choose your language:")


def test_no_redis_at_all(make_stage):
    stage = make_stage(start=False)
    stage.start_redis()
    stage.start_sandbox()
    stage.configure()
    stage.redis.kill()
    gateway = stage.start_gateway(wait=False)
    assert gateway.wait() == 1 and "redis" in gateway.tail()


def test_a_full_redis(make_stage):
    """noeviction: writes are refused, the customer is told, and it recovers when there is room."""
    stage = make_stage(edit=quick)
    phone = sign_up(stage)
    stage.redis_cli("CONFIG", "SET", "maxmemory", "1")
    assert phone.dial() == SORRY
    stage.redis_cli("CONFIG", "SET", "maxmemory", "0")
    assert phone.dial() == HOME


def test_another_sealing_key(make_stage):
    """What cannot be opened is as good as lost, and says so; nothing crashes."""
    stage = make_stage()
    stage.expected_errors |= {"store damaged"}
    sign_up(stage)
    assert stage.gateway.stop() == 0
    (stage.folder / "sealing.key").unlink()
    stage.configure()
    gateway = stage.start_gateway(wait=False)
    until(lambda: not gateway.alive() or gateway.ports_file.exists(), "serve to decide")
    if gateway.alive():
        assert Phone(stage, THANDI).dial() != HOME
    else:
        assert gateway.wait() == 1 and "key" in gateway.tail()
