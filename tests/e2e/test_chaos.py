# SPDX-License-Identifier: Apache-2.0
"""
Many customers who dial, pay, cash out, hang up and dial again, while gateways are killed and stand still, Redis is killed and
stands still, links break, and the wallet core (hostile) loses answers, is slow or refuses. Then all that stops, everything
comes to its end, and the rules of money are held against the ledger. The seed is printed; ISANGO_SEED gives it again, which
repeats the faults and what customers want, but not how the machine interleaves them.
"""
import concurrent.futures
import os
import random
import signal
import threading
import time

import pytest

from crowd import SECOND_MS, Customer, Employer, pass_time, pass_to_the_end, redeem_every_other
from rules import judge, limits_agree
from stage import StageError, until

LONG = "ISANGO_LONG" in os.environ
CUSTOMERS, SECONDS, AT_ONCE = (1000, 60, 24) if LONG else (60, 10, 12)
GATEWAYS = 2
ORDERS_MAX = 30             # with amounts of their own
TRANSFERS, WITHDRAWALS = "transfers$", "withdrawals$"
# What the log says of what is done to it.
EXPECTED = {"intent needs a person", "withdrawal turned up late", "not told", "token undelivered"}


def quick(config, tenant):
    config["turn_budget_ms"] = 2500
    config["redis"]["timeout_ms"] = 500
    tenant["wallet_core"]["timeout_money_ms"] = 1500
    tenant["wallet_core"]["timeout_read_ms"] = 800
    tenant["wallet_core"]["follow_per_s"] = 0       # hundreds of tokens are looked at again at once, at the end


class Monkey:
    """Breaks one thing after the other, and lets it heal. What it starts dies with the thread that it runs in."""

    def __init__(self, stage, rng):
        self.stage, self.rng = stage, rng
        self.living, self.done = list(stage.gateways), {}
        self.acts = [self.kill_gateway, self.kill_gateway, self.stop_gateway, self.kill_redis, self.stop_redis, self.break_links,
                     self.trouble_core, self.trouble_core, self.trouble_core, self.trouble_smsc]

    def run(self, until_then):
        while time.monotonic() < until_then:
            act = self.rng.choice(self.acts)
            self.done[act.__name__] = self.done.get(act.__name__, 0) + 1
            act()
            time.sleep(self.rng.uniform(0.05, 0.4))
        self.stage.no_faults()

    def kill_gateway(self):
        victim = self.rng.choice(self.living)
        self.living.remove(victim)
        victim.kill()
        time.sleep(self.rng.uniform(0, 0.5))
        self.start_gateway()

    def start_gateway(self):
        """It may find no Redis."""
        for _ in range(50):
            gateway = self.stage.start_gateway(wait=False)
            try:
                until(gateway.listening, "isango serve to listen")
            except StageError:
                continue
            self.living.append(gateway)
            return
        raise AssertionError(f"isango serve does not come up: {gateway.tail()}")

    def stall(self, process, longest):
        process.signal(signal.SIGSTOP)
        time.sleep(self.rng.uniform(0.05, longest))
        process.signal(signal.SIGCONT)

    def stop_gateway(self):
        self.stall(self.rng.choice(self.living), 1.5)

    def stop_redis(self):
        self.stall(self.stage.redis, 1.0)

    def kill_redis(self):
        self.stage.redis.kill()
        time.sleep(self.rng.uniform(0, 0.5))
        self.stage.start_redis()

    def break_links(self):
        self.stage.control("POST", "/control/drop-links", {})

    def trouble_core(self):
        do = self.rng.choice(({"do": "lose_answer"}, {"do": "no_answer"}, {"do": "delay", "ms": 2000}, {"do": "drop_before"},
                              {"do": "garbage"}, {"do": "error", "status": 503}, {"do": "later", "ms": 1000}))
        where = self.rng.choice(({"method": "POST", "path": TRANSFERS}, {"method": "POST", "path": WITHDRAWALS}, {}))
        self.stage.faults({"where": "core", **do, "times": self.rng.randint(1, 8), "match": where})

    def trouble_smsc(self):
        do = self.rng.choice(({"do": "error", "status": 0x58}, {"do": "lose_answer"}, {"do": "no_receipt"}))
        self.stage.faults({"where": "smsc", **do, "times": self.rng.randint(1, 4), "match": {"method": "submit_sm"}})


