"""A world with one of everything in acme, to be asked for by everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from artifacts.models import Visibility
from artifacts.services import add_collection_tags, create_version, get_or_create_collection
from automations.models import Execution, Silence
from automations.silences.services import SilenceDraft, create_silence
from integrations.kind import in_order
from integrations.slack.models import SlackWorkspace
from integrations.slack.services import connect_workspace
from integrations.slack.web.web_api import Installed
from operations.archives.archive_jobs import ask_for_export
from operations.deletion.kinds.project import DeletableProject
from operations.deletion.scheduling import schedule
from operations.models import ArchiveJob
from projects.services import create_project
from registries.models import RegistryMember
from registries.services import create_registry, link, set_role_of_user
from teams.accounts.api_key import KeyLimits, store_key
from teams.joining.invitations import digest_of, invite
from teams.memberships import leave
from teams.models import ApiKey, AuditEvent, Deletion, Invitation, Membership, Notice, Role, User, UserSession
from teams.notices import team_notices
from tests.access.kind_examples import example_on_loopback
from tests.access.routes import INVITATION, SESSION
from tests.pages.people import attempt
from tests.world import FAILED, World, make_world

# What a refused request may write all the same: who came, and who was refused. Not LogEntry: that tells of changes.
_NOT_TOLD = ("last_used_at", "last_login", "last_seen_at")
_NOT_COMPARED = (AuditEvent, UserSession)


def make_place() -> World:
    world = make_world()
    world.secret("TOKEN", "hush-hush")
    hook = world.webhook("http://127.0.0.1:8009/", secret="TOKEN")
    connect_workspace(world.team, Installed("T1", "acme", "xoxb-hush-hush"), by=world.users["alice"])
    for kind in in_order():
        if not kind.rows().exists():
            kind.create(world.team, example_on_loopback(kind))
    run = world.run("run1")
    automation = world.automation(FAILED, name="first")
    failed = {"subject_label": str(run), "state": "failed", "receiver_key": f"webhook:{hook.pk}"}
    attempt(Execution.objects.create(automation=automation, team=world.team, **failed))
    add_collections(world)
    doomed = create_project(world.team, "doomed")
    schedule(DeletableProject, doomed, confirmed="acme/doomed", by=world.users["alice"])
    ask_for_export(world.team, None, format="jsonl", by=world.users["alice"])
    team_notices.open_notice(world.team, "hook", "It was disabled.")
    tomorrow = timezone.now() + timedelta(days=1)
    create_silence(world.team, SilenceDraft(tag="old", ends_at=tomorrow), by=world.users["alice"])
    invite(world.team, Role.VIEWER, by=world.users["alice"])
    Invitation.objects.update(digest=digest_of(INVITATION))
    robot = User.objects.create_user("robot", first_name="nightly training", is_service=True)
    Membership.objects.create(team=world.team, user=robot, role=Role.MEMBER)
    store_key(robot, "of robot", "o" * 44, KeyLimits(team=world.team))
    dora = User.objects.create_user("dora", is_active=False)
    Membership.objects.create(team=world.team, user=dora, role=Role.ADMIN)
    fred = world.users["fred"] = User.objects.create_user("fred")
    leave(Membership.objects.create(team=world.team, user=fred, role=Role.ADMIN))
    world.keys |= {"deactivated": "d" * 44, "revoked": "r" * 44, "former": "f" * 44}
    store_key(dora, "of dora", "d" * 44)
    store_key(fred, "of fred", "f" * 44)
    store_key(world.users["alice"], "taken back", "r" * 44).delete()
    for person in ("charlie", "vera", "bob", "alice", "former"):
        with_session(world, person)
    over = timezone.now() + timedelta(days=1)
    UserSession.objects.create(session_key=SESSION, session_data="", expire_date=over, user=world.users["alice"])
    LogEntry.objects.log_actions(world.users["alice"].pk, Membership.objects.filter(user__username="bob"), 2)
    return world


def add_collections(world: World) -> None:
    """Add a collection with a version, and a registry of acme's people where it is linked. Charlie is not in it."""
    organization = world.team.organization
    organization.admins.add(world.users["alice"])
    models = create_registry(organization, "models", visibility=Visibility.RESTRICTED)
    for name, role in (("alice", "admin"), ("bob", "member"), ("vera", "viewer")):
        set_role_of_user(models, name, role)
    made, _created = get_or_create_collection(world.project, "model", "model")
    entry = create_version(made, "d0", aliases=["first"], tags=["old"]).entry
    linked = link(entry.version, models, "model", aliases=["first"], tags=["old"]).entry.collection
    for collection in (made, linked):
        add_collection_tags(collection, ["old"])


