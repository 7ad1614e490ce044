"""Redirects from the page addresses that the SDK prints to our pages. Those look whether the visitor may see them."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from common.own_addresses import with_prefix


@require_safe
def workspace(request: HttpRequest, team: str, project: str) -> HttpResponse:
    return redirect("runs", team, project)


@require_safe
def version(request: HttpRequest, team: str, project: str, type: str, collection: str, version: str) -> HttpResponse:
    return redirect(_path(team, project, "artifacts", type, collection, version))


@require_safe
def registry(request: HttpRequest, organization: str, name: str) -> HttpResponse:
    """`?selectionPath=<entity>/<project>/<collection>&version=v0` says which version of which collection."""
    collection = request.GET.get("selectionPath", "").rpartition("/")[2]
    version = request.GET.get("version", "") if collection else ""
    inner = ("collections", collection, version) if collection else ()
    return redirect(_path("registry", organization, name, *inner))


def _path(*parts: str) -> str:
    return with_prefix("".join(f"/{quote(part, safe='')}" for part in parts if part))
