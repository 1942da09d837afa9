# SPDX-License-Identifier: Apache-2.0
"""
kill -9 at the steps of a sign-up and of a new PIN (base/fault_point.h): the customer types the last input at a process that
dies there, and never dials again; another one finishes it. With ISANGO_LONG at each step that a living process passes, else
at those where something is written or told.
"""
import os

import pytest

from crowd import SECOND_MS, pass_time, quiet
from helpers import HOME, OTHER_PIN, PIN
from phone import Phone
from stage import until
from test_kill import Kills, quick

LEASE_MS = 6 * SECOND_MS
ABSENT_MS = 16 * 60 * SECOND_MS         # what was saved and never sent is sent again only then
OPENED, CHANGED = "Your wallet is open", "Your new PIN is in force"
SOME = ("signup.saved.begin", "signup.saved.make_customer", "signup.done.make_customer", "signup.done.write_identity",
        "signup.saved.make_wallet", "signup.done.make_wallet", "signup.before.say", "pin.saved.begin", "pin.done.send",
        "pin.before.say")


def to_last_input(name, customer, gateway):
    """One input before the writes; returns it."""
    if name.startswith("signup."):
        customer.dial(gateway)
        screen, last = customer.walk("1", "1", *customer.names, "1", customer.id_number, "1", PIN), PIN
    else:
        customer.sign_up(gateway)
        customer.dial(gateway)
        screen, last = customer.walk("7", "1", PIN, OTHER_PIN), OTHER_PIN
    assert screen is not None and screen.startswith("Type the new PIN again:"), screen
    return last


def traced(kills):
    """What a process that lives passes."""
    file = kills.stage.folder / "trace"
    gateway = kills.stage.start_gateway(trace=file)
    for name in ("signup.", "pin."):
        customer = kills.new_customer()
        last = to_last_input(name, customer, gateway)
        customer.phone.type(last)
    quiet(kills.stage)
    names = {name for name in file.read_text().split() if name.startswith(("signup.", "pin.")) and not name.endswith(".wait")}
    assert gateway.stop() == 0
    assert set(SOME) <= names, set(SOME) - names
    return sorted(names)


def die_at(kills, name):
    """The customer, or None where another one's errand brought the process to that point before."""
    customer = kills.new_customer()
    last = to_last_input(name, customer, kills.survivor)
    gateway = kills.victim((name, 1))
    customer.phone.gateway = gateway
    before = kills.is_down(gateway)
    if not before:
        customer.phone.type(last)
        until(lambda: kills.is_down(gateway), f"it to die at {name}")
    kills.stage.advance(LEASE_MS)
    return None if before else customer


def said(stage, customer, words):
    return sum(words in message["text"] for message in Phone(stage, customer.msisdn).inbox())


def judge(stage, name, customer, gateway):
    words, pin = (OPENED, PIN) if name.startswith("signup.") else (CHANGED, OTHER_PIN)
    people = [c for c in stage.state()["customers"] if c["phone"] == customer.msisdn]
    assert [len(c["wallets"]) for c in people] == [1], (name, people)
    # Sent, and dead before that was saved: the same words may come once more.
    assert 1 <= said(stage, customer, words) <= 2, name
    screen = until(lambda: customer.dial(gateway), f"a screen for {name}")
    assert screen.endswith(HOME), (name, screen)
    assert customer.walk("1", pin).startswith("You have R"), (name, customer.phone.screen)


@pytest.mark.patience(240 if "ISANGO_LONG" in os.environ else 60)
def test_killed_in_a_sign_up_or_a_new_pin(make_stage):
    stage = make_stage(clock=True, edit=quick)
    kills = Kills(stage)
    names = traced(kills) if "ISANGO_LONG" in os.environ else SOME
    died = {name: die_at(kills, name) for name in names}
    pass_time(stage, 2 * LEASE_MS, ABSENT_MS, ABSENT_MS, LEASE_MS)
    died = {name: customer for name, customer in died.items() if customer is not None}
    assert len(died) > len(names) / 2, died
    for name, customer in died.items():
        judge(stage, name, customer, kills.survivor)
    assert stage.waiting() == (0, 0)
