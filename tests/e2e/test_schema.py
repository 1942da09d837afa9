# SPDX-License-Identifier: Apache-2.0
"""The schema of menu files agrees with `isango check`: what is shipped is right for both, what is broken for neither."""
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess

import jsonschema
import pytest

from stage import SOURCE

COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*')
SHIPPED = sorted((SOURCE / "menus").rglob("*.json"))


def read(path):
    return json.loads(COMMENT.sub(lambda m: m[1] or "", path.read_text()))


def without(*path):
    def edit(menu):
        for key in path[:-1]:
            menu = menu[key]
        del menu[path[-1]]
    return edit


def put(value, *path):
    def edit(menu):
        for key in path[:-1]:
            menu = menu[key]
        menu[path[-1]] = value
    return edit


S = "states"
BROKEN = {
    "no-name": without("menu"),
    "no-start": without("start"),
    "no-states": without(S),
    "root-key": put({}, "state"),
    "long-name": put("x" * 32, "menu"),
    "replace-alone": put({}, "replace"),
    "include-file": without("include", "door", "file"),
    "include-key": put("x", "include", "door", "prefix"),
    "include-exits": put(["ok"], "include", "door", "exits"),
    "no-kind": put({"go": "desk"}, S, "paid"),
    "state-key": put({"end": "desk.paid", "og": "desk"}, S, "paid"),
    "end-number": put({"end": 5}, S, "paid"),
    "empty-text": put("", S, "desk", "choose"),
    "no-outcome": without(S, "begin", "on", "failed"),
    "other-outcome": put("desk", S, "begin", "on", "done"),
    "other-call": put("customer.search", S, "begin", "call"),
    "edge-key": put({"go": "desk", "sya": "x"}, S, "begin", "on", "failed"),
    "edge-nowhere": put({"say": "sorry"}, S, "begin", "on", "failed"),
    "edge-number": put(5, S, "begin", "on", "failed"),
    "set-number": put({"go": "sorry", "set": {"x": 5}}, S, "begin", "on", "failed"),
    "option-key": put({"text": "desk.code", "go": "code", "if": {}}, S, "desk", "options", 0),
    "option-text": without(S, "desk", "options", 0, "text"),
    "many-options": put([{"text": "desk.code", "go": "code"}] * 98, S, "desk", "options"),
    "list-and-options": put("tx", S, "desk", "list"),
    "list-without-text": without(S, "last.list", "text"),
    "no-options": without(S, "desk", "options"),
    "two-checks": put({"name": {}, "date": {}}, S, "code.amount", "accept"),
    "other-check": put({"nam": {}}, S, "code.amount", "accept"),
    "check-argument": put({"money": {"least": "1.00"}}, S, "code.amount", "accept"),
    "money-number": put({"money": {"min": 10}}, S, "code.amount", "accept"),
    "digits-without-max": put({"digits": {"min": 2}}, S, "code.amount", "accept"),
    "choice-without-words": put({"choice": {}}, S, "code.amount", "accept"),
    "kept-pin": put({"pin": {}}, S, "code.amount", "accept"),
    "answer-not-kept": without(S, "code.amount", "as"),
    "no-accept": without(S, "code.amount", "accept"),
    "confirm-edge": without(S, "code.confirm", "lapsed"),
    "confirm-pin": put(False, S, "code.confirm", "pin"),
    "confirm-intent": put("balance", S, "code.confirm", "intent"),
    "branch-else": without(S, "why", "else"),
    "branch-list": put(["short"], S, "why", "on"),
}


ISANGO = pathlib.Path(os.environ.get("ISANGO_BUILD") or SOURCE / "build" / "plain").resolve() / "isango"


@pytest.fixture(scope="module", name="validator")
def made_validator():
    said = subprocess.run([ISANGO, "check", "--schema"], check=True, capture_output=True, text=True)
    schema = json.loads(said.stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def test_what_is_shipped(validator):
    assert len(SHIPPED) >= 4
    for path in SHIPPED:
        assert [e.message for e in validator.iter_errors(read(path))] == [], path.name
    assert validator.is_valid({"menu": "acme", "extends": "wallet", "texts": "acme",
                               "replace": {"help": {"end": "help.text"}}})


def test_what_is_broken(tmp_path, validator):
    """One run of `isango check` over all of them, as menus that no tenant uses yet."""
    for folder in ("etc", "menus", "templates"):
        shutil.copytree(SOURCE / folder, tmp_path / folder)
    menu = read(SOURCE / "menus" / "payout.json")
    taken = set()
    for name, edit in BROKEN.items():
        broken = copy.deepcopy(menu)
        edit(broken)
        (tmp_path / "menus" / f"{name}.json").write_text(json.dumps(broken, indent=1))
        if validator.is_valid(broken):
            taken.add(name)
    said = subprocess.run([ISANGO, "check", "-c", tmp_path / "etc" / "isango.json"], capture_output=True, text=True,
                          check=False)
    assert said.returncode == 1
    assert {name for name in BROKEN if f"menus/{name}.json:" not in said.stdout} == set(), said.stdout
    assert taken == set()
    assert "menus/payout.json" not in said.stdout and "menus/wallet.json" not in said.stdout
