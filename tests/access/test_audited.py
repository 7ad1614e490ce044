"""Each change leaves one row in the audit log, in its own transaction; each refusal leaves one too; no more."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import transaction

from artifacts.models import Collection, TimeToLivePolicy
from automations.models import Automation, Execution, Silence
from integrations.models import Integration
from integrations.slack.models import SlackChannel, SlackWorkspace
from integrations.webhook.models import Webhook, WebhookSharing
from operations.models import ArchiveJob, TeamRetention
from projects.models import Project, Run
from registries.models import RegistryMember
from secrets_vault.models import Secret
from teams.audit.reading import NOUNS, as_sentence
from teams.models import ApiKey, AuditEvent, Deletion, Invitation, Membership, Organization, Team, User, UserSession
from tests.access.place import everything
from tests.access.test_matrix import ADMIN_ROUTES, REQUESTS, SentRequest
from tests.conftest import forget_refusals
from tests.world import World

pytestmark = pytest.mark.any_database

# A change to one of these is told. Of automations and accounts not every column is a change that somebody makes.
AUDITED = (
    Automation, Integration, Webhook, SlackChannel, SlackWorkspace, Secret, Membership, ApiKey, Invitation,
    RegistryMember, Organization, Team, Deletion, TeamRetention, TimeToLivePolicy, User, WebhookSharing, ArchiveJob,
    Silence,
)  # fmt: skip
NOT_TOLD = {Automation: {"problem", "updated_at"}, User: {"time_zone"}, Silence: {"settles_at"}}
NOT_TOLD |= dict.fromkeys((Integration, Webhook, SlackChannel, SlackWorkspace), {"updated_at"})
CHANGES = [
    one
    for one in REQUESTS
    if not one.row.startswith("GET") and one.answers.get("alice", 500) < 400 and " admin/" not in one.row
]
# Signing in and out is told, and changes none of these tables.
SIGNING = {"POST sign-in", "POST sign-out"}
DENIED = (401, 403, 404)
# Nothing that is somebody's, for anybody.
NOTHING_THERE = {
    "home/names",
    "settings/(?P<url>.*)$",
    "settings/teams/auditevent/<path:object_id>/",
    "metrics",
    "health",
}

# Among one's own security keys, of which nobody here has any.
NOBODYS_KEY = "profile/two-factor/keys/<int:pk>"


def told_of() -> dict[str, Any]:
    """Give what is audited, as it stands in the database."""
    found = everything(Secret=None)
    watched: dict[str, Any] = {}
    for model in AUDITED:
        columns = [f.column for f in model._meta.concrete_fields if f.name not in ("last_used_at", "last_login")]
        left_out = {columns.index(name) for name in NOT_TOLD.get(model, ())}
        rows = found[model.__name__]
        watched[model.__name__] = [[value for at, value in enumerate(row) if at not in left_out] for row in rows]
    # Of what scripts write: what people say of it afterwards.
    watched["runs"] = list(Run.objects.filter(name="run1").values_list("display_name", "tags", "notes"))
    settable = ("description", "acts_on_late_values", "late_after_hours", "archived_at")
    watched["projects"] = list(Project.objects.filter(name="mnist").order_by("pk").values_list(*settable))
    watched["collections"] = list(Collection.objects.filter(name="model").order_by("pk").values_list("description"))
    watched["deliveries"] = list(Execution.objects.order_by("pk").values_list("pk", "state"))
    watched["sessions"] = list(UserSession.objects.exclude(user=None).order_by("pk").values_list("pk"))
    return {**watched, "admins": found["Organization_admins"], "registries": found["Registry"]}


def rows_after(last: int) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(pk__gt=last).order_by("pk"))


def sent_and_taken_back(place: World, asked: SentRequest, person: str) -> list[AuditEvent]:
    """Send it, and give the rows it left; the next finds the place as it was."""
    with transaction.atomic():
        start = last()
        asked.send(place, person)
        rows = rows_after(start)
        transaction.set_rollback(True)
    return rows


def last() -> int:
    return AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


@pytest.mark.parametrize("asked", CHANGES, ids=lambda asked: asked.row)
def test_each_change_leaves_exactly_one_row(place: World, asked: SentRequest) -> None:
    before, start = told_of(), last()
    asked.send(place, "alice")
    rows, changed = rows_after(start), told_of() != before
    if asked.row in SIGNING:
        return
    assert [row.verb for row in rows] == [row.verb for row in rows[: int(changed)]], "too many, or none was due"
    assert len(rows) == int(changed), "Call teams.audit.audit_log.record in the service of this change."
    for row in rows:
        assert (row.actor, row.team or row.organization or row.person) != ("", None)
        assert row.actor == "alice"
        assert row.door == {"api/": "rest"}.get("api/" if asked.options else "", "page")
        assert row.verb.split(".")[0] in NOUNS
        assert row.before is not None or row.after is not None
        assert row.before != row.after or row.verb == "secret.change"


@pytest.mark.parametrize("asked", CHANGES, ids=lambda asked: asked.row)
def test_a_change_whose_row_cannot_be_written_does_not_happen(
    place: World, asked: SentRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Exception):
        pass

    def fail(*_: object, **__: object) -> None:
        raise Full

    before = told_of()
    monkeypatch.setattr("teams.models.AuditEvent.save", fail)
    try:
        asked.send(place, "alice")
    except Full:
        pass
    else:
        assert asked.row in SIGNING or told_of() == before
    assert told_of() == before


@pytest.mark.parametrize("asked", REQUESTS, ids=lambda asked: asked.row)
def test_each_refusal_leaves_exactly_one_row(place: World, asked: SentRequest) -> None:
    forget_refusals()
    for person, status in asked.answers.items():
        rows = [row for row in sent_and_taken_back(place, asked, person) if row.verb == "access.denied"]
        assert len(rows) == int(is_denied(asked, person, status)), f"{person} got {status}"
        for row in rows:
            assert row.after == {"status": status}
            assert row.target == asked.row.partition(" ")[0] + " " + unquote(asked.path(place).partition("?")[0])
            name = {"former": "fred", "anonymous": "", "revoked": ""}.get(person, person)
            # Where a token in the address decides, no key is looked at.
            assert row.actor == ("" if asked.answers["anonymous"] == 403 else name)


def is_denied(asked: SentRequest, person: str, status: int) -> bool:
    """Whether this is a refusal: also where a page leads on in place of saying so."""
    route = asked.row.partition(" ")[2]
    is_there = route not in NOTHING_THERE and not route.startswith(("sign-in/<str:provider>", NOBODYS_KEY))
    if route == "<str:team>/sample" and person == "alice":
        return False  # it is her team, and there is none
    may_be_missing = route.startswith(("artifactsV2", "executions/<int:pk>/chart")) or "/runs/<str:run>/files/" in route
    if may_be_missing and status == 404:
        return person in ("charlie", "former")  # the others may look, and there is none
    known = person not in ("anonymous", "revoked")
    if route == "graphql" and status == 200:
        return person in ("charlie", "former")
    if route.startswith("admin/") and status == 302 and known:
        return route in ADMIN_ROUTES and route not in OPEN_OF_ADMIN
    if route.startswith("settings/") and status == 302 and person == "charlie":
        return is_there and "object_id>/" in route and not route.endswith("<path:object_id>/")
    return status in DENIED and (status != 404 or is_there)


# Of Django's admin, what everybody may ask for.
OPEN_OF_ADMIN = {"admin/login/", "admin/logout/"}


def test_no_row_holds_a_secret_or_a_key(place: World) -> None:
    rows = [row for asked in CHANGES for row in sent_and_taken_back(place, asked, "alice")]
    assert len(rows) > 20
    written = json.dumps([*map(as_sentence, rows), *map(as_sentence, AuditEvent.objects.all())], default=str)
    hidden = ["hush", *place.keys.values(), *ApiKey.objects.values_list("digest", flat=True)]
    assert [word for word in hidden if word in written] == []
