# SPDX-License-Identifier: Apache-2.0
"""
Two processes and a real Redis that is restarted, stalls, has no memory or no disk left, or fails over to a replica, while
customers pay. Each time: plain words, what the ledger has is what customers are told, nothing twice, nothing half done.
"""
import concurrent.futures
import re
import resource
import signal
import subprocess
import time

import pytest

from forwarder import Forwarder
from helpers import (HOME, INTEGRATOR_PATH, PIN, SENT, SIPHO, TEXTS, WITHDRAW, core_customer, debits, paid_once,
                     sign_up, to_cash_confirm, to_send_confirm, withdrawals)
from phone import Phone
from stage import SOURCE, Process, until

CROWD = 6
SAID_DONE = re.compile(r"Done: R|You sent R|went through")
SAID_NOTHING = re.compile(r"Nothing was paid|did not go through|not paid", re.I)


def quick(config, _tenant):
    """Links outlive the faults, so that screens reach their phones."""
    config["binds"][0]["link_lease_s"] = 30
    config["redis"]["timeout_ms"] = 300
    config["turn_budget_ms"] = 2000


def id_number(n):
    digits = f"800101500{n}08"
    total = sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(map(int, digits)))
    return digits + str(-total % 10)


def crowd(stage):
    """Customers at their confirm screens, each of another amount, over both channels."""
    core_customer(stage)
    phones = []
    for n in range(CROWD):
        phone = Phone(stage, f"2782000010{n}", ("smpp", "http")[n % 2])
        phone.dial()
        phone.walk("1", "1", "Nomsa", "Zulu", "1", id_number(n), "1", PIN, PIN)
        phone.hang_up()
        stage.top_up("1000.00", phone=phone.msisdn)
        to_send_confirm(phone, SIPHO, str(50 + n))
        phones.append(phone)
    stage.secrets |= {phone.msisdn for phone in phones}
    return phones


def two_processes(make_stage, **options):
    stage = make_stage(edit=quick, **options)
    stage.expected_errors |= {"not told"}
    stage.start_gateway()
    return stage


def debited(stage, n):
    return [d["count"] for d in debits(stage) if d["amount"] == f"{50 + n}.00"]


def told(phone):
    return "\n".join([phone.screen or "", *(m["text"] for m in phone.inbox())])


def dial(phone):
    """None while nobody answers, as after a link was lost."""
    status, answer = phone.attempt("dial", code={"smpp": "*120*384#", "http": "*384*123#"}[phone.via], via=phone.via)
    if status != 200:
        return None
    phone.screen, phone.open = answer["screen"], answer["open"]
    return phone.screen


def settled(stage, phone, n, since):
    """The payment has an end, or is being asked for: where an attempt was saved and perhaps never sent, for a quarter of an hour."""
    screen = dial(phone)
    if screen is None or not screen.endswith(HOME):
        return False
    return "is being checked" not in screen or (not debited(stage, n) and time.monotonic() - since > 15)


def all_is_true(stage, phones, screens):
    since = time.monotonic()
    for n, phone in enumerate(phones):
        until(lambda n=n, phone=phone: settled(stage, phone, n, since), f"an end for customer {n}: {phone.screen}", 45)
        count, words = debited(stage, n), told(phone) + "\n" + screens[n]
        assert count in ([], [1]), (n, count)
        if SAID_DONE.search(words):
            assert count == [1], words
        if SAID_NOTHING.search(words):
            assert count == [], words
        # Another one can be paid as soon as the first one has its end.
        if "is being checked" not in phone.screen:
            shown = phone.walk("2", "0" + SIPHO[2:], "90")
            assert "Enter your PIN" in shown, shown
            assert SENT.match(phone.type(PIN)), phone.screen
    assert all(d["count"] == 1 for d in debits(stage))


def pay_while(stage, phones, begin, end):
    """All type their PIN at once; the fault begins with the first debit and is over when all have their screens."""
    def type_pin(phone):
        status, answer = phone.attempt("type", text=PIN)
        return answer.get("screen") or "" if status == 200 else ""
    with concurrent.futures.ThreadPoolExecutor(len(phones)) as pool:
        typed = [pool.submit(type_pin, phone) for phone in phones]
        until(lambda: debits(stage), "the first debit")
        begin()
        screens = [future.result() for future in typed]
    assert all(screens), screens
    end()
    for gateway in stage.gateways:
        until(lambda gateway=gateway: gateway.missing() == "ready\n", "Redis to be back")
    return screens


