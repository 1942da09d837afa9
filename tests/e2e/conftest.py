# SPDX-License-Identifier: Apache-2.0
"""
Whole-gateway tests: each has a stage of its own (tests/stage), and after each everything that was written down is looked
at: no log may hold a sanitizer's mark, an error that the test did not expect, or a secret; no secret may be in Redis.
"""
import os
import pathlib
import re
import signal
import sys
import threading

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "stage"), str(pathlib.Path(__file__).resolve().parent)]
sys.dont_write_bytecode = True

import pytest  # noqa: E402

import helpers  # noqa: E402
import wire  # noqa: E402
from callbacks import Front  # noqa: E402
from leaks import Leaks  # noqa: E402
from stage import AT_KEY, CORE_PASSWORD, INTEGRATOR_KEY, SMPP_PASSWORD, Stage  # noqa: E402

ASAN = pathlib.Path(os.environ.get("ISANGO_BUILD", "")).name == "asan"
PATIENCE_S = 600 if "ISANGO_LONG" in os.environ else 60
BROKEN = re.compile(r"fatal|ERROR: \w+Sanitizer|runtime error:|assertion|==\d+==", re.I)


class Stages:
    """Makes the stages of one test; looks at what they have left behind."""

    def __init__(self):
        self.made = []

    def __call__(self, start=True, **options):
        edit = options.pop("edit", None)

        def for_tests(config, tenant):
            tenant["transfer_fee"] = "1.00"
            # Phones type faster here than people do, and dial until something is so; test_http_edge.py is about it.
            config.setdefault("http", {})["phone_per_minute"] = 0
            if edit is not None:
                edit(config, tenant)
        stage = Stage(edit=for_tests, keep=True, **options)
        stage.log_level = "debug"       # nothing of what is secret stands there either
        stage.expected_errors = set()
        stage.secrets = {helpers.PIN, helpers.OTHER_PIN, AT_KEY, CORE_PASSWORD, INTEGRATOR_KEY, SMPP_PASSWORD}
        self.made.append(stage)
        if start:
            helpers.open_stage(stage)
        return stage

    def look(self, stage):
        leaks = Leaks(stage)
        leaks.gather()
        codes = stage.stop_gateways()
        assert all(code == 0 for code in codes), f"isango serve ended with {codes}"
        logs = stage.logs()
        for name, text in logs.items():
            marks = [line for line in text.splitlines() if BROKEN.search(line)]
            assert not marks, f"{name}: {marks[:5]}"
        ours = "\n".join(text for name, text in logs.items() if name.startswith("isango"))
        bad = [line for line in ours.splitlines() if " error " in line
               and not any(f" {event} " in line for event in stage.expected_errors)]
        assert not bad, f"errors in the log: {bad[:5]}"
        found = leaks.scan()
        assert not found, f"secrets were left behind: {found[:5]}"


def pytest_configure(config):
    config.addinivalue_line("markers", "patience(seconds): what a test may take that is known to be long")
    config.addinivalue_line("markers", "plain_only(why): the build with sanitizers would find nothing more in it")


def patience(item):
    mark = item.get_closest_marker("patience")
    return max(PATIENCE_S, mark.args[0] if mark else 0)


def pytest_collection_modifyitems(items):
    for item in items:
        mark = item.get_closest_marker("plain_only")
        if ASAN and mark:
            item.add_marker(pytest.mark.skip(reason=mark.args[0]))
    # xdist gives each process a first share, one after another: the long tests begin them.
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    longest = sorted((item for item in items if patience(item) > PATIENCE_S), key=patience, reverse=True)
    others = [item for item in items if item not in longest]
    share = max(len(items) // (4 * processes), 2)
    for n, item in enumerate(longest):
        others.insert(n % processes * share + n // processes, item)
    items[:] = others


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """A test that hangs fails; but beside the main thread, where xdist may put it, there are no signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seconds = patience(item)

    def late(_number, _frame):
        raise AssertionError(f"{item.name} took more than {seconds} s")
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.failed = outcome.get_result().failed


@pytest.fixture
def make_stage(request):
    stages = Stages()
    try:
        yield stages
        if not getattr(request.node, "failed", False):
            for stage in stages.made:
                stages.look(stage)
    finally:
        for stage in stages.made:
            if getattr(request.node, "failed", False):
                for name, text in stage.logs().items():
                    if name != "redis.log":
                        print(f"--- {name}\n" + "\n".join(text.splitlines()[-40:]))
            stage.keep = False
            stage.kill()


@pytest.fixture
def record(request, tmp_path):
    """
    record(port) stands before that port; ours: the way that our PDUs go. Unless the test failed or has read the recording
    itself, tshark must in the end find each of them sound.
    """
    made = []

    def before(port, ours=wire.OUT):
        made.append((wire.Recorder(port), ours))
        return made[-1][0]
    yield before
    for recorder, _ in made:
        recorder.close()
    if ASAN:
        return                  # the same PDUs as those of the plain build, and tshark takes a second for each test
    for recorder, ours in made:
        if recorder.keep and recorder.pieces and not getattr(request.node, "failed", False):
            wire.decode(recorder, tmp_path, (ours,))


@pytest.fixture
def stage(make_stage):
    """The shipped configuration, everything friendly."""
    return make_stage()


@pytest.fixture
def front():
    """What stands between the wallet core and the gateways."""
    made = Front()
    yield made
    made.close()
