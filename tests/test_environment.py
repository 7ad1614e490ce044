"""The tests read nothing of a person's surroundings, and say once what they do not run twice."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from config import env
from tests.databases import touches_a_database
from tests.environment import POSTGRESQL, REDIS, cleaned

ROOT = Path(__file__).resolve().parent.parent
JUNK = [
    "PORT", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SLACK_CLIENT_ID", "SLACK_API_URL", "RUNBELL_URL",
    "RUNBELL_DEBUG", "RUNBELL_FERNET_KEYS", "RUNBELL_RETRY_SECONDS", "RUNBELL_SAMPLE", "RUNBELL_ALLOWED_HOSTS",
    "RUNBELL_EXAMPLES", "RUNBELL_CRASH_AT", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "WANDB_API_KEY",
    "AWS_PROFILE", "REQUESTS_CA_BUNDLE", "DJANGO_SETTINGS_MODULE", "TZ", "LANG", "HOME",
]  # fmt: skip
_MINE = "test_nothing_but_what_the_tests_set_is_in_the_environment"


def test_nothing_but_what_the_tests_set_is_in_the_environment() -> None:
    assert [name for name in os.environ if "junk" in os.environ[name] or "proxy" in name.lower()] == []
    assert (settings.PORT, settings.RUNBELL_URL, settings.SLACK_CLIENT_ID) == (8000, "http://127.0.0.1:8000", "")
    assert settings.EMAIL_HOST in ("", "localhost")
    assert str(settings.DATA_DIR) == os.environ["RUNBELL_DATA_DIR"]


def test_with_junk_everywhere_the_tests_say_the_same() -> None:
    done = run_in_junk(__file__, "-k", _MINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "--postgresql" in done.stderr, "somebody who still sets DATABASE_URL is told"


@pytest.mark.processes
def test_with_junk_everywhere_a_server_starts_as_ever() -> None:
    done = run_in_junk("tests/cli/test_serve.py", "-k", "test_the_first_start_shows_all_one_needs_to_begin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def run_in_junk(*arguments: str) -> subprocess.CompletedProcess[str]:
    junk = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    junk |= dict.fromkeys(JUNK, "junk")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, env=junk, capture_output=True, text=True, timeout=300)


def test_a_file_in_the_checkout_is_not_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("RUNBELL_TEST_JUNK=junk\n")
    env.load_file(tmp_path / ".env")
    assert "RUNBELL_TEST_JUNK" not in os.environ


@pytest.mark.parametrize("name", JUNK)
def test_a_variable_of_the_person_is_left_behind(name: str, tmp_path: Path) -> None:
    assert cleaned({name: "junk", "PATH": "/bin"}, tmp_path).get(name) != "junk"


@pytest.mark.parametrize("name", ["PATH", "TMPDIR", "PYTEST_XDIST_WORKER", "RUNBELL_TEST_CHROMIUM"])
def test_what_a_program_needs_and_what_the_tests_are_told_is_kept(name: str, tmp_path: Path) -> None:
    assert cleaned({name: "/here"}, tmp_path)[name] == "/here"


def test_the_tests_are_told_where_their_database_is(tmp_path: Path) -> None:
    told = {"RUNBELL_TEST_DATABASE_URL": "postgres://there/", "RUNBELL_TEST_REDIS_URL": "redis://there"}

    def databases(surroundings: dict[str, str], postgresql: bool) -> tuple[str, str]:
        found = cleaned(surroundings, tmp_path, postgresql=postgresql)
        return found["DATABASE_URL"], found["REDIS_URL"]

    assert databases(told, True) == ("postgres://there/", "redis://there")
    assert databases({}, True) == (POSTGRESQL, REDIS)
    # Two processes of pytest-xdist never take each other's wakes.
    beside = [databases({"PYTEST_XDIST_WORKER": name, **told}, True)[1] for name in ("gw0", "gw1")]
    assert beside == ["redis://there", "redis://there"]
    beside = [databases({"PYTEST_XDIST_WORKER": name}, True)[1] for name in ("gw0", "gw1")]
    assert beside == [REDIS, REDIS.replace("/9", "/10")]
    assert databases(told, False) == ("", "")


def test_what_touches_a_database_is_seen_by_its_fixtures_and_marks() -> None:
    assert touches_a_database(["django_db"], [])
    assert touches_a_database([], ["request", "db"])
    assert touches_a_database(["processes"], [])
    # pytest-django gives its blocker to every test.
    assert not touches_a_database(["parametrize", "hypothesis"], ["request", "django_db_blocker"])


def test_the_number_of_examples_is_said_in_one_place() -> None:
    saying = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword) and node.arg == "max_examples" and not isinstance(node.value, ast.Name)
    ]
    assert set(saying) == {"tests/examples.py"}
