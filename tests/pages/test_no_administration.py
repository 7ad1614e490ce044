"""Nobody needs /admin/ from day to day: whoever follows every link of the product as a team's admin never meets it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from artifacts.services import create_version, get_or_create_collection
from registries.services import create_registry
from teams.joining.invitations import invite
from teams.models import Role, User
from teams.people import service_accounts
from tests.pages.people import bell, browser, executions, text
from tests.world import World

_LINK = re.compile(r'(?:href|action|hx-get|hx-post)="([^"]*)"')
# No pages: files, answers for scripts, and what leads out.
_PASSED_BY = ("/static/", "/api/", "/graphql", "/files/", "/sign-out")
ADMINISTRATION = "/admin/"


def followed(client: Client) -> tuple[set[str], set[str]]:
    """Follow every link, one address of each kind of page; give the kinds, and every address that was met."""
    kinds: set[str] = set()
    met, waiting = {"/"}, ["/"]
    while waiting:
        address = waiting.pop()
        path = urlsplit(address).path
        kind = kind_of(path)
        if kind in kinds or path.startswith((*_PASSED_BY, ADMINISTRATION)):
            continue
        kinds.add(kind)
        answer = client.get(address, follow=True)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        here = answer.request["PATH_INFO"]
        new = {urljoin(here, unescape(one)).partition("#")[0] for one in _LINK.findall(text(answer))}
        new = {one for one in new if one.startswith("/")} - met
        met |= new
        waiting += sorted(new)
    return kinds, met


def kind_of(path: str) -> str:
    try:
        return resolve(path).route
    except Resolver404:
        return path


@pytest.fixture
def full(world: World) -> World:
    """A team with one of nearly everything."""
    alice, organization = world.users["alice"], world.team.organization
    organization.admins.add(alice)
    create_registry(organization, "models", by=alice)
    create_version(get_or_create_collection(world.project, "model", "model")[0], "d0")
    world.run("run1")
    executions(bell(world), 1)
    invite(world.team, Role.VIEWER, by=alice)
    service_accounts.create(world.team, "nightly", by=alice)
    return world


def test_an_admin_of_a_team_meets_no_administration(full: World) -> None:
    kinds, met = followed(browser(full, "alice"))
    assert {one for one in met if one.startswith(ADMINISTRATION)} == set()
    wanted = {"teams/<str:team>/people", "orgs/<str:organization>", "teams/<str:team>/name", "<str:team>/<str:project>"}
    assert wanted <= kinds
    assert len(kinds) > 60


def test_a_superuser_does(full: World) -> None:
    User.objects.filter(username="alice").update(is_superuser=True, is_staff=True)
    _kinds, met = followed(browser(full, "alice"))
    assert ADMINISTRATION in met
