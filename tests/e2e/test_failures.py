# SPDX-License-Identifier: Apache-2.0
"""doc/failures.md names what is there: each test that shows a row, and the words of the templates."""
import re

from helpers import TEXTS
from stage import SOURCE

PAGE = (SOURCE / "doc" / "failures.md").read_text()
FILES = {"u": ("tests/unit/test_{}.c", r"^(?:test_)?{}\(void \*\*"), "e": ("tests/e2e/test_{}.py", r"^def test_{}\(")}
WORDS = re.compile(r"^\| \*([^*|]+)\* \| `([^`]+)` \| (.+) \|$", re.M)


def test_each_test_is_there():
    named = set(re.findall(r"`([ue]) (\w+)\.(\w+)`", PAGE))
    assert len(named) > 200
    missing = []
    for kind, module, name in sorted(named):
        path, there = FILES[kind]
        file = SOURCE / path.format(module)
        if not file.exists() or not re.search(there.format(name), file.read_text(), re.M):
            missing.append(f"{kind} {module}.{name}")
    assert not missing, missing


def test_the_words_are_those_of_the_templates():
    rows = WORDS.findall(PAGE)
    assert len(rows) > 20
    assert [(key, words) for _, key, words in rows] == [(key, TEXTS[key].replace("\n", "\\n")) for _, key, _ in rows]


def test_each_short_name_has_its_words():
    used = set(re.findall(r"(?<!\*)\*([^*|\n]+)\*(?!\*)", PAGE))
    assert used == {short for short, _, _ in WORDS.findall(PAGE)}


def test_each_row_says_what_shows_it():
    """Only of the tables with that column; "no test" is an answer as well."""
    for table in re.findall(r"^\|.*shown by \|\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.M):
        for row in table.splitlines():
            shown = row.split("|")[-2].strip()
            assert re.search(r"`sim`|`[ue] \w+\.\w+`|no test", shown) or row.startswith("| all at once"), row
