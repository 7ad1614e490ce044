"""Counts of executions by collection, loaded after the list itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from artifacts.models import Collection
from automations.access import executions_of
from automations.insight.subject_addresses import with_former
from common.own_addresses import without_prefix
from common.pages.newest_first import SIZE
from registries.access import registries_of
from teams import access
from teams.accounts.signed_in import person
from teams.models import User


@require_safe
@login_required
def counts(request: HttpRequest) -> HttpResponse:
    """The counts of the collections with these numbers, as far as the person may see them."""
    user = person(request)
    asked = request.GET.get("collections", "").split(",")[:SIZE]
    keys = [int(key[:18]) for key in asked if key.isascii() and key.isdigit()]
    mine = Q(project__team__in=access.teams_of(user), project__deletion=None) | Q(registry__in=registries_of(user))
    rows = Collection.objects.filter(mine, pk__in=keys).select_related("project__team", "registry__organization")
    counted = _counted(user, list(rows))
    return render(request, "automations/_counts.html", {"counted": [one for one in counted if one[1]]})


def _counted(user: User, collections: Sequence[Collection]) -> list[tuple[Collection, int]]:
    """Give the executions about each collection and about its versions, whose addresses follow its own."""
    urls = [collection.get_absolute_url() for collection in collections]
    # Under each name that its place had: what is counted there is counted for the address of today.
    today = {there: url for url in urls for there in with_former([url])}
    about = Q(subject_url__in=today)
    for url in today:
        # A range, as there is an index for it: `v0` to `v99…`.
        about |= Q(subject_url__gte=f"{url}/v", subject_url__lt=f"{url}/w")
    found: Counter[str] = Counter()
    if urls:
        rows = executions_of(user).filter(about).order_by().values_list("subject_url").annotate(Count("pk"))
        for url, count in rows:
            for there in (url, url.rpartition("/")[0]):
                path = without_prefix(there)
                found[today.get(path, path)] += count
    return [(collection, found[url]) for collection, url in zip(collections, urls, strict=True)]
