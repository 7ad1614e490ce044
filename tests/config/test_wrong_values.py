"""Values that were accepted and went wrong later: each is refused, or warned of, in one sentence."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import checks, env

ROOT = Path(__file__).resolve().parents[2]
_WRONG = [
    ("RUNBELL_URL", "https://bell .example.com", "without spaces"),
    ("RUNBELL_URL", "https://root:hunter2@bell.example.com", "write https://bell.example.com"),
    ("RUNBELL_URL", "https://", "must be an address with https:// or http://|must be an address"),
    ("RUNBELL_URL", "https://bell.example.com:port", "port is none"),
    ("RUNBELL_ALLOWED_HOSTS", "bell.example.com, https://bell.example.com", "'https://bell.example.com' is no host"),
    ("RUNBELL_ALLOWED_HOSTS", "bell.example.com:8000", "without scheme and port"),
    ("RUNBELL_HOST", "999.1.1.1", "such as 127.0.0.1 or 0.0.0.0, not '999.1.1.1'"),
    ("RUNBELL_HOST", "http://0.0.0.0", "such as 127.0.0.1"),
    ("RUNBELL_S3_ACCESS_KEY", "hunter2", "and RUNBELL_S3_SECRET_KEY belong together"),
    ("RUNBELL_S3_ENDPOINT", "ftp://files.example.com", "http:// or https://"),
    ("DATABASE_URL", "postgres://bell:hunter2@db:5432/", "names no database"),
    ("DATABASE_URL", "postgres://bell:hunter2@ter@db/bell", "write @ as %40"),
    ("DATABASE_URL", "postgres://bell:hunter2#ter@db/bell", "# as %23"),
    ("DATABASE_URL", "postgres://bell:hunter2/ter@db/bell", "/ as %2F"),
    ("DATABASE_URL", "postgres://bell:hunter2@db/bell?sslrootcert=/not/there.pem", "sslrootcert=/not/there.pem"),
    ("REDIS_URL", "redis://:hunter2@cache:6379/first", "the number of a database"),
    ("REDIS_URL", "redis://:hunter2@cache:99999/0", "port is none"),
    ("RUNBELL_EMAIL_FROM", "Runbell", "must be an e-mail address"),
    ("RUNBELL_HEARTBEAT_SECONDS", "1", "from 3 to 86400"),
    ("RUNBELL_RETRY_SECONDS", "0,99999999999999", "more than a year of seconds"),
    ("RUNBELL_ALARM_WEBHOOK_URL", "https://", "with a host|with https://"),
    ("RUNBELL_SENTRY_DSN", "https://hunter2@sentry.example.com", "such as https://key@sentry.example.com/1"),
    ("RUNBELL_LOG_LEVEL", "info,outbond=debug", "there is no logger 'outbond'"),
    ("RUNBELL_LOG_FORMAT", "xml", "one of text, json"),
]
_RIGHT = [
    ("RUNBELL_URL", "https://bell.example.com/runbell"),
    ("RUNBELL_ALLOWED_HOSTS", "*, .example.com, [::1], 10.0.0.1, bell_1.internal"),
    ("RUNBELL_HOST", "::"),
    ("RUNBELL_HOST", "localhost"),
    ("DATABASE_URL", "postgres://bell:p%40s%23s@db.example.com:5432/bell?sslmode=require&sslrootcert=system"),
    ("DATABASE_URL", "postgres:///bell"),
    ("REDIS_URL", "redis://cache"),
    ("REDIS_URL", "unix:///run/redis.sock"),
    ("RUNBELL_EMAIL_FROM", "The Bell <bell@example.com>"),
]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("RUNBELL_DATA_DIR", str(tmp_path))

    def read(name: str, value: str) -> dict[str, Any]:
        monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config/settings.py"))

    return read


@pytest.mark.parametrize("name, value, remedy", _WRONG)
def test_a_wrong_value_is_refused_in_one_sentence(start: Any, name: str, value: str, remedy: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{name}\b.*({remedy})") as refusal:
        start(name, value)
    assert "\n" not in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("name, value", _RIGHT)
def test_an_unusual_value_that_is_right_is_taken(start: Any, name: str, value: str) -> None:
    assert start(name, value)


def test_a_name_that_is_none_is_told_with_the_nearest(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Kubernetes gives the last one to each container of a service called runbell.
    for name in ("RUNBELL_DATABASE", "RUNBELL_PORT_8000_TCP_ADDR"):
        monkeypatch.setenv(name, "1")
    start("RUNBELL_WOKERS", "2")

    told = {(one.msg, one.hint) for one in checks.names_are_known()}

    assert ("RUNBELL_WOKERS is no setting, so it does nothing.", "Is RUNBELL_WORKERS meant?") in told
    assert {msg.split()[0] for msg, _hint in told} == {"RUNBELL_WOKERS", "RUNBELL_DATABASE"}
    assert env.unknown_names().keys() == {"RUNBELL_WOKERS", "RUNBELL_DATABASE"}


def test_a_heartbeat_that_is_shorter_than_what_scripts_send_is_warned_of(settings: Any) -> None:
    settings.HEARTBEAT_SECONDS = 10
    assert [one.id for one in checks.running_runs_are_not_taken_for_crashed()] == ["config.W006"]
