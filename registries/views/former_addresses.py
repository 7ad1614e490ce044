"""Redirects from addresses that pages had before: executions and messages of then still hold them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from artifacts.access import collection_named
from teams.accounts.signed_in import person


@require_safe
@login_required
def collections(request: HttpRequest, team: str, project: str, rest: str) -> HttpResponse:
    """`<collection>/<version>`, without the type."""
    name, *version = rest.split("/")[:2]
    found = collection_named(person(request), team, project, name)
    return redirect("/".join([found.get_absolute_url(), *version]))
