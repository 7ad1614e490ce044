from __future__ import annotations

import ast
import os
import re
import runpy
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

ROOT = Path(__file__).resolve().parents[2]
# What a start works out by itself, so that the example shows it in words.
_WORKED_OUT = {"RUNBELL_DATA_DIR", "RUNBELL_URL", "DATABASE_URL"}


def _read_by_settings() -> dict[str, str]:
    """Each variable that the settings read, with its default."""
    found = {}
    read = [
        (ROOT / "config" / name).read_text()
        for name in (
            "settings.py",
            *(f"setting_groups/{group.name}" for group in (ROOT / "config" / "setting_groups").glob("*.py")),
        )
    ]
    for node in ast.walk(ast.parse("\n".join(read).replace("from __future__ import annotations\n", ""))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("env.") and node.args:
            name, *rest = node.args
            if isinstance(name, ast.Constant):
                default = rest[0].value if rest and isinstance(rest[0], ast.Constant) else ""
                found[name.value] = str(default)
    return found


def _in_example() -> dict[str, str]:
    return dict(re.findall(r"^#([A-Z0-9_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Read the settings anew, under these variables and no others."""
    for name in _read_by_settings():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RUNBELL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(env, "load_file", lambda path: None)

    def read(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config/settings.py"))

    return read


def test_the_example_names_each_variable_and_no_other() -> None:
    assert sorted(_in_example()) == sorted(_read_by_settings())


def test_the_example_shows_the_defaults() -> None:
    example, read = _in_example(), _read_by_settings()
    plain = read.keys() - _WORKED_OUT

    assert {name: example[name].lower() for name in plain} == {name: read[name].lower() for name in plain}


def test_the_example_explains_each_variable() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    for above, line in zip(lines, lines[1:], strict=False):
        if re.match("#[A-Z0-9_]+=", line):
            assert above.startswith("#"), line


def test_the_example_as_it_stands_starts(settings_of: Any, tmp_path: Path) -> None:
    settings = settings_of(**{name: value for name, value in _in_example().items() if name != "RUNBELL_DATA_DIR"})

    assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / "data" / "runbell.sqlite3")


@pytest.mark.parametrize(
    "name, value",
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("RUNBELL_URL", "runbell.example"),
        ("RUNBELL_DEBUG", "maybe"),
        ("RUNBELL_LOG_LEVEL", "LOUD"),
        ("RUNBELL_CRASH_AT", "delivery.begun"),
        ("RUNBELL_WORKERS", "two"),
        ("RUNBELL_WEB_THREADS", "-1"),
        ("RUNBELL_LEASE_SECONDS", "4"),
        ("RUNBELL_WORKER_STALE_SECONDS", "1.5"),
        ("DATABASE_URL", "mysql://root:hunter2@db/runbell"),
        ("REDIS_URL", "http://:hunter2@cache:6379"),
        ("RUNBELL_ALLOWED_PRIVATE_CIDRS", "10.0.0.0/8, home"),
    ],
)
def test_a_wrong_value_stops_the_start_and_names_its_variable(settings_of: Any, name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{name}\b") as refusal:
        settings_of(**{name: value})

    assert "hunter2" not in str(refusal.value)


def test_a_folder_that_cannot_be_made_stops_the_start(settings_of: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ImproperlyConfigured, match="^RUNBELL_DATA_DIR must be a folder that can be written"):
        settings_of(RUNBELL_DATA_DIR=str(tmp_path / "file" / "data"))


def test_children_that_stand_elsewhere_are_told_relative_places_in_full(
    settings_of: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = settings_of(RUNBELL_DATA_DIR="here", DATABASE_URL="sqlite:///runs.sqlite3?timeout=5")

    assert settings["DATA_DIR"] == tmp_path / "here"
    assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / "runs.sqlite3")
    assert os.environ["RUNBELL_DATA_DIR"] == str(tmp_path / "here")
    assert os.environ["DATABASE_URL"] == f"sqlite:///{tmp_path}/runs.sqlite3?timeout=5"


def test_what_the_environment_says_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DJANGO_READ_DOT_ENV_FILE")
    (tmp_path / ".env").write_text("RUNBELL_TEST_FIRST=file\nRUNBELL_TEST_SECOND=file\n")
    monkeypatch.setenv("RUNBELL_TEST_FIRST", "environment")
    monkeypatch.setenv("RUNBELL_TEST_SECOND", "")
    monkeypatch.delenv("RUNBELL_TEST_SECOND")

    env.load_file(tmp_path / ".env")

    assert (env.text("RUNBELL_TEST_FIRST", ""), env.text("RUNBELL_TEST_SECOND", "")) == ("environment", "file")


def test_a_value_may_start_with_a_dollar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBELL_SECRET_KEY", "$ecret")

    assert env.text("RUNBELL_SECRET_KEY", "") == "$ecret"


def test_made_keys_are_kept_and_for_their_owner_alone(settings_of: Any, tmp_path: Path) -> None:
    first, second = settings_of(), settings_of()

    assert (first["SECRET_KEY"], first["FERNET_KEYS"]) == (second["SECRET_KEY"], second["FERNET_KEYS"])
    assert first["SECRET_KEY"] not in first["FERNET_KEYS"]
    for name in ("secret.key", "fernet.key"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_processes_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    program = (
        f"from pathlib import Path; from config import env; print(env.key_in_file(Path({str(tmp_path / 'key')!r})))"
    )
    together = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]

    assert len({process.communicate()[0] for process in together}) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_a_variable_by_its_former_name_is_refused_with_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"RUNBELL_TEST_FORMER": "RUNBELL_TEST_NOW"}
    monkeypatch.setenv("RUNBELL_TEST_FORMER", "4")
    with pytest.raises(ImproperlyConfigured, match="RUNBELL_TEST_FORMER is called RUNBELL_TEST_NOW now"):
        env.refuse_former_names(names)
    monkeypatch.setenv("RUNBELL_TEST_FORMER", " ")
    env.refuse_former_names(names)