def test_restarted(make_stage):
    stage = two_processes(make_stage)
    phones = crowd(stage)
    def restart():
        stage.redis.kill()
        stage.start_redis()
    screens = pay_while(stage, phones, restart, lambda: None)
    all_is_true(stage, phones, screens)


def test_stalled(make_stage):
    """Longer than every deadline; what it executes afterwards refuses, or finds that it was done."""
    stage = two_processes(make_stage)
    phones = crowd(stage)
    screens = pay_while(stage, phones, lambda: stage.redis.signal(signal.SIGSTOP),
                        lambda: stage.redis.signal(signal.SIGCONT))
    all_is_true(stage, phones, screens)


def test_out_of_memory(make_stage):
    stage = two_processes(make_stage)
    stage.expected_errors.add("money off")
    phones = crowd(stage)
    screens = pay_while(stage, phones, lambda: stage.redis_cli("CONFIG", "SET", "maxmemory", "1"),
                        lambda: stage.redis_cli("CONFIG", "SET", "maxmemory", "0"))
    all_is_true(stage, phones, screens)


def test_disk_full(make_stage):
    """Under appendfsync always Redis ends rather than acknowledge what it could not write."""
    stage = two_processes(make_stage)
    phones = crowd(stage)
    log = max((stage.folder / "redis" / "appendonlydir").glob("*.incr.aof"), key=lambda path: path.stat().st_size)

    def fill():
        # As a full disk: the next octets do not fit. Redis is told by an error, not by a signal (see start_redis).
        resource.prlimit(stage.redis.pid, resource.RLIMIT_FSIZE, (log.stat().st_size + 100, resource.RLIM_INFINITY))
        stage.redis_cli("SET", "filler", "x" * 1000)
        until(lambda: not stage.redis.alive(), "Redis to end")
    screens = pay_while(stage, phones, fill, stage.start_redis)
    assert "Error writing to the AOF file: File too large" in (stage.folder / "redis.log").read_text() or \
        "Short write while writing to the AOF file" in (stage.folder / "redis.log").read_text()
    assert stage.redis_cli("EXISTS", "filler") == "0"
    all_is_true(stage, phones, screens)


# ---- running short


