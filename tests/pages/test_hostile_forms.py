"""Every form that takes a name, given names that would do harm: whether it takes or refuses them, they stay texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from artifacts.services import create_version, get_or_create_collection
from teams.models import User
from tests.browser.hostile import HOSTILE
from tests.pages.people import typed
from tests.slack_server import SlackServer
from tests.world import World

# How a text stands in a page is no question of the database.
pytestmark = pytest.mark.any_database

HOME = "/acme/mnist"
VERSION = f"{HOME}/artifacts/model/model/v0"
SETTINGS, ADMIN = "/settings", "/admin"
HOOK = {"name": "second", "url": "http://127.0.0.1:8099/", "method": "POST", "enabled": "on"}
CHANNEL = {"name": "alerts", "webhook_url": "http://127.0.0.1:8099/slack", "enabled": "on"}
MEMBERS = {f"memberships-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}

# The address of each form, and what it sends with a text in one of its fields.
FORMS: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "sign-in": ("/sign-in", lambda text: {"username": text, "password": text}),
    "project": ("/acme", lambda text: {"name": text, "description": text}),
    "API key": ("/authorize", lambda text: {"name": text}),
    "profile": ("/profile", lambda text: {"first_name": text, "last_name": text, "email": text, "zone": text}),
    "alias": (VERSION, lambda text: {"mark": "alias", "add": text}),
    "alias that is removed": (VERSION, lambda text: {"mark": "alias", "remove": text}),
    "version tag": (VERSION, lambda text: {"mark": "tag", "add": text}),
    "collection tag": (VERSION.removesuffix("/v0"), lambda text: {"add": text}),
    "registry of a link": (f"{VERSION}/link", lambda text: {"registry": text, "collection": text}),
    "automation": (f"{HOME}/automations/new", lambda text: typed(name=text, description=text, event="RUN_STATE")),
    "run name": (f"{HOME}/automations/new", lambda text: typed(**{"use": "run_name", "run_name-pattern": text})),
    "event": (f"{HOME}/automations/new", lambda text: typed(event=text)),
    "scope": ("/automations/new", lambda text: {"scope": text, "in": text}),
    "payload of a test": ("/acme/integrations/webhook/hook/test", lambda text: {"event": "run.state", "payload": text}),
    "member": (f"{SETTINGS}/teams/membership/add/", lambda text: {"username": text, "role": "member"}),
    "role": (f"{SETTINGS}/teams/membership/add/", lambda text: {"username": "bob", "role": text}),
    "secret": (f"{SETTINGS}/secrets_vault/secret/add/", lambda text: {"name": text, "value": "x"}),
    "webhook": (f"{SETTINGS}/integrations/webhook/add/", lambda text: {**HOOK, "name": text}),
    "address": (f"{SETTINGS}/integrations/webhook/add/", lambda text: {**HOOK, "url": text}),
    "header": (f"{SETTINGS}/integrations/webhook/add/", lambda text: {**HOOK, "headers": text}),
    "secret of a webhook": (f"{SETTINGS}/integrations/webhook/add/", lambda text: {**HOOK, "secret": text}),
    "waits": (f"{SETTINGS}/integrations/webhook/add/", lambda text: {**HOOK, "retry_seconds": text}),
    "Slack channel": (f"{SETTINGS}/integrations/slackchannel/add/", lambda text: {**CHANNEL, "name": text}),
    "channel id": (
        f"{SETTINGS}/integrations/slackchannel/add/",
        lambda text: {"name": "a", "channel_id": text, "workspace": text},
    ),
    "Slack token": (f"{SETTINGS}/integrations/slackworkspace/add/", lambda text: {"token": text}),
    "organization": (f"{ADMIN}/teams/organization/add/", lambda text: {"name": text}),
    "team": (f"{ADMIN}/teams/team/add/", lambda text: {"name": text, "organization": text, **MEMBERS}),
    "user": (f"{ADMIN}/teams/user/add/", lambda text: {"username": text, "password1": text, "password2": text}),
    "registry": (f"{ADMIN}/artifacts/registry/add/", lambda text: {"name": text, "description": text}),
}
# What is looked for, filtered by, or simply not there.
ADDRESSES = [
    "/{}", "/acme/{}", "/acme/mnist/runs/{}", "/acme/mnist/artifacts/{}", "/acme/mnist/artifacts/model/{}",
    "/search?q={}", "/acme/mnist/runs?q={}", "/acme/mnist/runs?state={}", "/acme/mnist/automations?q={}",
    "/acme/mnist/automations/new?event=RUN_METRIC&metric={}&name={}", "/automations?q={}&event={}&scope={}",
    "/executions?subject={}", "/acme/mnist/history?state={}", "/registry/{}/{}",
    "/settings/teams/auditevent/?about={}&q={}", "/settings/integrations/webhook/add/?preset={}&name={}",
    "/settings/slack/callback?error={}", "/sign-in?next={}",
]  # fmt: skip


@dataclass
class WalkResult:
    tag: str
    attributes: dict[str, str]


class Page(HTMLParser):
    """The elements a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[WalkResult] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(WalkResult(tag, {name: value or "" for name, value in attrs}))

    @property
    def harmful(self) -> list[WalkResult]:
        return [one for one in self.elements if _is_harmful(one)]


def _is_harmful(one: WalkResult) -> bool:
    if one.tag in {"iframe", "object", "embed", "base", "math", "video", "source"} or "http-equiv" in one.attributes:
        return True
    if any(name.startswith("on") or name in {"srcdoc", "style"} for name in one.attributes):
        return True
    leads = [one.attributes.get(name, "").strip().lower() for name in ("href", "src", "action", "formaction")]
    if any(to.startswith(("javascript:", "data:", "//")) for to in leads):
        return True
    # Ours are files of ours, and Django's words and data for its admin.
    is_ours = leads[1] in {"/settings/jsi18n/", "/admin/jsi18n/"} or leads[1].startswith("/static/")
    return one.tag == "script" and not (is_ours or "json" in one.attributes.get("type", ""))


@pytest.fixture
def alice(world: World, slack: SlackServer) -> Client:
    """An admin of everything, in a team with something of each kind."""
    world.webhook("http://127.0.0.1:8099/")
    world.run("run1")
    create_version(get_or_create_collection(world.project, "model", "model")[0], "d0")
    User.objects.filter(username="alice").update(is_superuser=True, is_staff=True)
    client = Client()
    client.force_login(world.users["alice"])
    return client


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_is_sent_a_hostile_name_shows_a_text(alice: Client, world: World, form: str) -> None:
    address, sent = FORMS[form]
    for text in HOSTILE:
        answer = alice.post(address, {"team": world.team.pk, **sent(text)}, follow=True)
        assert answer.status_code in (200, 400, 403, 404, 409, 422), (text, answer.status_code)
        assert Page(answer.content.decode()).harmful == [], text
        assert "script-src" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_hostile_address_shows_a_text(alice: Client, address: str) -> None:
    for text in HOSTILE:
        answer = alice.get(address.replace("{}", quote(text, safe="")), follow=True)
        assert answer.status_code in (200, 400, 403, 404), (text, answer.status_code)
        assert Page(answer.content.decode()).harmful == [], text


def test_a_page_that_took_them_for_elements_would_be_noticed() -> None:
    assert sum(bool(Page(f'<p title="{text}">{text}</p>').harmful) for text in HOSTILE) >= 25
