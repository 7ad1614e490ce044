"""What CONTRIBUTING, CHANGELOG and the hooks say is true of this tree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from django.urls import Resolver404, resolve

from automations.actions import action
from automations.conditions import condition
from automations.definitions import scope_type
from common.plugins import Plugin
from config.version import __version__
from events import event_types
from integrations.former_addresses import Gone
from integrations.kind import in_order
from tests.architecture.former_words import IN_TEXT
from tests.architecture.source_tree import APPS

ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
PYPROJECT = (ROOT / "pyproject.toml").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
# `a/b`, `a/b.py`, `a/<name>.py`, `NAME.md`; no commands, addresses or dotted names.
_PATH = re.compile(r"`((?:[\w.<>-]+/)+[\w.<>-]*|[\w-]+\.(?:md|toml|json|yaml|py)|\.[a-z][\w.-]*)`")
# Made by make: not in a fresh checkout.
_MADE = {".venv", "dist/", "node_modules", ".dev0"}
# Of the wandb SDK, in its runs; and in an archive that was exported.
_OF_OTHERS = {"config.yaml", "automations.yaml", "files/"}
_MAKE = re.compile(r"(?:`|^)make ([a-z-]+(?: [a-z-]+)*)", re.MULTILINE)
_RELEASE = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<day>\S+))?$", re.MULTILINE)


def _sections(text: str, marks: str) -> dict[str, str]:
    """Give what stands under each heading of this depth."""
    _, *parts = re.split(rf"^{marks} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _paths(text: str) -> set[str]:
    return {path for path in _PATH.findall(text) if path not in _MADE}


def _is_there(path: str) -> bool:
    """Whether it stands in the tree; of a path with a placeholder, whether anything of its shape does."""
    shape = re.sub(r"<[^>]*>", "*", path)
    return any(ROOT.glob(shape.rstrip("/"))) and (not path.endswith("/") or any(ROOT.glob(f"{shape}*")))


@pytest.mark.parametrize("path", sorted(_paths(CONTRIBUTING)))
def test_a_place_that_contributing_names_is_there(path: str) -> None:
    assert _is_there(path)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)", CONTRIBUTING))))
def test_a_page_that_contributing_leads_to_is_there(link: str) -> None:
    assert (ROOT / link).is_file()


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"(?:`|^)make ([a-z-]+(?: [a-z-]+)*)", CONTRIBUTING, re.MULTILINE)))
)
def test_what_contributing_has_you_make_can_be_made(command: str) -> None:
    known = set(re.findall(r"^([a-z][a-z -]*?):", MAKEFILE, re.MULTILINE))

    assert set(command.split()) <= {target for targets in known for target in targets.split()}


@pytest.mark.parametrize(
    "what", ["condition", "action", "kind of integration", "preset of the webhook", "event type", "page", "setting"]
)
def test_contributing_says_where_each_thing_and_its_tests_go(what: str) -> None:
    section = next(text for heading, text in _sections(CONTRIBUTING, "###").items() if heading.endswith(f" {what}"))
    places = _paths(section)

    assert any(path.startswith("tests/") for path in places)
    assert any(not path.startswith(("tests/", "docs/")) for path in places)


def test_each_release_says_whether_one_can_go_back() -> None:
    without = [name for name, text in _sections(CHANGELOG, "##").items() if "**Going back:**" not in text]

    assert without == []


def test_the_version_is_that_of_the_newest_release_or_on_the_way_to_the_next() -> None:
    unreleased, newest = [(found["name"], found["day"]) for found in _RELEASE.finditer(CHANGELOG)][:2]

    assert unreleased == ("Unreleased", None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", newest[1])
    assert __version__ == newest[0] or (_numbers(__version__) > _numbers(newest[0]) and __version__.endswith(".dev0"))


def test_the_version_is_said_nowhere_else() -> None:
    assert tomllib.loads(PYPROJECT)["project"]["dynamic"] == ["version"]
    assert tomllib.loads(PYPROJECT)["tool"]["hatch"]["version"]["path"] == "config/version.py"


def test_hooks_are_programs_of_the_checkout_and_nothing_fetched() -> None:
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = [hook for repository in repositories if repository["repo"] == "local" for hook in repository["hooks"]]
    developers = " ".join(tomllib.loads(PYPROJECT)["project"]["optional-dependencies"]["dev"])

    assert {repository["repo"] for repository in repositories} <= {"local", "meta"}
    assert {hook["language"] for hook in hooks} == {"system"}
    for hook in hooks:
        assert hook["entry"].startswith(".venv/bin/")
        assert hook["entry"].split()[0].removeprefix(".venv/bin/") in developers


def test_the_locked_build_backend_is_the_one_that_tests_build_with() -> None:
    developers = tomllib.loads(PYPROJECT)["project"]["optional-dependencies"]["dev"]
    backend = next(line for line in developers if line.startswith("hatchling"))

    assert f"echo '{backend}'" in MAKEFILE


@pytest.mark.parametrize("lock", sorted(path.name for path in (ROOT / "requirements").glob("*.txt")))
def test_no_lock_holds_a_registrys_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()

    assert not re.search(r"index-url|find-links|trusted-host|://", text)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.removesuffix(".dev0").split("."))


# What all pages say of the tree ---------------------------------------------------------------------

# The changelog tells of what was, too.
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text() for path in [ROOT / "README.md", *ROOT.rglob("docs/**/*.md")]
}
_CODE = re.compile(r"`([\w/.<>*-]+\.(?:py|html|sh|yaml|txt)|(?:[\w<>-]+/)+)`")


@pytest.mark.parametrize("page", sorted(PAGES))
def test_each_file_that_a_page_names_is_there(page: str) -> None:
    # A template goes by the name that Django finds it by.
    named = {path for path in _CODE.findall(PAGES[page]) if not path.startswith("/") and path not in _MADE | _OF_OTHERS}
    assert {path for path in named if not (_is_there(path) or _is_there(f"templates/{path}"))} == set()


@pytest.mark.parametrize("page", sorted(PAGES))
def test_each_page_that_a_page_leads_to_is_there(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", PAGES[page])
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", sorted(PAGES))
def test_no_page_speaks_in_former_words(page: str) -> None:
    if page != "docs/glossary.md":
        assert [found.group() for found in IN_TEXT.finditer(PAGES[page])] == []


@pytest.mark.parametrize(
    ("name", "path"), sorted(set(re.findall(r"`(\w+)` in `([\w/]+\.py)`", PAGES["docs/glossary.md"])))
)
def test_what_the_glossary_finds_in_a_file_is_defined_there(name: str, path: str) -> None:
    assert re.search(rf"^\s*(?:def|class) {name}\b|^\s*{name}\b.*=", (ROOT / path).read_text(), re.MULTILINE)


# The glossary ---------------------------------------------------------------------------------------

TERMS = [row.split("|")[1] for row in PAGES["docs/glossary.md"].splitlines() if row.startswith("| ")][1:]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9, ]", "", re.sub(r"\(.*?\)", "", text).lower().replace("-", " ")).strip()


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def test_the_glossary_is_in_alphabetical_order() -> None:
    terms = [re.sub(r"[^a-z0-9 ]", "", term.lower().replace("-", " ")).strip() for term in TERMS]
    assert terms == sorted(terms)


def test_each_model_and_each_base_class_of_plug_ins_is_a_term() -> None:
    models = {model.__name__ for model in apps.get_models() if model.__module__.partition(".")[0] in APPS}
    classes = models | {plugin.__name__ for plugin in Plugin.__subclasses__()}
    terms = {word.strip() for term in TERMS for word in _plain(term).split(",")}
    assert sorted(name for name in classes if _spaced(name) not in terms) == []


# What pages say of addresses and plug-ins -----------------------------------------------------------

# `/api/v1/teams/…`, and how pages write it for short: `api teams/…` in a shell.
_REST = re.compile(
    r"(?:/api/v1/|\bapi |…/)((?:teams|projects|automations|executions|events|registries|orgs|catalog)[^\s`'\"?{]*)"
)


@pytest.mark.parametrize("page", sorted(PAGES))
def test_no_page_sends_people_to_a_former_address(page: str) -> None:
    rest = [rf"(?:teams/[^/\s`]+|…)/{kind.former_rest}\b" for kind in in_order() if kind.former_rest]
    pages = [
        rf"(?<!/integrations)/{kind.former_page}/[^/\s`]+/(?:test|deliveries|redeliver)\b"
        for kind in in_order()
        if kind.former_page
    ]
    assert re.findall("|".join(rest + pages), PAGES[page]) == []


@pytest.mark.parametrize("page", sorted(PAGES))
def test_each_rest_address_of_a_page_is_there(page: str) -> None:
    assert [address for address in _REST.findall(PAGES[page]) if not _is_served(address)] == []


def _is_served(address: str) -> bool:
    path = re.sub(r"<\w+>|\$\w+|…", "7", address.rstrip("/.,:;)")).replace("[", "").replace("]", "")
    try:
        view = resolve(f"/api/v1/{path}").func
    except Resolver404:
        return False
    return getattr(view, "cls", None) is not Gone


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("events", [event.wire for event in event_types.registry]),
        ("scopes", [scope.key for scope in scope_type.registry]),
        ("conditions", [one.key for one in condition.registry]),
        ("actions", [one.key for one in action.registry]),
    ],
    ids=["events", "scopes", "conditions", "actions"],
)
def test_each_plug_in_stands_in_the_page_of_automations(what: str, names: list[str]) -> None:
    assert [name for name in names if f"`{name}`" not in PAGES["docs/automations.md"]] == [], what
