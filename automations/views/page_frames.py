"""Page frames: the project or registry around a page of automations, else the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from artifacts.models import Registry
from automations.definitions.scope_type import ScopePlace
from automations.models import Automation
from projects.models import Project
from projects.project_frame import project_page
from registries.registry_frame import registry_page
from teams.models import User
from teams.team_frame import team_page


@dataclass(frozen=True)
class PageFrame:
    """`base` is the template that pages here extend, `automations` and `history` lead to its tabs.

    `name` is what people call the place. `inside` narrows automations to those that listen here; None where the page
    is of no place.
    """

    base: str
    name: str
    automations: str
    history: str
    context: Mapping[str, Any] = field(default_factory=dict)
    inside: Q | None = None

    def render(self, request: HttpRequest, template: str, more: Mapping[str, Any], status: int = 200) -> HttpResponse:
        return render(request, template, {**self.context, "frame": self, **more}, status=status)


def of_project(user: User, project: Project, tab: str) -> PageFrame:
    home = project.get_absolute_url()
    context = project_page(user, project, tab)
    inside = in_project(project)
    return PageFrame("projects/base.html", str(project), f"{home}/automations", f"{home}/history", context, inside)


def in_project(project: Project) -> Q:
    """Narrow automations to those of a project and of its collections."""
    return Q(project=project) | Q(collection__project=project)


def of_registry(user: User, registry: Registry, tab: str) -> PageFrame:
    home = registry.get_absolute_url()
    inside = Q(registry=registry) | Q(collection__registry=registry)
    context = registry_page(user, registry, f"registry_{tab}")
    return PageFrame("registries/base.html", str(registry), f"{home}/automations", f"{home}/history", context, inside)


def of_hub(user: User, automation: Automation | None = None) -> PageFrame:
    context = team_page(user, automation.team) if automation else {}
    return PageFrame("automations/base.html", "", reverse("hub"), "", {**context, "place": "hub"})


def of_automation(user: User, automation: Automation, tab: str = "automations") -> PageFrame:
    owners = (automation.project, automation.registry, automation.collection)
    return _of(user, owners, tab) or of_hub(user, automation)


def of_place(user: User, place: ScopePlace, tab: str = "automations") -> PageFrame:
    project, registry, collection = (place.columns.get(name) for name in ("project", "registry", "collection"))
    return _of(user, (project, registry, collection), tab) or of_hub(user)


def new_automation(place: ScopePlace, **query: str) -> str:
    """Give the address of the wizard for this scope."""
    project = place.columns.get("project")
    if project is not None:
        home, asked = f"{project.get_absolute_url()}/automations/new", query
    else:
        home, asked = reverse("new_anywhere"), {"scope": place.type, "in": place.name, **query}
    return f"{home}?{urlencode(asked)}" if asked else home


def _of(user: User, owners: tuple[Any, Any, Any], tab: str) -> PageFrame | None:
    project, registry, collection = owners
    project = project or (collection and collection.project)
    registry = registry or (collection and collection.registry)
    if project:
        return of_project(user, project, tab)
    return of_registry(user, registry, tab) if registry else None
