"""404 responses at addresses that lead nowhere: a page to people, JSON to scripts."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found

from common.own_addresses import with_prefix
from projects.views import team_page


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path_info.startswith("/api/"):
        return page_not_found(request, exception)
    message = f"There is nothing at this address. {with_prefix('/api/v1/docs')} lists every one."
    error = {"field": "address", "value": request.path, "message": message}
    return JsonResponse({"detail": message, "errors": [error]}, status=404)


def team_health(request: HttpRequest) -> HttpResponse:
    """Give the page of a team of that name, to whoever is signed in."""
    if not request.user.is_authenticated:
        raise Http404
    return team_page.team(request, team="health")
