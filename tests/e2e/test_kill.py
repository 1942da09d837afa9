# SPDX-License-Identifier: Apache-2.0
"""
kill -9 at each step of a payment. A first process is traced (base/fault_point.h): the points that it passes are the list. Then,
for each of them, a process of its own takes a customer's PIN and dies there, or stands still; another one finishes what it
began. In the end the rules of money are held against the ledger and the SMS.
"""
import collections
import concurrent.futures
import json
import pathlib
import signal
import threading

import pytest

from crowd import SECOND_MS, Customer, Employer, pass_time, pass_to_the_end, quiet, redeem_every_other
from helpers import token_in, withdrawals
from phone import Phone
from rules import judge, limits_agree
from stage import http, until

AT_ONCE = 8
PATIENCE_S = 5              # some points come when a list of the core has caught up
PASSES_MAX = 2              # of one point: an attempt is saved before and after
ENDLESS = (".wait", ".follow")
KINDS = {"transfer": "transfer.", "cash": "withdrawal.", "order": "withdrawal."}
# What an answer without its body leads to is what comes of one that is lost, and would come by chance.
HURRIED = {"friendly": [], "hostile": ["--set", "late_ms=1500", "--set", "list_lag_ms=1000", "--set", "create_status=201"]}
SMS_STEPS = ("before.attempt", "saved.attempt", "done.attempt", "saved.answer")
LOST = {"where": "core", "do": "lose_answer"}
REFUSED = {"where": "core", "do": "error", "status": 400, "body": [
    {"type": "BUSINESS", "severity": "LOW", "code": "WAL009", "description": "Insufficient funds"}]}
TRANSFERS = {"match": {"method": "POST", "path": "transfers$"}}
WITHDRAWALS = {"match": {"method": "POST", "path": "withdrawals$"}}
# name: (what is asked for, for another phone, the fault of the core meanwhile)
SCENARIOS = {
    "transfer": ("transfer", True, None), "cash": ("cash", False, None), "cash for another": ("cash", True, None),
    "order": ("order", True, None), "transfer, answer lost": ("transfer", True, {**LOST, **TRANSFERS}),
    "cash, answer lost": ("cash", False, {**LOST, **WITHDRAWALS}), "cash refused": ("cash", False, {**REFUSED, **WITHDRAWALS}),
}


def quick(config, tenant):
    config["turn_budget_ms"] = 1500
    # The answers that are lost on purpose must not keep the others from the core.
    tenant["wallet_core"].update(timeout_money_ms=2000, breaker_failures=1000, follow_per_s=0)


