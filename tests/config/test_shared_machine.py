"""A shared machine: what is written is its owner's alone, weak settings stop the start, secrets may stand in files."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import SystemCheckError
from django.test import Client

from common.processes import start_checks
from common.processes.private_folder import close_database, keep_private
from config import checks, env
from tests.config.test_env import _read_by_settings, settings_of  # noqa: F401  # a fixture
from tests.processes import ROOT, Server, new_environment
from tests.world import World


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_after_that_is_its_owners_alone(tmp_path: Path, open_umask: None) -> None:
    keep_private(tmp_path)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file").touch()
    assert (mode(tmp_path / "new"), mode(tmp_path / "new" / "file")) == (0o700, 0o600)


def test_what_was_left_open_is_closed_and_what_is_not_ours_is_left(tmp_path: Path, open_umask: None) -> None:
    ours = ["runbell.sqlite3", "runbell.sqlite3-wal", "runbell.sqlite3-shm", "secret.key", "fernet.key", "sign-in.txt"]
    for name in [*ours, "notes.md"]:
        (tmp_path / name).touch(0o666)
    (tmp_path / "artifacts").mkdir(0o777)
    (tmp_path / "link.key").symlink_to(tmp_path / "notes.md")
    keep_private(tmp_path)
    assert {mode(tmp_path / name) for name in ours} == {0o600}
    assert (mode(tmp_path / "artifacts"), mode(tmp_path / "notes.md")) == (0o700, 0o666)


def test_a_database_of_any_name_is_closed_with_what_is_beside_it(tmp_path: Path, open_umask: None) -> None:
    files = [tmp_path / name for name in ("bell.db", "bell.db-wal", "bell.db-shm")]
    for file in files:
        file.touch(0o644)
    close_database(files[0])
    assert {mode(file) for file in files} == {0o600}


@pytest.mark.processes
def test_in_a_folder_that_was_there_and_open_a_server_writes_nothing_that_others_read(
    tmp_path: Path, open_umask: None
) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "artifacts").mkdir(0o755)
    with new_environment(tmp_path) as environment, Server(environment) as server:
        server.wait_until_ready(60)
        folder = Path(environment["RUNBELL_DATA_DIR"])
        # The log is the test's own.
        found = {path: mode(path) for path in folder.rglob("*") if path != server.log and path.exists()}
        database: set[str] = set() if environment.get("DATABASE_URL") else {".sqlite3", ".sqlite3-wal", ".sqlite3-shm"}
        assert {path.suffix for path in found} >= database | {".key", ".txt"}
        assert {str(path): oct(it) for path, it in found.items() if it & 0o077} == {}
        assert f"RUNBELL_DATA_DIR {folder} is open to other users" in server.printed


# What stops the start, or is warned of ------------------------------------------------------------------

EXAMPLE = "django-insecure-" + "abcdefgh" * 5
EVERYWHERE = (ip_network("0.0.0.0/0"),)
WRONG: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "a short key": (checks.secret_key_is_strong, {"SECRET_KEY": "changeme"}, "config.E001"),
    "a key of one letter": (checks.secret_key_is_strong, {"SECRET_KEY": "x" * 50}, "config.E001"),
    "Django's example": (
        checks.secret_key_is_strong,
        {"SECRET_KEY": EXAMPLE},
        "config.E001",
    ),
    "debug for strangers": (
        checks.debug_is_for_this_machine_alone,
        {"RUNBELL_DEBUG": True, "RUNBELL_URL": "https://bell.test"},
        "config.E002",
    ),
    "debug in a network": (
        checks.debug_is_for_this_machine_alone,
        {"RUNBELL_DEBUG": True, "RUNBELL_URL": "http://10.0.0.1:8000"},
        "config.E002",
    ),
    "every network is private": (
        checks.nothing_is_opened_to_everybody,
        {"ALLOWED_PRIVATE_NETWORKS": EVERYWHERE},
        "config.E003",
    ),
    "every IPv6 network is private": (
        checks.nothing_is_opened_to_everybody,
        {"ALLOWED_PRIVATE_NETWORKS": (ip_network("::/0"),)},
        "config.E003",
    ),
    "everybody is a proxy": (checks.nothing_is_opened_to_everybody, {"TRUSTED_PROXIES": EVERYWHERE}, "config.E004"),
    "every host": (checks.nothing_is_opened_to_everybody, {"ALLOWED_HOSTS": ["*"]}, "config.W003"),
    "https of nobody": (
        checks.https_comes_from_a_proxy_we_trust,
        {"IS_PUBLIC": True, "RUNBELL_URL": "https://bell.test", "TRUSTED_PROXIES": ()},
        "config.W004",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_dangerous_setting_is_told_before_anything_starts(settings: Any, name: str) -> None:
    check, values, id = WRONG[name]
    for key, value in values.items():
        setattr(settings, key, value)
    (found,) = check()
    assert (found.id, bool(found.hint)) == (id, True)
    assert settings.SECRET_KEY not in found.msg
    assert id in {one.id for one in run_checks()}


@pytest.mark.parametrize("name", WRONG)
def test_a_dangerous_setting_stops_a_start_that_makes_no_checks_of_its_own(
    settings: Any, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    _check, values, id = WRONG[name]
    for key, value in values.items():
        setattr(settings, key, value)
    if ".W" in id:
        start_checks.refuse_dangerous()
        start_checks.warn_of_doubtful()
        assert id in caplog.text
    else:
        with pytest.raises(SystemCheckError, match=id) as refused:
            start_checks.refuse_dangerous()
        assert settings.SECRET_KEY not in str(refused.value)


@pytest.mark.processes
@pytest.mark.parametrize(
    "start", ["import config.wsgi", "import config.asgi", "worker --skip-checks", "runserver 0 --noreload"]
)
def test_no_command_starts_with_a_key_that_can_be_guessed(tmp_path: Path, start: str) -> None:
    command = ["-c", start] if start.startswith("import") else ["manage.py", *start.split()]
    with new_environment(tmp_path) as environment:
        variables = environment | {"RUNBELL_SECRET_KEY": "aaaaaaaa", "DJANGO_SETTINGS_MODULE": "config.settings"}
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120
        )
    assert (done.returncode != 0, "config.E001" in done.stderr) == (True, True), done.stderr


def test_a_host_that_is_not_ours_is_one_line_of_the_log(db: None, caplog: pytest.LogCaptureFixture) -> None:
    assert Client().get("/sign-in", HTTP_HOST="en-\xff").status_code == 400
    (line,) = [record for record in caplog.records if record.name == "django.security.DisallowedHost"]
    assert (line.levelname, line.exc_info, line.exc_text) == ("WARNING", None, None)


def test_the_defaults_are_told_nothing_of() -> None:
    assert [one.id for one in run_checks() if one.id and one.id.startswith("config.")] == []


def test_an_open_data_folder_is_warned_of(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    tmp_path.chmod(0o755)
    assert [one.id for one in checks.data_folder_is_private()] == ["config.W002"]
    tmp_path.chmod(0o700)
    assert checks.data_folder_is_private() == []


# Proxies and browsers ---------------------------------------------------------------------------------


def proto(client: Client, address: str, said: str) -> tuple[int, bool]:
    answer = client.get("/sign-in", REMOTE_ADDR=address, headers={"X-Forwarded-Proto": said})
    return answer.status_code, "Strict-Transport-Security" in answer


@pytest.mark.django_db
def test_https_is_believed_of_trusted_proxies_alone(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 60
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.2/32"),)
    client = Client()
    assert proto(client, "10.0.0.2", "https") == (200, True)
    assert proto(client, "10.0.0.2", "http") == (301, False)
    for stranger in ("10.0.0.3", "127.0.0.1", ""):
        assert proto(client, stranger, "https") == (301, False)
    assert client.get("/healthz", REMOTE_ADDR="127.0.0.1").status_code == 200


def test_over_https_cookies_are_this_hosts_alone_and_hsts_is_a_choice(settings_of: Any) -> None:  # noqa: F811
    plain, https = settings_of(), settings_of(RUNBELL_URL="https://bell.test")
    assert ("SESSION_COOKIE_NAME" in plain, https["SESSION_COOKIE_NAME"]) == (False, "__Host-sessionid")
    assert (https["CSRF_COOKIE_NAME"], https["SESSION_COOKIE_SECURE"], https["CSRF_COOKIE_SECURE"]) == (
        "__Host-csrftoken", True, True,
    )  # fmt: skip
    assert https["SECURE_HSTS_SECONDS"] > 0
    assert (https["SECURE_HSTS_INCLUDE_SUBDOMAINS"], https["SECURE_HSTS_PRELOAD"]) == (False, False)
    chosen = settings_of(RUNBELL_HSTS_SUBDOMAINS="true", RUNBELL_HSTS_PRELOAD="true")
    assert (chosen["SECURE_HSTS_INCLUDE_SUBDOMAINS"], chosen["SECURE_HSTS_PRELOAD"]) == (True, True)


def test_a_host_cookie_has_what_browsers_ask_of_it(world: World, settings: Any) -> None:
    settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "__Host-sessionid", True
    client = Client()
    client.post("/sign-in", {"username": "bob", "password": "bob-password"})
    cookie = client.cookies["__Host-sessionid"]
    assert (cookie["path"], cookie["domain"], bool(cookie["secure"]), bool(cookie["httponly"])) == ("/", "", True, True)


def test_no_signed_in_page_and_no_answer_of_the_api_is_stored(world: World) -> None:
    client = Client()
    client.force_login(world.users["bob"])
    for path in ("/acme", "/profile", "/acme/mnist", "/settings/", "/nowhere/at/all", "/api/v1/me", "/api/v1/nowhere"):
        assert "no-store" in client.get(path).headers["Cache-Control"], path
    assert "no-store" in Client().get("/api/v1/me").headers["Cache-Control"]
    assert "no-store" in Client().post("/graphql", "{}", content_type="application/json").headers["Cache-Control"]
    assert "no-store" not in client.get("/static/favicon.svg").headers.get("Cache-Control", "")


def test_schema_and_docs_can_be_kept_from_strangers(world: World, settings: Any) -> None:
    asked = {"query": "{ __schema { queryType { name } } }"}
    key = {"Authorization": f"Bearer {world.keys['vera']}"}
    for is_public, expected in ((True, [200, 200, 401]), (False, [401, 401, 401])):
        settings.PUBLIC_SCHEMA = is_public
        answers = [Client().get("/api/v1/schema"), Client().get("/api/v1/docs")]
        answers.append(Client().post("/graphql", asked, content_type="application/json"))
        assert [answer.status_code for answer in answers] == expected
        assert Client().get("/api/v1/schema", headers=key).status_code == 200
        assert Client().post("/graphql", asked, content_type="application/json", headers=key).status_code == 200
    named = {"query": "{ viewer { __typename } }"}
    assert Client().post("/graphql", named, content_type="application/json").status_code == 200


# Secrets in files -------------------------------------------------------------------------------------


def test_each_setting_that_may_hold_a_secret_can_stand_in_a_file() -> None:
    """By their names; addresses of other services hold passwords too."""
    named = {
        name
        for name in _read_by_settings()
        if re.search(r"SECRET|(?<!RATE_LIMIT)(?<!WRONG)_KEYS?$|TOKEN|(?<!LOCAL_)PASSWORD", name)
    }
    addresses = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "RUNBELL_OIDC_PROVIDERS", "RUNBELL_DEADMAN_URL"}
    addresses |= {
        "RUNBELL_ALARM_SLACK_URL",
        "RUNBELL_ALARM_WEBHOOK_URL",
        "RUNBELL_SENTRY_DSN",
        "RUNBELL_OUTGOING_PROXY",
    }
    assert named | addresses == env.SECRETS
    example = Path(env.__file__).parent.parent.joinpath(".env.example").read_text()
    assert all(name in example.partition("# Where it lives")[0] for name in env.SECRETS)


VALUES = {
    "RUNBELL_SECRET_KEY": ("k" * 50, "SECRET_KEY", "k" * 50),
    "RUNBELL_FERNET_KEYS": ("new\nold\n", "FERNET_KEYS", ["new", "old"]),
    "REDIS_URL": ("redis://:hush@cache:6379/0\n", "REDIS_URL", "redis://:hush@cache:6379/0"),
    "EMAIL_URL": ("smtp+tls://me:hush@mail.test:587", "EMAIL_HOST_PASSWORD", "hush"),
    "SLACK_CLIENT_SECRET": ("hush", "SLACK_CLIENT_SECRET", "hush"),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_secret_is_read_from_the_file_that_is_named(
    settings_of: Any,  # noqa: F811
    tmp_path: Path,
    name: str,
) -> None:
    held, setting, value = VALUES[name]
    (tmp_path / "secret").write_text(held)
    assert settings_of(**{f"{name}_FILE": str(tmp_path / "secret")})[setting] == value


def test_a_database_is_read_from_the_file_that_is_named(settings_of: Any, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "secret").write_text("postgres://me:hush@db.test:5432/bell\n")
    found = settings_of(DATABASE_URL_FILE=str(tmp_path / "secret"))["DATABASES"]["default"]
    assert (found["HOST"], found["PASSWORD"]) == ("db.test", "hush")


@pytest.mark.parametrize("name", sorted(env.SECRETS))
def test_a_secret_given_twice_is_refused_without_being_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "secret").write_text("hunter2")
    monkeypatch.setenv(name, "hunter3")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match=f"^{name} and {name}_FILE are both given") as refusal:
        env.text(name, "")
    assert "hunter" not in str(refusal.value)


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff"])
def test_a_file_that_holds_no_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    monkeypatch.delenv("RUNBELL_SECRET_KEY", raising=False)
    monkeypatch.setenv("RUNBELL_SECRET_KEY_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match="^RUNBELL_SECRET_KEY_FILE must be a file"):
        env.text("RUNBELL_SECRET_KEY", "")
