"""The threat model and the table of ASVS are true of this tree: each test, file and setting that they name is there."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = (ROOT / "docs/security.md").read_text()
ASVS = (ROOT / "docs/asvs.md").read_text()
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in [ROOT / "docs/security.md", ROOT / "docs/asvs.md", *sorted((ROOT / "docs/security").glob("*.md"))]
}
EXAMPLE = set(re.findall(r"^#([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
# On their way, in changes of their own.
COMING = {"RUNBELL_SESSION_IDLE_SECONDS", "RUNBELL_SESSION_LIFETIME_SECONDS", "RUNBELL_REAUTHENTICATION_SECONDS"}
# Of compose and of the tests, not of Runbell.
OF_OTHERS = {"RUNBELL_HOST_NAME"}
# How many requirements each chapter of ASVS 5.0.0 has, up to level 2.
REQUIREMENTS = dict(enumerate((27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7), start=1))
STATES = {"met", "not met", "not applicable"}
ROWS = re.findall(r"^\| (V\d+\.\d+\.\d+) \| ([123]) \| (.*?) \| (.*?) \| (.*?) \|$", ASVS, re.MULTILINE)


def promises() -> list[tuple[str, str]]:
    section = MODEL.partition("\n## Promises\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| (?!promise|-)(.+?) \| (.+) \|$", section, re.MULTILINE)


@cache
def shown_in(path: str) -> set[str]:
    return set(re.findall(r"^(?:async )?def (test_\w+)", (ROOT / path).read_text(), re.MULTILINE))


@pytest.mark.parametrize(("promise", "shown"), promises(), ids=lambda text: text[:40])
def test_each_promise_is_shown_by_tests_that_are_there(promise: str, shown: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", shown)

    assert named
    assert len(named) == shown.count("`") // 2
    assert [f"{path}::{name}" for path, name in named if name not in shown_in(path)] == []


def test_each_threat_says_what_stops_it_and_what_shows_that() -> None:
    rows = re.findall(r"^\| ([STRIDE]) \| (.*?) \| (.*?) \| (.*?) \|$", PAGES["docs/security/threats.md"], re.MULTILINE)

    assert {letter for letter, *_ in rows} == set("STRIDE")
    assert [what for _, what, *rest in rows if not all(rest)] == []
    assert [what for _, what, _, shown in rows if "tests/" not in shown and "controls.md" not in shown] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_file_that_a_page_names_is_there(page: str) -> None:
    quoted = re.findall(r"`((?:[a-z]|\.[a-z])[\w.-]*(?:/[\w.-]+)*/[\w.-]*)`", PAGES[page])
    paths = {path for path in quoted if not path.startswith(("application/", "dist/"))}

    assert paths
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_setting_that_a_page_names_is_read(page: str) -> None:
    named = {name.removesuffix("_FILE") for name in re.findall(r"\bRUNBELL_[A-Z0-9_]*[A-Z0-9]\b(?!\*)", PAGES[page])}

    assert sorted(named - EXAMPLE - COMING - OF_OTHERS) == []


def test_each_requirement_up_to_level_2_stands_once_and_in_order() -> None:
    ids = [tuple(map(int, id[1:].split("."))) for id, *_ in ROWS]

    assert ids == sorted(set(ids))
    assert Counter(chapter for chapter, *_ in ids) == REQUIREMENTS
    assert {level for _, level, *_ in ROWS} == {"1", "2"}


@pytest.mark.parametrize(("id", "level", "what", "state", "why"), ROWS, ids=[id for id, *_ in ROWS])
def test_each_requirement_has_a_state_and_a_reason(id: str, level: str, what: str, state: str, why: str) -> None:
    assert state in STATES
    assert what
    assert len(why) >= 4


def test_the_sums_are_those_of_the_table() -> None:
    counts = Counter(state for *_, state, _ in ROWS)
    said = re.search(r"\*\*(\d+) met, (\d+) not met, (\d+) not applicable\*\*", ASVS)

    assert said is not None
    assert tuple(map(int, said.groups())) == (counts["met"], counts["not met"], counts["not applicable"])