class Kills:
    """One stage, its survivor, and everybody who paid on it."""

    def __init__(self, stage):
        self.stage, self.survivor = stage, stage.gateway
        self.payee = Customer(stage, 0).sign_up(balance=1)
        self.employer = Employer(stage)
        self.customers = [self.payee]
        self.pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        self.reached, self.missed = [], []
        self.stopped = []

    def new_customer(self):
        customer = Customer(self.stage, len(self.customers))
        self.customers.append(customer)
        return customer

    # ---- one payment: to the confirm at the survivor, the rest at another process

    def prepare(self, scenario):
        customer = self.new_customer()

        def act():
            customer.sign_up(self.survivor)
            return self.shown(scenario, customer, self.survivor)
        return customer, self.pool.submit(act)

    def shown(self, scenario, customer, gateway):
        """The attempt on the confirm screen. A core that answers late may keep it away: then once more."""
        kind, other, _ = SCENARIOS[scenario]
        if kind == "order":
            return None
        return until(lambda: customer.to_confirm(kind, self.payee.msisdn if other else None, gateway), "a confirm screen")

    def confirm(self, scenario, customer, attempt, gateway):
        if SCENARIOS[scenario][0] == "order":
            self.employer.order(gateway, self.employer.wants(customer.msisdn))
            return
        customer.phone.gateway = gateway
        customer.pay(attempt)

    def faulty(self, scenario, act):
        fault = SCENARIOS[scenario][2]
        if fault is not None:
            self.stage.faults(fault)
        try:
            return act()
        finally:
            self.stage.no_faults()

    # ---- which points there are

    def trace(self):
        """{scenario: [(point, pass)]}: what a process that lives passes, each where it comes first."""
        file, seen, known, found = self.stage.folder / "trace", 0, set(), {}
        gateway = self.stage.start_gateway(trace=file)
        for scenario, (kind, _, fault) in SCENARIOS.items():
            customer = self.new_customer().sign_up(self.survivor)
            attempt = self.shown(scenario, customer, gateway)
            self.faulty(scenario, lambda: self.confirm(scenario, customer, attempt, gateway))
            quiet(self.stage)
            if fault is not None:
                pass_time(self.stage, 3 * SECOND_MS, 3 * SECOND_MS)
            names = file.read_text().split()
            # Those of the other kind are an earlier payment's, and would not come again here.
            passes = collections.Counter(name for name in names[seen:]
                                         if name.startswith(KINDS[kind]) and not name.endswith(ENDLESS))
            seen = len(names)
            found[scenario] = [(name, n) for name in passes for n in range(1, min(passes[name], PASSES_MAX) + 1)
                               if (name, n) not in known]
            known |= set(found[scenario])
        assert gateway.stop() == 0
        return found

    # ---- the deaths

    @staticmethod
    def is_down(gateway):
        """It died or stands still: it was at its point."""
        if not gateway.alive():
            return True
        return pathlib.Path(f"/proc/{gateway.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"

    def victim(self, point, how=""):
        """Ready, or down: what others have left to do may have brought it to its point already."""
        name, n = point
        gateway = self.stage.start_gateway(wait=False, fault=f"{name}:{n}{how}")

        def ready():
            if gateway.ports is None and gateway.ports_file.exists():
                gateway.ports = json.loads(gateway.ports_file.read_text())
            if gateway.ports is None:
                return False
            return self.is_down(gateway) or \
                http("GET", f"http://127.0.0.1:{gateway.ports['admin']}/readyz", timeout=1)[0] == 200
        until(ready, "it to be ready")
        return gateway

    def note(self, scenario, point, gateway):
        try:
            until(lambda: self.is_down(gateway), "the point to be reached", PATIENCE_S)
        except AssertionError:
            self.missed.append((scenario, *point))
            return False
        self.reached.append((scenario, *point))
        return True

    def ask(self, scenario, point, customer, attempt, gateway):
        if self.is_down(gateway):
            return
        if point[0].endswith(".show"):
            customer.to_confirm(SCENARIOS[scenario][0], attempt.to, gateway)
        else:
            self.confirm(scenario, customer, attempt, gateway)

    def die_at(self, scenario, point, customer, attempt):
        gateway = self.victim(point)
        self.ask(scenario, point, customer, attempt, gateway)
        if not self.note(scenario, point, gateway):
            gateway.kill()

    def stop_at(self, scenario, point, customer, attempt):
        """It wakes up again when others have done its work."""
        gateway = self.victim(point, ":stop")
        waiting = threading.Thread(target=self.ask, args=(scenario, point, customer, attempt, gateway))
        waiting.start()
        self.note(scenario, point, gateway)
        self.stopped.append((gateway, waiting))

    def wake(self):
        for gateway, _ in self.stopped:
            gateway.signal(signal.SIGCONT)
        for gateway, waiting in self.stopped:
            waiting.join()
            gateway.signal(signal.SIGTERM)
        assert {gateway.wait() for gateway, _ in self.stopped} <= {0}
        quiet(self.stage)

    def play(self, scenario, points, how):
        ready = [(point, *self.prepare(scenario)) for point in points]
        ready = [(point, customer, attempt.result()) for point, customer, attempt in ready]
        self.faulty(scenario, lambda: list(self.pool.map(lambda one: how(scenario, *one), ready)))

    # ---- afterwards

    def end(self):
        """The tills pay some, time passes until all is over; then the rules."""
        assert redeem_every_other(self.stage) > 0
        assert pass_to_the_end(self.stage), f"not every intent and message is final: {self.stage.waiting()}"
        found = judge(self.stage, self.customers, self.employer).violations()
        assert not found, "\n".join(found)
        assert self.stage.state()["violations"] == []

    def finish(self):
        quiet(self.stage)
        pass_time(self.stage, *[12 * SECOND_MS] * 2, 70 * SECOND_MS)
        self.wake()
        pass_time(self.stage, 20 * SECOND_MS, 16 * 60 * SECOND_MS)
        self.employer.finish(self.survivor)
        limits_agree(self.stage, self.customers, self.employer, self.survivor)
        self.end()


def test_the_product_has_no_fault_points(make_stage):
    stage = make_stage(start=False, clock=True)
    for program, has in ((stage.build / "isango", False), (stage.program, True)):
        octets = program.read_bytes()
        assert (b"ISANGO_FAULT" in octets, b"fault_point" in octets) == (has, has), program


@pytest.mark.patience(240)
@pytest.mark.parametrize("profile", [
    "friendly", pytest.param("hostile", marks=pytest.mark.plain_only("the same code paths as with a friendly core"))])
def test_killed_at_each_step(make_stage, profile):
    """And, where the core is friendly and each step therefore comes each time, also stopped there."""
    stage = make_stage(profile=profile, clock=True, edit=quick, sandbox=HURRIED[profile])
    stage.expected_errors |= {"intent needs a person", "withdrawal turned up late"}
    kills = Kills(stage)
    for scenario, points in kills.trace().items():
        kills.play(scenario, points, kills.die_at)
        if profile == "friendly":
            kills.play(scenario, points, kills.stop_at)
    print(f"{profile}: {len(kills.reached)} points reached, {len(kills.missed)} not: {kills.missed}")
    names = {name for _, name, _ in kills.reached}
    assert {f"{kind}.{when}.send" for kind in ("transfer", "withdrawal") for when in ("before", "saved", "done")} <= names
    assert len(kills.missed) <= len(kills.reached) / 4, kills.missed
    kills.finish()


@pytest.mark.patience(120)
def test_killed_at_each_step_of_an_sms(make_stage):
    """The one that has the link dies of each of them, and the next one has it then: the same token comes, once or twice."""
    stage = make_stage(clock=True, edit=quick)
    kills = Kills(stage)
    points = [f"{cls}.{step}" for step in SMS_STEPS for cls in ("token", "result")]
    waiting = iter([kills.new_customer().sign_up() for _ in range(3 * len(points))])
    quiet(stage)
    stage.gateway.kill()
    who = {}
    for name in points:
        # It may die of an SMS that an earlier one has left, before there is a code: then it is the next customer's turn.
        while name not in who:
            customer = next(waiting)
            stage.advance(3 * SECOND_MS)        # the dead one's lease of the link ends
            gateway = kills.victim((name, 1))
            until(lambda: not gateway.alive() or gateway.linked(), "it to have the link")
            attempt = customer.to_confirm("cash", gateway=gateway)
            if attempt is not None:
                customer.pay(attempt)
            if attempt is not None and withdrawals(stage, owner=customer.msisdn):
                who[name] = customer
            else:
                gateway.kill()
            until(lambda: not gateway.alive(), f"it to die at {name}")
    kills.survivor = stage.start_gateway()
    pass_time(stage, *[12 * SECOND_MS] * 2, *[70 * SECOND_MS] * 3)
    said = {name: [t for t in (token_in(m["text"]) for m in Phone(stage, c.msisdn).inbox()) if t] for name, c in who.items()}
    assert all(len(set(tokens)) == 1 and len(tokens) <= 2 for tokens in said.values()), said
    assert len(said["token.done.attempt"]) == 2, "it went out, and nobody knew"
    kills.end()
