# SPDX-License-Identifier: Apache-2.0
"""
The worked example of doc/menus.md, as an operator would follow it: its files are written, its commands typed, and what
they say is what the page says. Then a customer buys. In the page "..." stands for any lines; versions, times and users
are its own.
"""
import os
import re
import subprocess

from helpers import ID_NUMBERS, PIN, SIPHO, paid_once, sign_up, wait_sms
from phone import Phone
from stage import SOURCE, until

EXAMPLE = re.compile(r"^## A new item.*?(?=^## )", re.M | re.S)
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
VERSION = re.compile(r"\b[0-9a-f]{16}\b")
PUBLISHED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +\S+ +")
SELLER = "27820000900"


def steps():
    """("write", file, text) and ("type", command, lines of output), in the order of the page."""
    for kind, name, text in BLOCK.findall(EXAMPLE.search((SOURCE / "doc" / "menus.md").read_text())[0]):
        if kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
                command, *shown = part.splitlines()
                yield "type", command, shown
        elif name:
            yield "write", name, text


def typed(stage, command):
    done = subprocess.run(["sh", "-c", command], cwd=stage.folder, capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **stage.environment, "PATH": f"{stage.build}:{os.environ['PATH']}"})
    return [PUBLISHED.sub("WHEN WHO ", line).rstrip() for line in (done.stdout + done.stderr).splitlines()]


def agree(page, shown):
    """Lines of the page, of which "..." are any, with lines that were shown."""
    if not page or page[0] != "...":
        return page[:1] == shown[:1] and (not page or agree(page[1:], shown[1:]))
    return any(agree(page[1:], shown[n:]) for n in range(len(shown) + 1))


class Reader:
    """Follows the page; knows which of its versions is which of ours."""

    def __init__(self, stage):
        self.stage, self.ours = stage, {}

    def translate(self, text):
        return VERSION.sub(lambda m: self.ours.get(m[0], m[0]), text)

    def type(self, command, page):
        shown = typed(self.stage, self.translate(command))
        page = [PUBLISHED.sub("WHEN WHO ", line).rstrip() for line in page]
        for line, other in zip(page, shown):
            for known, version in zip(VERSION.findall(line), VERSION.findall(other)):
                self.ours.setdefault(known, version)
        page = [self.translate(line) for line in page]
        assert agree(page, shown), "\n".join([f"doc/menus.md says of: {command}", *page, "but it is:", *shown])


def more(phone):
    phone.dial()
    return phone.walk("7")


def buy(stage, phone):
    until(lambda: "5. Buy airtime" in more(phone), "the new menu", 40)
    assert phone.type("5").startswith("Airtime for this phone: how much?")
    assert phone.type("4").startswith("The least is R5.00.")
    assert phone.type("20") == ("Airtime R20.00 + R1.00 fee, paid to A*** A*** 082 000 0900. "
                                "Enter your PIN to pay, 0 to cancel.")
    assert phone.type(PIN) == "Paid: R20.00 for airtime. It comes by SMS."
    assert not phone.open
    paid_once(stage, "20.00")
    wait_sms(Phone(stage, SELLER), "You got R20.00")


def test_the_worked_example(make_stage):
    stage = make_stage()
    stage.customer(SELLER, firstName="Acme", lastName="Airtime", nationalIdentityNumber=ID_NUMBERS[SIPHO])
    thandi = sign_up(stage)
    reader, bought = Reader(stage), False
    for what, name, text in steps():
        if what == "write":
            (stage.folder / name).parent.mkdir(exist_ok=True)
            (stage.folder / name).write_text(text)
            continue
        if "publish" in name and "--version" in name:
            buy(stage, thandi)
            bought = True
        reader.type(name, text)
    assert bought and "airtime" in (stage.folder / "acme.dot").read_text()
    until(lambda: "airtime" not in more(thandi), "the menu of before", 40)
    # Also in a process that knows the tenant by its new menu only.
    assert stage.stop_gateways() == [0]
    stage.start_gateway()
    assert "airtime" not in more(thandi)


def test_a_page_that_drifted():
    """What the comparison above would not see must not be much."""
    assert agree(["a", "...", "c"], ["a", "b", "b", "c"]) and agree(["..."], [])
    assert not agree(["a", "...", "c"], ["a", "b"]) and not agree(["a"], ["a", "b"]) and not agree(["a", "b"], ["a"])
    assert not agree(["a"], ["b"]) and agree([], [])
