# SPDX-License-Identifier: Apache-2.0
"""Menus are published while customers are in the middle of them: all of them end with the version they began with."""
import concurrent.futures
import itertools
import json
import os
import re
import signal
import subprocess
from pathlib import Path

from helpers import SIPHO, THANDI, at_post
from stage import read_jsonc, until

CUSTOMERS, PUBLISHES, ROUNDS = 1000, 20, 5
POSTERS = 4
EDITION = re.compile(r"edition (\d+)")
# Three screens that ask nobody anything.
LEAVES = {"menu": "leaves", "start": "one", "home": "one", "states": {
    "one": {"choose": "leaf.one", "options": [{"text": "leaf.on", "go": "two"}]},
    "two": {"choose": "leaf.two", "options": [{"text": "leaf.on", "go": "three"}]},
    "three": {"end": "leaf.three"}}}
_sessions = itertools.count(1)


def write_edition(stage, n):
    """Texts that say which edition they are of; every other one has a state that the others do not have."""
    path = stage.folder / "templates" / "en.json"
    texts = read_jsonc(path)
    texts.update({f"leaf.{key}": f"edition {n} {key}" for key in ("one", "two", "three")}, **{"leaf.on": "On"})
    path.write_text(json.dumps(texts))
    (stage.folder / "menus" / "leaves.json").write_text(json.dumps(LEAVES).replace('"two"', f'"two.{n % 2}"'))


def leaves(make_stage, **options):
    def edit(config, tenant):
        config["versions_loaded"], config["versions_kept"] = 2, 2
        tenant.update(menu="leaves", languages=["en"])
        tenant["channels"][1]["session_s"] = 1800
        write_edition(made[0], 0)
    made = [make_stage(start=False, edit=edit, **options)]
    made[0].start_redis()
    made[0].start_sandbox()
    made[0].configure()
    made[0].start_gateway()
    return made[0]


def isango(stage, *arguments):
    return subprocess.run([stage.program, *arguments], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **stage.environment})


def publish(stage, *arguments):
    done = isango(stage, "publish", "-c", stage.config, *arguments)
    assert done.returncode == 0, done.stderr
    return re.search(r"([0-9a-f]{16}) is published", done.stdout)[1]


def publish_edition(stage, n):
    write_edition(stage, n)
    return publish(stage, "--note", f"edition {n}")


def versions(stage):
    """[(version, state, dialogues, note)], the newest first."""
    done = isango(stage, "versions", "-c", stage.config)
    assert done.returncode == 0, done.stderr
    rows = [line.split(maxsplit=6) for line in done.stdout.splitlines()[1:]]
    return [(row[1], row[2], row[3], row[6] if len(row) > 6 else "") for row in rows]


def dial(gateway, phone=SIPHO):
    return at_post(gateway, "", f"ATUid_look{next(_sessions)}", phone)[1]


def all_begin_with(gateways, n):
    until(lambda: all(f"edition {n} " in dial(gateway) for gateway in gateways), f"edition {n} everywhere", 40)


class Caller:
    """One dialogue; each of its inputs goes to another process, or to the next where a dead one gives no answer."""

    def __init__(self, gateways, n):
        self.gateways, self.n, self.text, self.seen = gateways, n, None, []

    def post(self):
        self.text = "" if self.text is None else f"{self.text}*1".lstrip("*")
        self.seen.append(until(self._answer, f"an answer to dialogue {self.n}", 40))

    def _answer(self):
        first = self.n + len(self.seen)
        for gateway in [self.gateways[(first + k) % 2] for k in range(2)]:
            status, shown = at_post(gateway, self.text, f"ATUid_{self.n}", f"278210{self.n:05d}")
            if status == 200:
                return shown
        return None

    def edition(self):
        """The one that all of it was of, or None."""
        found = {edition[1] for edition in map(EDITION.search, self.seen) if edition}
        whole = [text[:4] for text in self.seen] == ["CON ", "CON ", "END "]
        return found.pop() if whole and len(found) == 1 and all(map(EDITION.search, self.seen)) else None