def test_money_goes_off_before_memory_ends(make_stage):
    stage = two_processes(make_stage)
    stage.expected_errors.add("money off")
    payer, casher = sign_up(stage), sign_up(stage, SIPHO, via="http")
    to_send_confirm(payer)
    to_cash_confirm(casher)
    used = int(re.search(r"used_memory:(\d+)", stage.redis_cli("INFO", "memory"))[1])
    stage.redis_cli("CONFIG", "SET", "maxmemory", str(used + used // 20))
    for gateway in stage.gateways:
        until(lambda gateway=gateway: "money off: Redis has little memory left" in gateway.missing(), "/readyz to say so")
        assert gateway.metric("isango_money_off") == 1 and gateway.ready()
    # At the confirm, before the PIN, and for integrators; all else goes on.
    assert payer.type(PIN) == TEXTS["error.money_off"] and not payer.open
    assert casher.type(PIN) == TEXTS["error.money_off"]
    payer.dial()
    assert payer.walk("2") == TEXTS["error.money_off"]
    assert payer.dial() == HOME
    assert payer.walk("1", PIN).startswith("You have R1 000.00.")
    status, answer = stage.integrator("POST", INTEGRATOR_PATH, WITHDRAW)
    assert status == 503 and "nothing was ordered" in str(answer), answer
    assert debits(stage) == [] and withdrawals(stage) == []
    stage.redis_cli("CONFIG", "SET", "maxmemory", "0")
    for gateway in stage.gateways:
        until(lambda gateway=gateway: gateway.missing() == "ready\n", "money to be back on")
    to_send_confirm(payer)
    assert SENT.match(payer.type(PIN))
    paid_once(stage, "50.00")


def test_money_is_off_without_disk(make_stage):
    def no_disk_has_so_much(config, tenant):
        quick(config, tenant)
        config["redis"] |= {"data_dir": "redis", "disk_floor_mb": 1048576}
    stage = make_stage(edit=no_disk_has_so_much)
    stage.expected_errors.add("money off")
    core_customer(stage)
    phone = sign_up(stage)
    until(lambda: "money off: the disk of Redis is nearly full" in stage.gateway.missing(), "/readyz to say so")
    phone.dial()
    assert phone.walk("2") == TEXTS["error.money_off"]
    assert debits(stage) == []


# ---- replicas


class Pair:
    """A master and a replica; the processes reach Redis through a forwarder, and the replica its master through another."""

    def __init__(self, make_stage, replicas=0):
        self.stage = stage = make_stage(start=False, edit=self.edit)
        self.replicas = replicas
        self.to_redis = Forwarder(stage.socket)
        self.to_master = Forwarder(stage.socket)
        self.socket = stage.folder / "replica.sock"

    def edit(self, config, tenant):
        quick(config, tenant)
        config["redis"]["url"] = f"redis://127.0.0.1:{self.to_redis.port}/0"
        config["redis"]["replicas"] = self.replicas
        if self.replicas > 0:   # half of it is the replica's, which a busy machine may leave waiting
            config["redis"]["timeout_ms"], config["turn_budget_ms"] = 1600, 5000

    def start(self, *arguments):
        """As helpers.open_stage, with the replica before the first process."""
        stage = self.stage
        stage.expected_errors |= {"not told"}
        stage.start_redis("--repl-diskless-sync-delay", "0", *arguments)
        data = stage.folder / "redis-replica"
        data.mkdir()
        self.replica = Process(["redis-server", SOURCE / "etc" / "redis.conf", "--dir", data, "--unixsocket", self.socket,
                                "--replicaof", f"127.0.0.1 {self.to_master.port}"], stage.folder / "redis-replica.log")
        until(lambda: "master_link_status:up" in self.ask("INFO", "replication"), "the replica to follow")
        until(lambda: "aof_rewrite_in_progress:0" in self.ask("INFO", "persistence"), "the replica to keep what it has")
        stage.start_sandbox()
        stage.configure()

    def ask(self, *arguments):
        if not self.socket.exists():
            return ""
        return subprocess.run(["redis-cli", "-s", str(self.socket), *arguments], capture_output=True, text=True, timeout=20,
                              check=False).stdout

    def follows(self):
        """The replica has all that the master has now."""
        def offset(text, name):
            return re.search(rf"{name}:(\d+)", text)[1]
        until(lambda: offset(self.stage.redis_cli("INFO", "replication"), "master_repl_offset") ==
              offset(self.ask("INFO", "replication"), "slave_repl_offset"), "the replica to have all")

    def promote(self):
        self.stage.redis.kill()
        self.ask("REPLICAOF", "NO", "ONE")
        self.to_redis.point(self.socket)

    def restart_replica(self):
        self.replica.kill()
        self.replica = Process(["redis-server", SOURCE / "etc" / "redis.conf", "--dir", self.stage.folder / "redis-replica",
                                "--unixsocket", self.socket], self.stage.folder / "redis-replica.log")
        until(lambda: "PONG" in self.ask("PING"), "the promoted one to be back")

    def rejoin(self):
        """The former master comes back as a replica: without one nothing is acknowledged."""
        self.to_master.point(self.socket)
        self.stage.start_redis("--replicaof", f"127.0.0.1 {self.to_master.port}")

    def close(self):
        self.to_redis.close()
        self.to_master.close()
        if self.replica.alive():
            self.replica.kill()


@pytest.fixture
def make_pair(make_stage):
    made = []

    def make(replicas=0):
        made.append(Pair(make_stage, replicas))
        return made[-1]
    yield make
    for pair in made:
        pair.close()


def open_pair(pair, *arguments):
    pair.start(*arguments)
    pair.stage.customer("27829000000", firstName="Acme", lastName="Wages", balance="100000.00",
                        nationalIdentityNumber="7502280219088")
    pair.stage.start_gateway()
    pair.stage.start_gateway()
    return pair.stage


def limit(stage, *arguments):
    done = subprocess.run([stage.build / "isango", "limit", "-c", stage.config, *arguments], capture_output=True,
                          text=True, timeout=40, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promoted_with_the_last_writes_missing(make_pair):
    """What the replica never got is not paid again by us; the limit is closed for all processes, transfers go on."""
    pair = make_pair()
    stage = open_pair(pair)
    stage.expected_errors.add("limit closed")
    assert "redis may miss payments" in stage.gateway.log.read_text()
    payer, casher = sign_up(stage, via="http"), sign_up(stage, SIPHO)
    to_send_confirm(payer)
    to_cash_confirm(casher)
    pair.follows()
    pair.to_master.lose()
    assert SENT.match(payer.type(PIN))
    assert "code" in casher.type(PIN).lower()
    assert len(withdrawals(stage)) == 1
    pair.promote()
    for gateway in stage.gateways:
        until(lambda gateway=gateway: "limit closed: this Redis was promoted" in gateway.missing(), "/readyz to say so")
        assert "isango limit rebuild" in gateway.missing()
        assert gateway.metric("isango_limit_closed") == 1
        until(gateway.ready, "all connections to be back")
    # This Redis has never heard of the payment: for it, the confirm screen is still there. The PIN that the network delivers
    # once more pays nothing, and whether it was paid is not said.
    assert payer.repeat() == TEXTS["error.session_lost"]
    paid_once(stage, "50.00")
    until(lambda: dial(payer) == HOME, "the customer to be served")
    paid_once(stage, "50.00")
    to_send_confirm(payer, amount="60")
    assert SENT.match(payer.type(PIN))
    # No token that counts, in words at the entrance.
    casher.dial()
    shown = casher.walk("3")
    assert shown == TEXTS["cash.closed"], shown
    status, _ = stage.integrator("POST", INTEGRATOR_PATH, WITHDRAW)
    assert status == 503
    assert len(withdrawals(stage)) == 1
    assert all(d["count"] == 1 for d in debits(stage)) and len(debits(stage)) == 2
    # Nobody forgets it, whoever is restarted.
    pair.restart_replica()
    assert stage.gateways[0].stop() == 0
    newcomer = stage.start_gateway(wait=False)
    until(newcomer.listening, "a new process")
    for gateway in stage.gateways[1:]:
        until(lambda gateway=gateway: gateway.missing().startswith("limit closed: this Redis was promoted"),
              "all to know it still")
    # Rebuilt, which finds the token that this Redis had lost; all know that within a second.
    limit(stage, "rebuild")
    for gateway in stage.gateways[1:]:
        until(lambda gateway=gateway: gateway.missing() == "ready\n", "the limit to be open again")
    assert "R100.00 used" in limit(stage, SIPHO), limit(stage, SIPHO)


def test_a_replica_must_have_it_too(make_pair):
    """redis.replicas: without the replica nothing is acknowledged; with it, nothing that was is lost by a failover."""
    pair = make_pair(replicas=1)
    stage = open_pair(pair, "--min-replicas-to-write", "1", "--min-replicas-max-lag", "2")
    stage.expected_errors.add("limit closed")
    core_customer(stage)
    phone = sign_up(stage)
    pair.replica.signal(signal.SIGSTOP)
    assert phone.dial() == TEXTS["error.session_lost"]
    assert stage.gateways[0].metric("isango_store_short_total") + stage.gateways[1].metric("isango_store_short_total") > 0
    pair.replica.signal(signal.SIGCONT)
    until(lambda: dial(phone) == HOME, "the replica to be back")
    to_send_confirm(phone)
    assert SENT.match(phone.type(PIN))
    pair.promote()
    for gateway in stage.gateways:
        until(lambda gateway=gateway: "limit closed: this Redis was promoted" in gateway.missing(), "/readyz to say so")
    assert dial(phone) == TEXTS["error.session_lost"]
    pair.rejoin()
    # It knows of the payment: the same again is asked about.
    until(lambda: dial(phone) == HOME, "the new replica to follow")
    assert "You sent R50.00" in phone.walk("2", "0" + SIPHO[2:], "50")
    paid_once(stage, "50.00")


@pytest.mark.parametrize("arguments, words", [
    (("--min-replicas-to-write", "0"), "min-replicas-to-write"),
    (("--min-replicas-to-write", "1", "--min-replicas-max-lag", "0"), "min-replicas-max-lag"),
    (("--replicaof", "127.0.0.1 1"), "is a replica")])
def test_a_redis_that_does_not_fit_its_replicas_is_refused(make_stage, arguments, words):
    def with_replica(config, _tenant):
        config["redis"]["replicas"] = 1
    stage = make_stage(start=False, edit=with_replica)
    stage.start_redis(*arguments)
    stage.start_sandbox()
    stage.configure()
    gateway = stage.start_gateway(wait=False)
    assert gateway.wait() == 1
    assert words in gateway.tail()
