# SPDX-License-Identifier: Apache-2.0
"""`isango graph`: from the sample's files, also where the secrets of its configuration are not."""
import os
import pathlib
import shutil
import subprocess

import pytest

from stage import SOURCE

ISANGO = pathlib.Path(os.environ.get("ISANGO_BUILD") or SOURCE / "build" / "plain").resolve() / "isango"
CONFIG = SOURCE / "etc" / "isango.json"


def graph(*arguments, path=None, **options):
    env = dict(os.environ) if path is None else {**os.environ, "PATH": str(path)}
    return subprocess.run([ISANGO, "graph", *arguments], capture_output=True, text=True, check=False, env=env, **options)


def test_menus_by_name():
    wallet = graph("-c", CONFIG)
    assert wallet.returncode == 0 and "<B>send.confirm</B>" in wallet.stdout and "private (part " in wallet.stdout
    assert graph("-c", CONFIG, "--menu", "wallet").stdout == wallet.stdout
    assert "Pay out a cash code<BR" in graph("-c", CONFIG, "--menu", "payout").stdout
    assert "<B>dial</B>" in graph("-c", CONFIG, "--menu", "sms").stdout
    none = graph("-c", CONFIG, "--menu", "none")
    assert none.returncode == 1 and "menus/none.json:1: is missing" in none.stderr and none.stdout == ""


def test_the_configuration_of_this_folder(tmp_path):
    assert graph(cwd=tmp_path).returncode == 1
    for folder in ("menus", "templates"):
        shutil.copytree(SOURCE / folder, tmp_path / folder)
    shutil.copytree(SOURCE / "etc", tmp_path / "etc")
    assert graph(cwd=tmp_path / "etc").stdout == graph("-c", CONFIG).stdout


def test_svg(tmp_path):
    """A dot of the test's own: Graphviz need not be there."""
    dot = tmp_path / "dot"
    dot.write_text('#!/bin/sh\n[ "$1 $2" = "-Tsvg -o" ] && while read -r line; do echo "$line"; done > "$3"\n')
    dot.chmod(0o755)
    said = graph("-c", CONFIG, "--svg", tmp_path / "wallet.svg", path=tmp_path)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
    drawn = (tmp_path / "wallet.svg").read_text()
    assert [line.strip() for line in drawn.splitlines()] == [line.strip() for line in graph("-c", CONFIG).stdout.splitlines()]
    dot.write_text("#!/bin/sh\nexit 3\n")
    assert graph("-c", CONFIG, "--svg", tmp_path / "other.svg", path=tmp_path).returncode == 1


def test_without_graphviz(tmp_path):
    said = graph("-c", CONFIG, "--svg", tmp_path / "wallet.svg", path=tmp_path)
    assert said.returncode == 1 and "install the package graphviz" in said.stderr
    assert not (tmp_path / "wallet.svg").exists()


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_itself(tmp_path):
    assert graph("-c", CONFIG, "--svg", tmp_path / "wallet.svg").returncode == 0
    drawn = (tmp_path / "wallet.svg").read_text()
    assert "<svg" in drawn and "Send money to which phone" in drawn
