# SPDX-License-Identifier: Apache-2.0
"""What looks for secrets after each test sees them, and no core of a process that holds them can be had."""
import os
import pathlib
import resource
import signal
import subprocess
import types

import pytest

from helpers import PIN, SIPHO, cash_out, core_customer, sign_up, token_in, token_sms
from leaks import Leaks
from stage import until

NOBODY = 65534


@pytest.mark.plain_only("nothing of the gateway runs in it")
@pytest.mark.parametrize("where", ["isango1.log", "seen.isango1", "redis/appendonlydir/x.aof", "core.17"])
@pytest.mark.parametrize("what, text", [
    ("the PIN", f"pin={PIN}"), ("a token", "code 1234567890,"), ("a token in groups", "1234 5678 90"),
    ("a JWT", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIi"), ("a phone", f"to={SIPHO} "), ("in a name", f"{{p:001}}ses:acme/{SIPHO}"),
    ("as the country writes it", "083 765 4321"), ("a national number", "0837654321"), ("an SMS", "x Your wallet is open. y")])
def test_each_secret_is_seen(tmp_path, where, what, text):
    stage = types.SimpleNamespace(folder=tmp_path, secrets={PIN})
    file = tmp_path / where
    file.parent.mkdir(parents=True, exist_ok=True)
    leaks = Leaks(stage)
    leaks.words |= {"1234567890", "1234 5678 90", "Your wallet is open."}
    file.write_bytes(b"\0\xff0824680 124680 x24680y 2026-11-21T07:24:46.802Z \0\n")
    assert leaks.scan() == []
    file.write_bytes(b"\0\xff\n" + text.encode() + b"\xfe\0")
    found = leaks.scan()
    assert found and found[0].startswith(f"{where}:"), f"{what}: {found}"


def test_what_a_run_used_is_gathered(stage):
    core_customer(stage)
    phone = sign_up(stage)
    cash_out(phone)
    text = token_sms(phone)
    leaks = Leaks(stage)
    leaks.gather()
    assert {PIN, token_in(text), text, "0821234567", "8001015009087"} <= leaks.words
    assert "isango_intents_done_total" in (stage.folder / "seen.isango1").read_text()
    assert "ses:" in (stage.folder / "seen.keys").read_text()
    assert leaks.scan() == []


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGABRT])
def test_no_core_is_written(make_stage, number):
    """Although whoever started it allows cores."""
    stage = make_stage()
    allowed = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (allowed[1], allowed[1]))
    try:
        gateway = stage.start_gateway()
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, allowed)
    limits = pathlib.Path(f"/proc/{gateway.pid}/limits").read_text()
    assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size")] == [["0", "0"]]
    core_customer(stage)
    phone = sign_up(stage)
    cash_out(phone)
    token_sms(phone)
    home = pathlib.Path(f"/proc/{gateway.pid}/cwd").resolve()
    before = set(home.glob("*core*"))
    leaks = Leaks(stage)
    leaks.gather()
    os.kill(gateway.pid, number)
    ended = os.waitid(os.P_PID, gateway.pid, os.WEXITED | os.WNOWAIT)
    assert (ended.si_code, ended.si_status) == (os.CLD_KILLED, number), ended
    gateway.wait()
    # PIN, token, login and phones were in its memory a moment ago: they are nowhere on the disk.
    assert set(home.glob("*core*")) == before
    assert leaks.scan() == []


def test_its_own_user_cannot_look_into_it(make_stage, tmp_path):
    """As a debugger would that has the same user and no more rights; root's right to look into everything is taken away."""
    def without(*command):
        return ["setpriv", "--bounding-set", "-sys_ptrace", *command] if os.getuid() == 0 else list(command)

    def looks_into(pid):
        return subprocess.run(without("head", "-c", "8", f"/proc/{pid}/mem"), check=False, capture_output=True,
                              text=True).stderr.count("denied")

    sleeper = subprocess.Popen(without("sleep", "60"))
    try:
        until(lambda: "sleep" in pathlib.Path(f"/proc/{sleeper.pid}/comm").read_text(), "sleep to be what runs")
        if looks_into(sleeper.pid) != 0:
            pytest.skip("this system lets nobody look")
    finally:
        sleeper.kill()
        sleeper.wait()
    stage = make_stage(start=False)
    stage.start_redis()
    stage.start_sandbox()
    stage.configure()
    program = tmp_path / "isango"
    program.write_text(f"#!/bin/sh\nexec {' '.join(without(str(stage.program)))} \"$@\"\n")
    program.chmod(0o755)
    stage.program = program
    gateway = stage.start_gateway()
    assert looks_into(gateway.pid) == 1
    gateway.kill()
