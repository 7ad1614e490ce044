"""Redirects of former page addresses of integrations, and 410 Gone at the former REST addresses, naming the new."""

from __future__ import annotations

from urllib.parse import quote

from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.http.moved_page import MovedPage
from common.own_addresses import with_prefix
from integrations.kind import in_order


class Gone(APIView):
    """410, with the new address."""

    schema = None
    permission_classes = ()
    kind = ""

    @extend_schema(exclude=True)
    def handle(self, request: Request, team: str, name: str = "", rest: str = "") -> Response:
        parts = [quote(part, safe="") for part in (name, rest) if part]
        there = with_prefix("/".join(["/api/v1/teams", team, "integrations", self.kind, *parts]))
        message = f"This address has moved. Use {there}."
        error = {"field": "address", "value": request.path, "message": message}
        return Response({"detail": message, "errors": [error]}, status=status.HTTP_410_GONE)

    get = post = put = patch = delete = handle


def pages() -> list[URLPattern]:
    """Give the former addresses of pages; a form that is sent there is sent on."""
    found: list[URLPattern] = []
    for kind in in_order():
        if kind.former_page:
            listed = MovedPage.as_view(url="/%(team)s/integrations")
            found.append(path(f"<str:team>/{kind.former_page}", listed))
            # These and no others: a project may be called so, and has its own pages there.
            for page in ("test", "deliveries", "redeliver"):
                new = f"/%(team)s/integrations/{kind.key}/%(name)s/{page}"
                view = MovedPage.as_view(url=new)
                found.append(path(f"<str:team>/{kind.former_page}/<str:name>/{page}", view))
    return found


def gone_from_rest() -> list[URLPattern]:
    found = []
    for kind in in_order():
        if kind.former_rest:
            base, view = f"teams/<str:team>/{kind.former_rest}", Gone.as_view(kind=kind.key)
            found += [path(f"{base}{more}", view) for more in ("", "/<str:name>", "/<str:name>/<str:rest>")]
    return found