class Life:
    """What customers do, each at most one thing at a time."""

    def __init__(self, monkey, customers, employer, rng):
        self.monkey, self.customers, self.employer, self.rng = monkey, customers, employer, rng
        self.free, self.lock = list(customers), threading.Lock()

    def live(self, until_then):
        while time.monotonic() < until_then:
            with self.lock:
                one = self.free.pop(self.rng.randrange(len(self.free)))
                other = self.rng.choice(self.customers)
                act, dice = self.rng.random(), self.rng.random()
            try:
                self.act(one, other, act, dice)
            finally:
                with self.lock:
                    self.free.append(one)
            time.sleep(dice / 10)

    def gateway(self, dice):
        living = [g for g in self.monkey.living if g.alive() and g.ports_file.exists()] or self.monkey.stage.gateways[:1]
        return living[int(dice * len(living))]

    def act(self, one, other, act, dice):
        gateway = self.gateway(dice)
        if act < 0.05:
            with self.lock:
                if len(self.employer.attempts) == ORDERS_MAX:
                    return
                attempt = self.employer.wants(one.msisdn)
            self.employer.order(gateway, attempt)
            return
        kind = "transfer" if act < 0.6 else "cash"
        to = other.msisdn if other is not one and (kind == "transfer" or act > 0.9) else None
        if kind == "transfer" and to is None:
            return
        attempt = one.to_confirm(kind, to, gateway)
        if attempt is None or dice < 0.08:
            one.phone.hang_up()
        elif dice < 0.16:
            one.phone.type("0")
        else:
            if one.pay(attempt) is None and dice < 0.6:
                # The aggregator tries the same again, at whichever process.
                attempt.screen = one.phone.repeat(self.gateway(1 - dice))
            one.phone.hang_up()


def settle(stage, customers, employer, living):
    """All is well again; what was begun ends. Then each customer dials once more."""
    for gateway in living:
        until(gateway.ready, "each process to be ready", 40)
    # Leases; those of SMS; a quarter of an hour proves absence; what reached nobody is cancelled and read in turns.
    pass_time(stage, *[12 * SECOND_MS] * 2, *[70 * SECOND_MS] * 2, 16 * 60 * SECOND_MS, *[10 * SECOND_MS] * 4)
    employer.finish(living[0])
    limits_agree(stage, customers, employer, living[0])
    redeem_every_other(stage)
    assert pass_to_the_end(stage), f"not every intent and message is final: {stage.waiting()}"


@pytest.mark.patience(600 if LONG else 180)
@pytest.mark.plain_only("it is about time and order; the same code runs in the other tests")
def test_the_rules_hold_whatever_breaks(make_stage):
    seed = int(os.environ.get("ISANGO_SEED", random.randrange(1 << 32)))
    print(f"ISANGO_SEED={seed}")
    rng = random.Random(seed)
    stage = make_stage(profile="hostile", clock=True, edit=quick, sandbox=["--set", "late_ms=1500", "--seed", seed])
    stage.expected_errors |= EXPECTED
    stage.start_gateway()
    employer = Employer(stage)
    customers = [Customer(stage, n, "smpp" if n % 3 == 0 else "http") for n in range(CUSTOMERS)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda c: c.sign_up(stage.gateways[c.n % GATEWAYS], balance=2000000), customers))
        end = time.monotonic() + SECONDS
        monkey = Monkey(stage, random.Random(rng.random()))
        life = Life(monkey, customers, employer, random.Random(rng.random()))
        lives = [pool.submit(life.live, end) for _ in range(AT_ONCE)]
        monkey.run(end)
        for one in lives:
            one.result()
    settle(stage, customers, employer, monkey.living)
    found = judge(stage, customers, employer).violations()
    asked = [a for c in customers for a in c.attempts]
    print(f"{len(asked)} wanted to pay, {sum(a.pinned for a in asked)} typed the PIN, {len(employer.attempts)} orders; "
          f"{len(stage.state()['debits'])} debits, {len(stage.state()['withdrawals'])} codes; {monkey.done}")
    assert not found, "\n".join(found[:20])
    assert stage.state()["violations"] == []
    assert sum(a.pinned for a in asked) >= CUSTOMERS / 2
