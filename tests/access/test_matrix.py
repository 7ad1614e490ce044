"""Who gets which answer at every address, and that whoever is refused has changed nothing.

The addresses come from the URL resolver, so a new one without a row in tests/access/routes.py fails here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver

from common.http.moved_page import MovedPage
from integrations.former_addresses import Gone
from integrations.kind import in_order
from teams.accounts.api_key import store_key
from teams.models import ApiKey, AuditEvent
from teams.settings_site.team_settings_admin_site import team_settings
from tests.access.place import address, everything, with_key, with_session
from tests.access.routes import (
    ADMIN_SIGN_IN,
    FORMER,
    MATRIX,
    NOT_ADDED_SETTINGS,
    OWN_SETTINGS,
    PAGES,
    PEOPLE,
    QUERIES,
    READ_ONLY_SETTINGS,
    SDK,
    SETTINGS,
    UNCHANGED_SETTINGS,
)
from tests.world import World

REST = "api/v1/"
METHODS = ("get", "post", "put", "patch", "delete")
EVERYBODY = (*PEOPLE, "revoked", "former")
# What team settings and the admin may be sent: every field that any of their forms has.
FORMS = {
    "name": "taken", "url": "http://127.0.0.1:8099/taken", "role": "admin", "value": "x", "post": "yes", "team": "1",
    "username": "charlie", "password1": "x", "password2": "x",
}  # fmt: skip


@dataclass
class SentRequest:
    """A request, and the answer that each of EVERYBODY gets."""

    row: str
    path: Callable[[World], str]
    answers: dict[str, int]
    sent: Any = None
    client: Callable[[World, str], Any] = with_session
    options: dict[str, str] = field(default_factory=dict)

    def send(self, world: World, person: str) -> Any:
        method = self.row.partition(" ")[0].lower()
        return getattr(self.client(world, person), method)(self.path(world), self.sent, **self.options)


def routes(patterns: Any = None, start: str = "") -> Iterator[tuple[str, Any]]:
    """Give every route that the resolver knows, and its view."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, start + str(pattern.pattern))
        else:
            assert isinstance(pattern, URLPattern)
            route = start + str(pattern.pattern)
            # One for each kind of integration. What was moved is told by tests/integrations/test_former_addresses.py.
            kinds = [kind.key for kind in in_order()] if "<str:kind>" in route else [""]
            if not is_former(pattern.callback):
                yield from ((route.replace("<str:kind>", kind), pattern.callback) for kind in kinds)


def is_former(view: Any) -> bool:
    return getattr(view, "cls", None) is Gone or getattr(view, "view_class", None) is MovedPage


def rest_rows() -> Iterator[str]:
    """Give the method and route of everything below /api/v1/."""
    for route, view in routes():
        if route.startswith(REST):
            yield from (f"{name.upper()} {route.removeprefix(REST)}" for name in METHODS if hasattr(view.cls, name))


def page_routes() -> list[str]:
    ours = (route for route, _view in routes() if not route.startswith((REST, "admin/", "settings/")))
    return [*ours, *(route for route, _view in routes() if route.startswith(OWN_SETTINGS))]


# The requests --------------------------------------------------------------------------------------


def _rest_request(row: str) -> SentRequest:
    sent, answers = MATRIX[row]
    method, _, route = row.partition(" ")
    usual = {"DELETE": "?confirm=true", "GET": "?run=run1" if route.endswith("explain") else ""}.get(method, "")
    query = QUERIES.get(row, usual)
    expected = {**dict(zip(PEOPLE, answers, strict=True)), "revoked": 401, "former": FORMER.get(row, answers[1])}
    path = lambda world: f"/{REST}{address(route, world)}{query}"  # noqa: E731
    return SentRequest(row, path, expected, sent, with_key, {"format": "json"})


def _page(row: str) -> SentRequest:
    sent, answers = PAGES[row]
    route = row.partition(" ")[2]
    expected = {**_by_name(answers), "former": FORMER.get(row, answers[1])}
    return SentRequest(row, lambda world: f"/{address(route, world)}{QUERIES.get(row, '')}", expected, sent)


def _sdk(row: str) -> SentRequest:
    sent, answers = SDK[row]
    route = row.partition(" ")[2]
    # Where the token in the address decides, no key is looked at.
    expected = {**_by_name(answers), "revoked": answers[0]}
    return SentRequest(row, lambda world: f"/{address(route, world)}", expected, sent, with_key, {"format": "json"})


