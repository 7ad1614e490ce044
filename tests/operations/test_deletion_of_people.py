"""Deletion of a person: switched off at once, anonymised at the end; what they made stays."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client

from automations.models import Automation
from operations.deletion.deletable import registry
from operations.deletion.scheduling import schedule, undo
from projects.models import Run
from teams.accounts.api_key import key_of
from teams.models import ApiKey, AuditEvent, Deletion, Membership, User
from tests.at_once import AT_ONCE, at_once
from tests.operations.test_deletion import purged
from tests.world import FAILED, World

PERSON = registry.get("person")


@pytest.fixture
def bob(world: World) -> User:
    """Bob has an e-mail address, a run, and a trace in the audit log; who is called bobby has one too."""
    world.webhook("http://127.0.0.1:9/hook")
    User.objects.filter(username="bob").update(email="bob@mail.test", confirmed_email="bob@mail.test")
    world.run("run1", user="bob")
    world.automation(FAILED)
    bob = User.objects.get(username="bob")
    said = {"by": "bob", "mail": "bob@mail.test", "beside": "bobby"}
    AuditEvent.objects.create(
        team=world.team, user=bob, actor="bob", verb="run.change", target="run of bob and bobby", after=said,
        door="rest", address="192.0.2.7", agent="curl", key="of bob",
    )  # fmt: skip
    return bob


def delete_person(name: str = "bob") -> Deletion:
    return schedule(PERSON, PERSON.find(None, name), confirmed=name)


def test_only_a_superuser_deletes_people(world: World) -> None:
    with pytest.raises(PermissionDenied):
        PERSON.find(world.users["alice"], "bob")
    User.objects.filter(username="alice").update(is_superuser=True)
    assert PERSON.find(User.objects.get(username="alice"), "bob") == world.users["bob"]


def test_the_last_superuser_stays(world: World) -> None:
    User.objects.filter(username="alice").update(is_superuser=True)
    with pytest.raises(ValidationError, match="the last superuser"):
        PERSON.find(None, "alice")


def test_who_waits_is_switched_off_and_undone_is_as_before(world: World, bob: User) -> None:
    deletion = delete_person()
    assert key_of(world.keys["bob"]) is None
    undo(deletion)
    assert key_of(world.keys["bob"]) is not None
    assert Membership.objects.filter(user=bob).count() == 1


def test_at_the_end_nothing_names_them_and_what_they_made_stays(world: World, bob: User) -> None:
    deletion = delete_person()
    purged()
    new = f"deleted-user-{bob.pk}"
    bob.refresh_from_db()
    assert (bob.username, bob.email, bob.confirmed_email, bob.is_active) == (new, "", "", False)
    assert not ApiKey.objects.filter(user=bob).exists()
    assert not Membership.objects.filter(user=bob).exists()
    assert Run.objects.get().user == bob
    assert Automation.objects.count() == 1
    deletion.refresh_from_db()
    assert (deletion.name, deletion.finished_at is not None) == (new, True)


def test_the_audit_log_keeps_what_was_done_without_their_name(world: World, bob: User) -> None:
    delete_person()
    purged()
    new = f"deleted-user-{bob.pk}"
    row = AuditEvent.objects.get(verb="run.change")
    assert (row.actor, row.target, row.address, row.agent, row.key) == (new, f"run of {new} and bobby", None, "", "")
    assert row.after == {"by": new, "mail": new, "beside": "bobby"}
    told = [json.dumps([one.actor, one.target, one.before, one.after]) for one in AuditEvent.objects.all()]
    assert [text for text in told if '"bob"' in text or "bob@" in text or text.endswith(' bob"]')] == []


@pytest.mark.parametrize("squatter", ["another", "Another, in capitals", "themselves"])
def test_a_name_that_somebody_chose_before_keeps_nobody_from_being_deleted(
    world: World, bob: User, squatter: str
) -> None:
    name = f"deleted-user-{bob.pk}"
    if squatter == "themselves":
        User.objects.filter(pk=bob.pk).update(username=name)
        AuditEvent._base_manager.filter(user=bob).update(actor=name)
    else:
        User.objects.create_user(name if squatter == "another" else name.upper())
    deletion = delete_person(name if squatter == "themselves" else "bob")
    purged()
    bob.refresh_from_db()
    deletion.refresh_from_db()
    assert (bob.username, bob.email, deletion.name, deletion.problem) == (f"{name}-2", "", f"{name}-2", "")
    assert deletion.finished_at is not None
    assert not ApiKey.objects.filter(user=bob).exists()
    assert AuditEvent.objects.get(verb="run.change").actor == f"{name}-2"


def test_what_broke_off_goes_on_with_the_same_name(world: World, bob: User) -> None:
    deletion = delete_person()
    Deletion.objects.update(started_at=deletion.asked_at)
    batches = PERSON.batches(deletion)
    for _number in range(3):
        next(batches).delete()
    purged()
    bob.refresh_from_db()
    assert bob.username == f"deleted-user-{bob.pk}"
    assert AuditEvent.objects.get(verb="run.change").actor == bob.username


def test_their_name_is_free_again(world: World, bob: User) -> None:
    delete_person()
    purged()
    assert User.objects.create_user("bob").pk != bob.pk


def test_the_page_says_that_the_last_superuser_cannot_be_deleted(client: Client, db: None) -> None:
    client.force_login(User.objects.create_superuser("root"))
    answer = client.get("/profile/deletions/new?kind=person&name=root", follow=True)
    assert (answer.status_code, "is the last superuser" in answer.content.decode()) == (200, True)


@pytest.mark.django_db(transaction=True)
def test_of_superusers_who_delete_each_other_at_once_one_stays() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("NOT TESTED HERE: SQLite lets one write at a time, whatever the code does; pytest --postgresql")
    names = [f"root{number}" for number in range(AT_ONCE)]
    for name in names:
        User.objects.create_user(name, is_superuser=True)
    others = [PERSON.find(None, name) for name in names]

    def delete_next(number: int) -> bool:
        with suppress(ValidationError):
            return bool(schedule(PERSON, others[number], confirmed=names[number]))
        return False

    assert sorted(at_once(delete_next)) == [False, *[True] * (AT_ONCE - 1)]
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1
