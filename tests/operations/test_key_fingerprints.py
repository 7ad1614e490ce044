"""Hosts with different keys say so: in /readyz, in the log, and as an alarm of the operator."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from operations.checks import key_fingerprints, operator_check
from operations.checks.key_fingerprints import Keys, of_this_host, problems, problems_of_all, write
from operations.models import HostKeys

OLD, NEW, OTHER = "old-key-" * 5, "new-key-" * 5, "other-key-" * 5


@pytest.fixture(autouse=True)
def keys(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FERNET_KEYS = [OLD]
    monkeypatch.setattr(key_fingerprints, "_written_at", [-99.0])
    monkeypatch.setattr(key_fingerprints, "_said", set())


def host(settings: Any, name: str, *, secret: str = "", vault: list[str] | None = None) -> Keys:
    """The keys of a host with these settings, as it writes them."""
    kept = settings.SECRET_KEY, settings.FERNET_KEYS
    settings.SECRET_KEY, settings.FERNET_KEYS = secret or kept[0], vault or kept[1]
    found = replace(of_this_host(), host=name)
    settings.SECRET_KEY, settings.FERNET_KEYS = kept
    write(found)
    return found


def warnings() -> list[str]:
    return [text for text in Client().get("/readyz?only=web").json()["warnings"] if "hosts" in text]


def test_hosts_with_the_same_keys_have_nothing_to_say(settings: Any) -> None:
    host(settings, "web-2")
    key_fingerprints.record_key_fingerprints()

    assert (problems(), problems_of_all(), warnings()) == ([], [], [])
    assert HostKeys.objects.count() == 2


def test_another_secret_key_is_said_by_both(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    host(settings, "web-2", secret="x" * 40)
    with caplog.at_level(logging.WARNING):
        key_fingerprints.record_key_fingerprints()

    (said,) = problems()
    assert "web-2 have different RUNBELL_SECRET_KEY" in said
    assert warnings() == [said]
    assert said in caplog.text
    # As the other host sees it.
    settings.SECRET_KEY = "x" * 40
    assert len(problems()) == 1
    assert "RUNBELL_SECRET_KEY" in operator_check.alarms()["host_keys"]


def test_it_is_logged_once(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    host(settings, "web-2", secret="x" * 40)
    for _ in range(3):
        key_fingerprints._written_at[0] = -99.0
        key_fingerprints.record_key_fingerprints()
    assert len([record for record in caplog.records if "RUNBELL_SECRET_KEY" in record.message]) == 1


@pytest.mark.parametrize(
    ("ours", "theirs", "differs"),
    [
        ([OLD], [OLD], False),
        ([OLD], [OTHER], True),
        # A rotation in the right order: first all can open it, then they write with it, then the old one goes.
        ([OLD, NEW], [OLD], False),
        ([NEW, OLD], [OLD, NEW], False),
        ([NEW], [NEW, OLD], False),
        # And in the wrong one.
        ([NEW, OLD], [OLD], True),
        ([NEW], [OLD, NEW], True),
    ],
)
def test_vault_keys_differ_where_one_cannot_open_what_the_other_writes(
    settings: Any, ours: list[str], theirs: list[str], differs: bool
) -> None:
    settings.FERNET_KEYS = ours
    host(settings, "worker-9", vault=theirs)
    assert [("RUNBELL_FERNET_KEYS" in said) for said in problems()] == [True] * differs


def test_the_keys_that_a_host_had_before_its_start_count_no_more(settings: Any) -> None:
    host(settings, of_this_host().host, secret="x" * 40)
    key_fingerprints.record_key_fingerprints()
    assert (problems(), problems_of_all(), HostKeys.objects.count()) == ([], [], 1)
    # A process beside it has others, and goes on to say so.
    host(settings, of_this_host().host, secret="x" * 40)
    key_fingerprints._written_at[0] = 0.0
    key_fingerprints.record_key_fingerprints()
    assert len(problems()) == 1


def test_a_host_that_is_gone_counts_no_more(settings: Any) -> None:
    host(settings, "web-2", secret="x" * 40)
    HostKeys.objects.update(seen_at=now() - timedelta(minutes=3))
    write(of_this_host())
    assert (problems(), problems_of_all()) == ([], [])
    HostKeys.objects.filter(host="web-2").update(seen_at=now() - timedelta(days=2))
    host(settings, "web-3")
    assert not HostKeys.objects.filter(host="web-2").exists()


def test_the_database_learns_nothing_of_a_key(settings: Any) -> None:
    ours = of_this_host()
    write(ours)
    row = HostKeys.objects.get()
    written = f"{row.secret_key} {row.vault_keys}"

    assert not any(key[:8] in written for key in (settings.SECRET_KEY, OLD))
    # The same key under two settings is not seen to be the same.
    settings.SECRET_KEY = OLD
    assert of_this_host().secret not in of_this_host().vault