def _by_name(answers: tuple[int, ...]) -> dict[str, int]:
    return {**dict(zip(PEOPLE, answers, strict=True)), "revoked": answers[0], "former": answers[1]}


def _admin(route: str) -> Iterator[SentRequest]:
    answers = dict.fromkeys(EVERYBODY, 403 if route == ADMIN_SIGN_IN else 302)
    # Who is not signed in is led to the one page that signs in.
    answers |= {"anonymous": 302, "revoked": 302}
    for method in ("GET", "POST"):
        yield SentRequest(
            f"{method} {route}", lambda world: f"/{_filled(route, admin.site, world)}",
            answers, FORMS if method == "POST" else None,
        )  # fmt: skip


def _settings(route: str) -> Iterator[SentRequest]:
    kind = kind_of(route)
    path = lambda world: f"/{_filled(route, team_settings, world)}"  # noqa: E731
    answers = _by_name(SETTINGS[kind])
    # Who is on no team administers none.
    answers["former"] = 403
    yield SentRequest(f"GET {route}", path, answers)
    if kind in ("list", "row", "add", "alias", "rotation"):
        # What alice's forms get is tests/settings/'s matter: here only that the others get nothing.
        refused = {name: answer for name, answer in answers.items() if name not in ("alice", "charlie")}
        closed = route.endswith("/change/") and route.removeprefix("settings/").startswith(UNCHANGED_SETTINGS)
        charlies = {"charlie": 403 if closed else 302} if kind == "row" else {}
        yield SentRequest(f"POST {route}", path, {**refused, **charlies}, FORMS)


def kind_of(route: str) -> str:
    """Give the kind of a page of team settings; KeyError of SETTINGS for one that has none."""
    rest = route.removeprefix("settings/")
    read_only = rest.startswith(READ_ONLY_SETTINGS)
    shapes = {
        r"": "index",
        r"login/": "subject",
        r"logout/": "logout",
        r"jsi18n/": "index",
        r"autocomplete/": "closed",
        r"password_change/(done/)?": "password",
        r"\w+/\w+/": "list",
        r"\w+/\w+/add/": "closed" if rest.startswith(NOT_ADDED_SETTINGS) else "add",
        r"\w+/\w+/<path:object_id>/(history|delete)/": "closed" if read_only else "row",
        r"\w+/\w+/<path:object_id>/change/": "row",
        r"\w+/\w+/<int:pk>/rotate/": "rotation",
        r"\w+/\w+/<path:object_id>/": "alias",
        r"\w+/\w+/export/<str:form>": "export",
        r"\^\(\?P<app_label>.*": "subject",
        r"\(\?P<url>\.\*\)\$": "nothing",
    }
    return next((kind for shape, kind in shapes.items() if re.fullmatch(shape, rest)), "")


def _filled(route: str, site: admin.AdminSite, world: World) -> str:
    models = {f"{model._meta.app_label}/{model._meta.model_name}": model for model in site._registry}
    there = re.match(r"\w+/(\w+/\w+)/", route)
    row = _row_of(models[there[1]], world) if there and there[1] in models else None
    found = route.replace("<path:content_type_id>/<path:object_id>", "1/1")
    for number in ("<path:object_id>", "<int:pk>"):
        found = found.replace(number, str(row.pk if row else 1))
    found = found.replace("<id>", "1")
    found = found.replace("<str:form>", "csv").replace("(?P<url>.*)$", "no/such/page")
    return re.sub(r"\^\(\?P<app_label>[^)]*\)/\$", "teams/", found)


def _row_of(model: type[Model], world: World) -> Model | None:
    rows = model._default_manager.order_by("pk")
    if issubclass(model, ApiKey):
        return rows.get(user=world.users["alice"])
    if model is AuditEvent:
        return rows.filter(team=world.team).first()
    return rows.filter(team=world.team).first() if any(f.name == "team" for f in model._meta.fields) else rows.first()


ADMIN_ROUTES = [route for route, _view in routes() if route.startswith("admin/")]
SETTINGS_ROUTES = [one for one, _view in routes() if one.startswith("settings/") and not one.startswith(OWN_SETTINGS)]
REQUESTS = [
    *map(_rest_request, MATRIX),
    *map(_page, PAGES),
    *map(_sdk, SDK),
    *(asked for route in ADMIN_ROUTES for asked in _admin(route)),
    *(asked for route in SETTINGS_ROUTES if kind_of(route) in SETTINGS for asked in _settings(route)),
]

