"""A person's own keys: shown once, never again."""

from __future__ import annotations

import re

from django.contrib.admin.models import LogEntry
from django.test import Client

from teams.accounts.api_key import key_of
from teams.models import ApiKey
from tests.settings.pages import page, said, text
from tests.world import World

EMPTY = {"expires_at": ""}


def made(alice: Client) -> tuple[str, str]:
    """Make a key; give it and the page that showed it."""
    shown = text(alice.post(page(ApiKey, "add"), {"name": "train-box", **EMPTY}))
    return re.findall(r'data-copy tabindex="0">(\w+)</pre>', shown)[0], shown


def test_a_new_key_works_for_the_person_who_made_it(alice: Client, world: World) -> None:
    plain, _ = made(alice)

    key = key_of(plain)
    assert key is not None
    assert (key.user, key.name, key.expires_at) == (world.users["alice"], "train-box", None)


def test_a_new_key_is_shown_in_an_answer_that_nobody_keeps(alice: Client) -> None:
    answer = alice.post(page(ApiKey, "add"), {"name": "train-box", **EMPTY})

    assert (answer.status_code, said(alice, answer)) == (200, [])
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_key_is_shown_nowhere_else(alice: Client, world: World) -> None:
    plain, _ = made(alice)
    key = ApiKey.objects.get(name="train-box")

    pages = [page(ApiKey, "changelist"), *(page(ApiKey, one, key.pk) for one in ("change", "delete", "history"))]
    shown = [text(alice.get(address)) for address in ["/settings/", *pages]]

    assert [one for one in shown if plain in one or key.digest in one] == []
    assert plain not in str(list(LogEntry.objects.values()))
    assert LogEntry.objects.count() == 1


def test_a_key_may_end(alice: Client) -> None:
    alice.post(page(ApiKey, "add"), {"name": "ci", "expires_at": "2099-01-02T03:04"})

    assert f"{ApiKey.objects.get(name='ci').expires_at:%Y-%m-%d %H:%M}" == "2099-01-02 03:04"


def test_a_key_may_not_have_ended_already(alice: Client) -> None:
    answer = alice.post(page(ApiKey, "add"), {"name": "ci", "expires_at": "2001-01-02T03:04"})

    assert "2001-01-02 03:04 is over. Give a time to come, or leave it out." in text(answer)
    assert not ApiKey.objects.filter(name="ci").exists()


def test_a_key_cannot_be_edited(alice: Client, world: World) -> None:
    key = ApiKey.objects.get(user=world.users["alice"])

    answer = alice.post(page(ApiKey, "change", key.pk), {"name": "renamed", **EMPTY})

    key.refresh_from_db()
    assert (answer.status_code, key.name) == (403, "test")


def test_a_deleted_key_no_longer_works(alice: Client, world: World) -> None:
    key = ApiKey.objects.get(user=world.users["alice"])

    alice.post(page(ApiKey, "delete", key.pk), {"post": "yes"})

    assert key_of(world.keys["alice"]) is None


def test_team_mates_keys_are_not_listed(alice: Client, world: World) -> None:
    shown = text(alice.get(page(ApiKey, "changelist")))

    assert "1 API key" in shown
    assert page(ApiKey, "change", ApiKey.objects.get(user=world.users["bob"]).pk) not in shown
