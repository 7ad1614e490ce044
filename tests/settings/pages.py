"""The addresses of team settings, and what stands on its pages."""

from __future__ import annotations

from django.contrib.messages import get_messages
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from team_settings.member_api_keys import TeamKey
from teams.models import ApiKey, AuditEvent, Membership
from teams.settings_site.team_settings_admin_site import team_settings
from tests.world import World

# Only read here; tests/audit/ has their tests.
READ = (AuditEvent, TeamKey)
CANARY = "canary-value-that-nobody-may-see"


def page(model: type[Model], name: str, *args: object) -> str:
    options = model._meta
    return reverse(f"team_settings:{options.app_label}_{options.model_name}_{name}", args=args)


def pages_of(row: Model) -> list[str]:
    return [page(type(row), name, row.pk) for name in ("change", "delete", "history")]


def lists() -> list[str]:
    models = team_settings._registry
    return [page(model, "changelist") for model in models] + [
        page(model, "add") for model in models if model not in READ
    ]


def rows_of(world: World, team_name: str) -> list[Model]:
    """Every row that team settings could show to the admins of this team, and alice's own keys."""
    rows: list[Model] = []
    for model in team_settings._registry:
        if model in READ:
            continue
        if model is ApiKey:
            rows += ApiKey.objects.filter(user=world.users["alice"])
        else:
            rows += model._default_manager.filter(team__name=team_name)
    return rows


def text(response: HttpResponse) -> str:
    return response.content.decode()


def said(client: Client, response: HttpResponse) -> list[str]:
    """The messages that the next page will show."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def membership(name: str) -> Membership:
    return Membership.objects.get(user__username=name)