# The tests -----------------------------------------------------------------------------------------


@pytest.mark.databases  # The admin has other routes where Redis is the broker.
def test_every_route_of_the_resolver_has_its_row() -> None:
    how = "Add its row to MATRIX (REST), PAGES or SDK in tests/access/routes.py: who gets which answer there?"
    missing = set(rest_rows()) - MATRIX.keys()
    others = {row.partition(" ")[2] for row in PAGES | SDK}
    missing |= {f"GET {route}" for route in page_routes() if route not in others}
    assert missing == set(), how
    unknown = [route for route in SETTINGS_ROUTES if kind_of(route) not in (*SETTINGS, "logout")]
    assert unknown == [], "Give this page of team settings a kind in kind_of, and its answers in SETTINGS."


def test_no_row_is_left_of_a_route_that_is_gone() -> None:
    assert MATRIX.keys() - set(rest_rows()) == set()
    assert {row.partition(" ")[2] for row in PAGES | SDK} - set(page_routes()) == set()


@pytest.mark.any_database
@pytest.mark.parametrize(
    "route", [one for one in page_routes() if not {f"POST {one}", f"PUT {one}"} & (PAGES | SDK).keys()]
)
def test_a_page_without_a_row_for_sending_takes_nothing(place: World, route: str) -> None:
    answer = with_session(place, "alice").post(f"/{address(route, place)}", {})
    assert answer.status_code == 405, f"Add a row 'POST {route}' to PAGES in tests/access/routes.py."


@pytest.mark.parametrize("asked", REQUESTS, ids=lambda asked: asked.row)
def test_everybody_gets_the_answer_that_is_theirs(place: World, asked: SentRequest) -> None:
    refused = [person for person in asked.answers if is_refused(asked, person)]
    before = everything()
    answers = {person: asked.send(place, person).status_code for person in refused}
    assert everything() == before
    for person in asked.answers.keys() - set(refused):
        with transaction.atomic():
            answers[person] = asked.send(place, person).status_code
            transaction.set_rollback(True)
    assert answers == asked.answers


def is_refused(asked: SentRequest, person: str) -> bool:
    """Whether they must not have changed a thing: also who is only shown a page, and who is led to a sign-in."""
    status = asked.answers[person]
    return status >= 400 or (status == 302 and (person in ("anonymous", "revoked") or "settings/" in asked.row))


@pytest.mark.any_database
@pytest.mark.parametrize("asked", [one for one in REQUESTS if one.client is with_key], ids=lambda asked: asked.row)
def test_a_key_of_somebody_switched_off_opens_nothing(place: World, asked: SentRequest) -> None:
    # Where a token in the address decides, no key is looked at.
    expected = 403 if asked.answers["anonymous"] == 403 else 401
    assert asked.send(place, "deactivated").status_code == expected


# Lists ---------------------------------------------------------------------------------------------

LISTS = [
    row for row, (_sent, answers) in MATRIX.items() if row.startswith("GET") and answers == (401, 200, 200, 200, 200)
]


# The catalog is the same for everybody; its examples name a team, as those of the docs do.
@pytest.mark.any_database
@pytest.mark.parametrize("row", [row for row in LISTS if "events" not in row and row != "GET catalog"])
def test_nothing_of_another_team_stands_in_a_list(place: World, row: str) -> None:
    text = _rest_request(row).send(place, "charlie").content.decode()
    assert not [word for word in ("acme", "mnist", "first", "alice", "hook", "TOKEN", "models") if f'"{word}' in text]


def test_an_api_key_is_only_in_its_owners_list(place: World) -> None:
    store_key(place.users["bob"], "of bob", "b" * 44)
    names = [key["name"] for key in with_key(place, "alice").get("/api/v1/api-keys").json()["results"]]
    assert names == ["test"]


@pytest.mark.any_database
@pytest.mark.parametrize("asked", [one for one in REQUESTS if one.client is with_key], ids=lambda asked: asked.row)
def test_no_answer_holds_the_value_of_a_secret(place: World, asked: SentRequest) -> None:
    answer = asked.send(place, "alice")
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert b"hush" not in body