def test_publishing_under_load(make_stage):
    """1 000 dialogues in progress, 20 versions, two processes; one is killed, and another comes in its place."""
    stage = leaves(make_stage)
    gateways = [stage.gateway, stage.start_gateway()]
    callers = [Caller(gateways, n) for n in range(CUSTOMERS)]
    rounds = [callers[k::ROUNDS] for k in range(ROUNDS)]
    with concurrent.futures.ThreadPoolExecutor(POSTERS) as pool:
        for k in range(ROUNDS):
            posting = [pool.submit(caller.post) for caller in rounds[k] + (rounds[k - 1] if k else [])]
            for n in range(1 + k * PUBLISHES // ROUNDS, 1 + (k + 1) * PUBLISHES // ROUNDS):
                publish_edition(stage, n)
                if n == PUBLISHES // 2:
                    gateways[1].kill()
                    other = stage.start_gateway(wait=False)
                    until(lambda: other.listening() and "redis" not in other.missing(), "another process", 40)
                    gateways[1] = other
            for future in posting:
                future.result()
            all_begin_with(gateways, n)
        assert sum(int(row[2]) for row in versions(stage)) >= CUSTOMERS
        list(pool.map(Caller.post, rounds[-1] + callers))
    assert [caller.seen for caller in callers if caller.edition() is None] == []
    assert len({caller.edition() for caller in callers}) >= ROUNDS
    assert [gateway.metric("isango_versions_missed_total") for gateway in gateways] == [0, 0]
    assert gateways[1].metric("isango_versions_loaded_total") > 0
    assert gateways[0].metric("isango_versions_evicted_total") > 0
    assert [row[3] for row in versions(stage)][-1] == "first start"


def test_refused_and_rolled_back(make_stage):
    stage = leaves(make_stage)
    first = versions(stage)[0][0]
    write_edition(stage, 1)
    menu = stage.folder / "menus" / "leaves.json"
    good = menu.read_text()
    menu.write_text(good.replace('"go": "three"', '"go": "thre"'))
    refused = isango(stage, "publish", "-c", stage.config)
    assert refused.returncode == 1 and 'leaves.json:1: goes to the state "thre"' in refused.stderr
    assert "nothing was published" in refused.stderr
    assert [row[:2] for row in versions(stage)] == [(first, "published")]
    menu.write_text(good)
    stage.gateway.signal(signal.SIGHUP)             # a child does it
    all_begin_with(stage.gateways, 1)
    second = versions(stage)[0][0]
    assert [(row[0], row[1], row[3]) for row in versions(stage)] == [
        (second, "published", "SIGHUP"), (first, "kept", "first start")]
    assert "published already" in isango(stage, "publish", "-c", stage.config).stdout
    assert publish(stage, "--version", first, "--note", "second was wrong") == first
    all_begin_with(stage.gateways, 0)
    assert [(row[0], row[1]) for row in versions(stage)] == [
        (first, "published"), (second, "kept"), (first, "kept")]
    assert isango(stage, "publish", "-c", stage.config, "--version", "0" * 16).returncode == 1
    # A restart takes what is published, whatever stands in the files.
    assert stage.gateway.stop() == 0
    menu.write_text("{")
    all_begin_with([stage.start_gateway()], 0)


def test_many_hangups(make_stage):
    """Each is heard, also while a child still publishes for the one before; none of the children is left behind."""
    stage = leaves(make_stage)
    stage.expected_errors.add("reload refused")     # of a child that read while a file was being written
    for n in range(1, 7):
        write_edition(stage, n)
        for _ in range(3):
            stage.gateway.signal(signal.SIGHUP)
    all_begin_with(stage.gateways, 6)
    children = Path(f"/proc/{stage.gateway.pid}/task/{stage.gateway.pid}/children")
    until(lambda: children.read_text() == "", "the last child to be over, and reaped")
    assert stage.gateway.stop() == 0


def test_what_nobody_needs_is_dropped(make_stage):
    """Not what is young, not what somebody is on, not the last two."""
    stage = leaves(make_stage, clock=True)
    zero = versions(stage)[0][0]
    assert "edition 0 one" in at_post(stage.gateway, "", "ATUid_1", THANDI)[1]
    one, two = publish_edition(stage, 1), publish_edition(stage, 2)
    assert {row[1] for row in versions(stage)} == {"published", "kept"}
    stage.advance(20 * 60 * 1000)
    assert "edition 0 two" in at_post(stage.gateway, "1", "ATUid_1", THANDI)[1]
    three = publish_edition(stage, 3)
    assert [row[:3] for row in versions(stage)] == [
        (three, "published", "0"), (two, "kept", "0"), (one, "dropped", "-"), (zero, "kept", "1")]
    until(lambda: stage.gateway.metric("isango_versions_dropped_total") == 1, "the count of what was dropped")
    assert stage.gateway.metric("isango_versions_kept") == 3
    refused = isango(stage, "publish", "-c", stage.config, "--version", one)
    assert refused.returncode == 1 and "not kept any more" in refused.stderr
    assert "edition 0 three" in at_post(stage.gateway, "1*1", "ATUid_1", THANDI)[1]
    stage.advance(20 * 60 * 1000)
    publish_edition(stage, 4)
    assert [row[1] for row in versions(stage)] == ["published", "kept", "dropped", "dropped", "dropped"]