NAMED = {
    "team": "acme", "project": "mnist", "run": "run1", "username": "bob", "event": "RUN_STATE",
    "organization": "research", "registry": "models", "collection": "model", "version": "v0", "alias": "first",
    "tag": "old", "type": "model", "entity": "acme", "workspace": "T1", "provider": "okta",
    "session": SESSION,
}  # fmt: skip


def address(route: str, world: World) -> str:
    """Give the route with what it names filled in: all of it acme's, and a key of alice's."""
    named = {**NAMED, "name": name_in(route), **({"username": "robot"} if "service-accounts" in route else {})}
    for name, value in named.items():
        route = route.replace(f"<str:{name}>", quote(value))
    route = route.replace("<path:rest>", "model/v0")
    return route.replace("<int:pk>", str(number_in(route))) if "<int:pk>" in route else route


def name_in(route: str) -> str:
    """Give the name of what acme has at the route: of an integration, of a secret, of a registry."""
    for kind in in_order():
        if f"/integrations/{kind.key}/" in route:
            return str(kind.rows().filter(team__name="acme").order_by("pk")[0].name)
    names = {"secrets": "TOKEN", "orgs": "models"}
    return next((name for part, name in names.items() if part in route), "hook")


def number_in(route: str) -> int:
    if "archives" in route or "exports" in route:
        return ArchiveJob.objects.get().pk
    if "deletions" in route:
        return Deletion.objects.get().pk
    if "service-accounts" in route:
        return ApiKey.objects.get(user__username="robot").pk
    if "api-keys" in route or route.startswith("authorize"):
        return ApiKey.objects.get(user__username="alice").pk
    if "slack" in route:
        return SlackWorkspace.objects.get(slack_id="T1").pk
    if "silences" in route:
        return Silence.objects.get(tag="old").pk
    if "invitations" in route:
        return Invitation.objects.get().pk
    if "notices" in route:
        return Notice.objects.get(settled_at=None).pk
    if route.startswith("registries"):
        return RegistryMember.objects.get(user__username="bob").pk
    if route.startswith("executions"):
        return int(Execution.objects.order_by("pk").values_list("pk", flat=True)[0])
    return int(Execution.objects.order_by("pk").values_list("automation", flat=True)[0])


def with_key(world: World, person: str) -> APIClient:
    client = APIClient()
    if person != "anonymous":
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {world.keys[person]}")
    return client


def with_session(world: World, person: str) -> Client:
    """A browser. A key that was taken back is shown to the page, which knows no keys."""
    if person == "revoked":
        return Client(headers={"authorization": f"Bearer {world.keys['revoked']}"})
    client = Client()
    if person != "anonymous":
        # Signed in once each: that takes longer than most requests.
        sessions = vars(world).setdefault("sessions", {})
        if person not in sessions:
            client.force_login(world.users["fred" if person == "former" else person])
            sessions[person] = client.cookies[settings.SESSION_COOKIE_NAME].value
        client.cookies[settings.SESSION_COOKIE_NAME] = sessions[person]
    return client


def everything(**more: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but for what a refusal may write: sessions, the audit log, the last use of keys."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model in _NOT_COMPARED or not model._meta.managed:
                continue
            columns = [f.column for f in model._meta.concrete_fields if f.name not in _NOT_TOLD]
            listed = ", ".join(f'"{column}"' for column in columns)
            cursor.execute(f'SELECT {listed} FROM "{model._meta.db_table}" ORDER BY "{model._meta.pk.column}"')
            found[model.__name__] = [tuple(_comparable(value) for value in row) for row in cursor.fetchall()]
    return found


def _comparable(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
