"""The Automations tab of a project or a registry, and its automations as a YAML file."""

from __future__ import annotations

import yaml
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from automations.access import automation_numbered, automations_of
from automations.definitions import as_code
from automations.definitions.examples import examples_for
from automations.models import Automation
from automations.views import page_frames
from automations.views.list_filters import filtered_automations
from automations.views.page_frames import PageFrame
from projects.access import project_named
from registries.access import registry_named
from teams.accounts.signed_in import person

_OFFERED = ("event", "action", "state", "last")
# A file of more than these would be no file that people read.
_MOST_EXPORTED = 5000


@require_safe
@login_required
def of_project(request: HttpRequest, team: str, project: str) -> HttpResponse:
    found = project_named(person(request), team, project)
    return _tab(request, page_frames.of_project(person(request), found, "automations"), "project")


@require_safe
@login_required
def of_registry(request: HttpRequest, organization: str, registry: str) -> HttpResponse:
    found = registry_named(person(request), organization, registry)
    return _tab(request, page_frames.of_registry(person(request), found, "automations"), "registry")


@require_safe
@login_required
def project_file(request: HttpRequest, team: str, project: str) -> HttpResponse:
    found = project_named(person(request), team, project)
    frame = page_frames.of_project(person(request), found, "automations")
    return _file(_inside(request, frame), f"{team}-{project}")


@require_safe
@login_required
def registry_file(request: HttpRequest, organization: str, registry: str) -> HttpResponse:
    found = registry_named(person(request), organization, registry)
    frame = page_frames.of_registry(person(request), found, "automations")
    return _file(_inside(request, frame), f"{organization}-{registry}")


@require_safe
@login_required
def one_file(request: HttpRequest, pk: int) -> HttpResponse:
    """One automation as a file: `manage.py automations apply` and REST take it back."""
    found = automation_numbered(person(request), pk)
    return _file(automations_of(person(request)).filter(pk=pk), found.name)


def _tab(request: HttpRequest, frame: PageFrame, scope_type: str) -> HttpResponse:
    shown = filtered_automations(request, _inside(request, frame), _OFFERED)
    examples = examples_for(scope_type) if shown["is_empty"] else []
    return frame.render(request, "automations/list.html", {**shown, "examples": examples, "with_scope": False})


def _inside(request: HttpRequest, frame: PageFrame) -> QuerySet[Automation]:
    assert frame.inside is not None
    return automations_of(person(request)).filter(frame.inside)


def _file(rows: QuerySet[Automation], name: str) -> HttpResponse:
    document = as_code.export(rows.order_by("scope", "name")[:_MOST_EXPORTED])
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    told = _("These are automations of Runbell. Apply them again with: manage.py automations apply FILE")
    answer = HttpResponse(f"# {told}\n{text}", content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slugify(name) or "automations"}.yaml"'
    return answer
