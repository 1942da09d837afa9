# SPDX-License-Identifier: Apache-2.0
"""The main job from end to end, as scripts/run --tour tells it, and the script itself."""
import os
import pathlib
import signal
import socket
import subprocess

import pytest

from helpers import HOME, THANDI
from phone import CODES, Phone
from run import HOSTILE
from stage import SOURCE, until
from story import Difference, Story

STORY = (SOURCE / "tests" / "tour" / "story.txt").read_text()


def quiet(_line):
    pass


@pytest.mark.parametrize("via", CODES)
@pytest.mark.parametrize("profile", ["friendly", "hostile"])
def test_the_story(make_stage, via, profile):
    stage = make_stage(profile=profile, sandbox=HOSTILE if profile == "hostile" else ())
    Story(stage, STORY, via, stage.wallet_id, quiet).play()


@pytest.mark.parametrize("true, false", [("< You have R0.00.", "< You have R1.00."), ("(over)\n", ""),
                                         ("by {date}. Tell", "by {date} or so. Tell"),
                                         ("< 200 PENDING", "< 200 SUCCESSFUL"), ("Fee R1.00.\n", "Fee R2.00.\n")])
def test_another_story_is_refused(make_stage, true, false):
    assert true in STORY
    stage = make_stage()
    story = Story(stage, STORY.replace(true, false, 1), "smpp", stage.wallet_id, quiet)
    story.sms_seconds = 1
    with pytest.raises(Difference):
        story.play()


def run(stage, *arguments, **more):
    return subprocess.Popen(["/usr/bin/python3", "-B", SOURCE / "tests" / "stage" / "run.py", "--build", stage.build,
                             *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def left_behind(folder):
    """Processes that still name the folder, and what is in it."""
    processes = [p for p in pathlib.Path("/proc").glob("[0-9]*/cmdline")
                 if str(folder).encode() in _read(p)]
    return processes, list(folder.iterdir())


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def in_folder(folder):
    return {"env": {**os.environ, "TMPDIR": str(folder)}}


def test_two_tours_at_once_leave_nothing(make_stage, tmp_path):
    stage = make_stage(start=False)
    tours = [run(stage, "--tour", **in_folder(tmp_path)) for _ in range(2)]
    for tour in tours:
        out, err = tour.communicate(timeout=120)
        assert tour.returncode == 0, out[-2000:] + err
        for words in ("Your wallet is open.", "Done: R50.00 sent to S*** D***", "SMS to Sipho", "R2 900.00 this month",
                      "USSD over HTTP", "-> 200 PENDING"):
            assert words in out
    assert left_behind(tmp_path) == ([], [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_tour_that_is_ended_leaves_nothing(make_stage, tmp_path, number):
    stage = make_stage(start=False)
    tour = run(stage, "--tour", **in_folder(tmp_path))
    until(lambda: list(tmp_path.glob("*/isango1.ports")), "the stage to stand")
    tour.send_signal(number)
    tour.communicate(timeout=60)
    assert tour.returncode != 0
    assert left_behind(tmp_path) == ([], [])


def test_the_phone_in_the_terminal(make_stage, tmp_path):
    stage = make_stage(start=False)
    person = run(stage, "--from", THANDI, stdin=subprocess.PIPE, **in_folder(tmp_path))
    out, err = person.communicate("1\n1\nThandi\n", timeout=60)
    assert person.returncode == 0, err
    assert "| Type your surname:" in out and "curl -d" in out
    assert left_behind(tmp_path) == ([], [])


def test_dial_shows_screens_and_sms(stage):
    dial = subprocess.Popen([stage.build / "isango", "dial", "--sandbox", stage.control_url, CODES["smpp"], "--from",
                             THANDI], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    typed = ["1", "1", "Thandi", "", "Mokoena", "1", "8001015009087", "1", "24680", "24680"]
    dial.stdin.write("\n".join(typed) + "\n")
    dial.stdin.flush()
    shown = ""
    while "to use it." not in shown:
        shown += dial.stdout.readline()
    dial.stdin.close()
    assert dial.wait(20) == 0
    for words in ("| Choose your language:", "  > 24680", "| Your wallet is open.", "SMS from ACME"):
        assert words in shown, shown


def test_dial_as_an_aggregator(make_stage):
    with socket.socket() as reserved:
        # The only test that needs to know the port before: held until serve takes it over.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]

    def fixed(config, _tenant):
        config["listen"]["channels"] = f"127.0.0.1:{port}"
    stage = make_stage(edit=fixed)
    done = subprocess.run([stage.build / "isango", "dial", "-c", stage.config, CODES["http"], "--from", THANDI,
                           "--profile", "repeating"],
                          input="1\n1\nThandi\n", capture_output=True, text=True, timeout=60, check=False)
    # What came twice was done once, or the name would stand for the surname too.
    assert done.returncode == 0 and "| Type your surname:" in done.stdout, done.stdout + done.stderr
    assert " of 160 septets" in done.stdout
    # The hang-up was told: the sign-up goes on from another phone's terminal where it was.
    again = Phone(stage, THANDI, "http")
    assert again.dial().startswith("You were not finished here.")
    assert again.type("1").startswith("Type your surname:")
    wrong = subprocess.run([stage.build / "isango", "dial", "-c", stage.config, "*999#", "--from", THANDI],
                           input="", capture_output=True, text=True, timeout=60, check=False)
    assert wrong.returncode == 1 and "has this code" in wrong.stdout


@pytest.mark.parametrize("arguments", [["--from", "27821234567"], ["*120*384#"], ["--http", "*120*384#", "--from", "1"],
                                       ["--sandbox", "http://127.0.0.1:1", "hello", "--from", THANDI]])
def test_dial_says_how_it_is_used(make_stage, arguments):
    stage = make_stage(start=False)
    done = subprocess.run([stage.build / "isango", "dial", *arguments], capture_output=True, text=True, timeout=20,
                          check=False)
    assert done.returncode in (1, 2) and "isango dial" in done.stderr
    assert HOME not in done.stdout
