"""Pages of collections and versions, of projects and of registries alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from artifacts import services
from artifacts.access import hide_foreign_runs
from artifacts.editing import LONGEST_DESCRIPTION, describe_collection
from artifacts.models import Version
from common.data.validation_errors import refuse
from common.pages.keyset_pagination import Order, page_of
from common.pages.list_filters import ListFilter, typed_filter
from common.pages.newest_first import newest
from projects.access import project_named, run_named
from projects.models import Run
from projects.project_frame import project_page
from registries.alias_and_tag_editing import change_aliases_and_tags
from registries.collection_frame import collection_page
from registries.version_listing import (
    collection_rows,
    entry_rows,
    files_of,
    lineage_of_run,
    links_of,
    recent_versions,
    types_of,
    users_of,
)
from teams.access import teams_of
from teams.accounts.signed_in import person
from teams.models import User


@require_safe
@login_required
def artifacts(request: HttpRequest, team: str, project: str, type: str = "") -> HttpResponse:
    """The collections of a project, by type and name."""
    owner = project_named(person(request), team, project)
    frame = project_page(person(request), owner, "artifacts")
    return render(request, "registries/artifacts.html", {**frame, **collection_list(request, owner, type)})


def collection_list(request: HttpRequest, owner: Any, type: str = "") -> dict[str, Any]:
    """Give a page of the collections of a project or a registry, narrowed as the address says."""
    search, types = typed_filter(request.GET), types_of(owner)
    query = {**request.GET.dict(), **({"type": type} if type else {})}
    kind = ListFilter.of(query, "type", _("Every type"), [(one, one) for one in types])
    rows = owner.collections.all()
    rows = rows.filter(type=kind.chosen) if kind.chosen else rows
    rows = rows.filter(name__icontains=search) if search else rows
    page = page_of(rows, Order("name"), request.GET.get("after", ""))
    shown = collection_rows(page.rows)
    return {
        "page": page,
        "collections": shown,
        "filters": [kind] if len(types) > 1 else [],
        "searched": search,
        "is_filtered": bool(search or kind.chosen),
        "keys": ",".join(str(one.pk) for one in shown),
    }


@require_safe
@login_required
@vary_on_headers("HX-Request")
def recent(request: HttpRequest, team: str, project: str) -> HttpResponse:
    """The last versions of a project, for its first page; without scripts its artifacts."""
    owner = project_named(person(request), team, project)
    if "HX-Request" not in request.headers:
        return redirect("artifacts", team, project)
    frame = project_page(person(request), owner, "artifacts")
    return render(request, "registries/_recent.html", {**frame, "entries": recent_versions(owner)})


@require_safe
@login_required
@vary_on_headers("HX-Request")
def of_run(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """The versions that a run made and used: a part of its page; without scripts the artifacts of the project."""
    there = run_named(person(request), team, project, run)
    if "HX-Request" not in request.headers:
        return redirect("artifacts", team, project)
    seen = {name: _seen(person(request), rows) for name, rows in lineage_of_run(there).items()}
    return render(request, "registries/_of_run.html", {"run": there, **seen})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def collection(request: HttpRequest, **names: str) -> HttpResponse:
    """A collection and its versions. Members add and remove its tags, and say what it is."""
    changes = request.method == "POST"
    place = collection_page(person(request), names, to_change=changes)
    if changes:
        _tell(request, lambda: _change_collection(request, place.collection))
        return redirect(place.collection)
    search = typed_filter(request.GET)
    page = newest(entry_rows(place.collection, search), request.GET.get("before", ""))
    hide_foreign_runs(person(request), page.rows)
    shown = {"base": place.base, "collection": place.collection, "in_registry": place.is_in_registry}
    return render(
        request,
        "registries/collection.html",
        {**place.frame, **shown, "page": page, "searched": search, "is_filtered": bool(search), "filters": []},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def version(request: HttpRequest, version: str, **names: str) -> HttpResponse:
    """A version where it stands. Members add and remove its aliases and tags there."""
    changes = request.method == "POST"
    place = collection_page(person(request), names, to_change=changes)
    entry = place.entry(version)
    if changes:
        _tell(request, lambda: change_aliases_and_tags(entry, request.POST, by=person(request)))
        return redirect(entry)
    hide_foreign_runs(person(request), [entry])
    shown = {
        "base": place.base,
        "collection": place.collection,
        "in_registry": place.is_in_registry,
        "entry": entry,
        "version": entry.version,
        "is_linked": entry.version.entries.exclude(collection=entry.version.collection_id).exists(),
        "links": links_of(person(request), entry),
        "files": files_of(entry.version, by=person(request)),
        "used_by": _seen(person(request), users_of(entry.version)),
    }
    return render(request, "registries/version.html", {**place.frame, **shown})


def _seen(user: User, rows: Iterable[Any]) -> list[Any]:
    """Give the runs or versions of teams this person is in, and of projects that are there."""
    teams = set(teams_of(user).values_list("pk", flat=True))
    return [row for row in rows if _team_id(row) in teams and not _is_hidden(row)]


def _team_id(row: Run | Version) -> int:
    return row.project.team_id if isinstance(row, Run) else row.team.pk


def _is_hidden(row: Run | Version) -> bool:
    return row.is_hidden if isinstance(row, Run) else row.is_of_hidden_project


def _change_collection(request: HttpRequest, collection: Any) -> str:
    if "description" in request.POST:
        description = request.POST["description"].replace("\r\n", "\n").replace("\0", "").strip()
        if len(description) > LONGEST_DESCRIPTION:
            refuse("description", _("The description may have up to %s characters.") % f"{LONGEST_DESCRIPTION:,}")
        describe_collection(collection, description, by=person(request))
        return _("The description is changed.")
    return _change_collection_tags(request, collection)


def _change_collection_tags(request: HttpRequest, collection: Any) -> str:
    added, removed = request.POST.get("add", "").strip(), request.POST.get("remove", "")
    if added:
        services.add_collection_tags(collection, [added], by=person(request))
        return _("The collection is tagged %s.") % added
    if not removed:
        refuse("tags", _("Write a tag first."))
    services.remove_collection_tags(collection, [removed], by=person(request))
    return _("The tag %s is taken away.") % removed


def _tell(request: HttpRequest, change: Any) -> None:
    """Make the change and say what became of it."""
    try:
        messages.success(request, change())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
