"""Re-authentication: whatever changes keys, members, secrets or integrations asks a browser first, at every address.

The addresses come from the URL resolver. What changes one of GUARDED in a browser that has just signed in must change
nothing in one that was left open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib import admin
from django.db import connection, transaction
from django.db.models import Count, Model
from django.test import Client

from integrations.models import Integration
from integrations.slack.models import SlackWorkspace
from registries.models import RegistryMember
from secrets_vault.models import Secret
from teams.models import ApiKey, Invitation, Membership, Organization, User
from teams.settings_site.team_settings_admin_site import team_settings
from tests.access.place import everything
from tests.access.test_matrix import ADMIN_ROUTES, FORMS, REQUESTS, SETTINGS_ROUTES, SentRequest, _filled
from tests.world import World

pytestmark = pytest.mark.any_database

GUARDED: tuple[type[Model], ...] = (
    ApiKey, Membership, Invitation, RegistryMember, Organization, Secret, Integration, SlackWorkspace, Authenticator,
    SocialAccount,
)  # fmt: skip
CONFIRM = "/profile/confirm"
# Each leads through all of our own changes: what they send is good.
SENDING = [one for one in REQUESTS if one.row.startswith(("POST", "PUT", "PATCH", "DELETE"))]
OURS = [one for one in SENDING if " admin/" not in one.row and " settings/" not in one.row]
FOUND: set[str] = set()


def browser(place: World, person: str = "alice", *, is_fresh: bool) -> Client:
    client = Client()
    client.force_login(place.users[person])
    if not is_fresh:
        session = client.session
        session["identity_confirmed_at"] = 0
        session.save()
    return client


def guarded() -> dict[str, Any]:
    """Give the rows of what is guarded, as they stand in the database; that a key was used is no change of it.

    Nor is it one that who makes a registry is its only member.
    """
    found: dict[str, Any] = {}
    alone = RegistryMember.objects.values("registry").annotate(members=Count("pk")).filter(members=1).values("registry")
    with connection.cursor() as cursor:
        for model in (*GUARDED, Organization.admins.through):
            if model is RegistryMember:
                found[model._meta.db_table] = list(RegistryMember.objects.exclude(registry__in=alone).values_list())
                continue
            columns = [f'"{field.column}"' for field in model._meta.concrete_fields if field.name != "last_used_at"]
            cursor.execute(f'SELECT {", ".join(columns)} FROM "{model._meta.db_table}" ORDER BY 1')
            found[model._meta.db_table] = [tuple(map(str, row)) for row in cursor.fetchall()]
    return found


def sent(place: World, client: Client, asked: SentRequest) -> tuple[Any, bool]:
    """Send it by the browser, and give the answer and whether anything that is guarded changed; take it back."""
    method, options = asked.row.partition(" ")[0].lower(), {}
    if asked.options:
        options = {"content_type": "application/json"}
    before = guarded()
    with transaction.atomic():
        answer = getattr(client, method)(asked.path(place), asked.sent or {}, **options)
        changed = guarded() != before
        transaction.set_rollback(True)
    return answer, changed


@pytest.mark.parametrize("asked", OURS, ids=lambda asked: asked.row)
def test_nothing_guarded_is_changed_by_a_browser_that_was_left_open(place: World, asked: SentRequest) -> None:
    _answer, changes = sent(place, browser(place, is_fresh=True), asked)
    answer, changed = sent(place, browser(place, is_fresh=False), asked)
    assert not changed, "A change of keys, members, secrets, integrations: is it told in the audit log, under its noun?"
    if changes:
        FOUND.add(asked.row)
        assert answer.status_code == 403
        assert CONFIRM in answer.content.decode() or 'name="identity_password"' in answer.content.decode()


def test_there_were_changes_of_each_kind_among_them() -> None:
    wanted = ("authorize", "api-keys", "members", "invitations", "secrets", "registr", "webhook", "slack", "mail")
    if FOUND:  # not where only some of this file is run
        assert [word for word in wanted if not any(word in row for row in FOUND)] == []


def changing(routes: list[str]) -> Iterator[str]:
    yield from (one for one in routes if one.endswith(("/add/", "/change/", "/delete/", "/rotate/", "/password/")))


@pytest.mark.parametrize("route", list(changing(SETTINGS_ROUTES)))
def test_forms_of_team_settings_ask_before_they_are_filled_in(place: World, route: str) -> None:
    path = f"/{_filled(route, team_settings, place)}"
    if "auditevent" in route:
        return
    fresh, left_open = browser(place, is_fresh=True), browser(place, is_fresh=False)
    if fresh.get(path).status_code == 200:
        assert left_open.get(path)["Location"].startswith(f"{CONFIRM}?next=%2Fsettings")
    before = guarded()
    for form in (FORMS, {"post": "yes"}, {**FORMS, "team": str(place.team.pk), "name": "NEW", "username": "vera"}):
        left_open.post(path, form)
        assert guarded() == before


def test_what_is_chosen_in_a_list_is_not_deleted_either(place: World) -> None:
    for model in team_settings._registry:
        rows = [str(pk) for pk in model._default_manager.values_list("pk", flat=True)]
        form = {"action": "delete_selected", "post": "yes", "_selected_action": rows}
        before = guarded()
        browser(place, is_fresh=False).post(f"/settings/{model._meta.app_label}/{model._meta.model_name}/", form)
        assert guarded() == before, model


@pytest.fixture
def superuser(place: World) -> World:
    User.objects.filter(username="alice").update(is_staff=True, is_superuser=True)
    return place


@pytest.mark.parametrize("route", ADMIN_ROUTES)
def test_a_superuser_who_left_the_browser_open_changes_nothing_at_all(superuser: World, route: str) -> None:
    path = f"/{_filled(route, admin.site, superuser)}"
    left_open = browser(superuser, is_fresh=False)
    before = everything()
    with transaction.atomic():
        for form in (FORMS, {"post": "yes"}):
            if "logout" not in route and "login" not in route:
                assert left_open.post(path, form).status_code in (302, 403, 404, 405, 200)
        assert everything() == before
    if route in set(changing([route])) and browser(superuser, is_fresh=True).get(path).status_code == 200:
        shown = left_open.get(path)
        assert shown.status_code == 200 or shown["Location"].startswith(CONFIRM)


def test_a_superuser_makes_no_person_without_confirming(superuser: World) -> None:
    form = {
        "username": "new",
        "password1": "seven-tall-trees",
        "password2": "seven-tall-trees",
        "usable_password": "true",
    }
    answer = browser(superuser, is_fresh=False).post("/admin/teams/user/add/", form)
    assert (answer.status_code, "seven-tall-trees" in answer.content.decode()) == (403, False)
    assert not User.objects.filter(username="new").exists()
    assert browser(superuser, is_fresh=True).post("/admin/teams/user/add/", form).status_code == 302
    assert User.objects.filter(username="new").exists()


def test_every_table_that_is_guarded_is_one_of_ours_or_of_sign_in() -> None:
    assert {model._meta.app_label for model in GUARDED} <= {app.label for app in apps.get_app_configs()}
