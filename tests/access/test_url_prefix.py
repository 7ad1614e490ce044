"""A path in RUNBELL_URL is the prefix: no link, form, script, cookie or redirect of any page leaves it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import clear_script_prefix, set_script_prefix

from automations.delivery.preparing import message_context_of
from automations.models import Execution
from common.own_addresses import absolute, with_prefix, without_prefix
from config.setting_groups import own_address
from config.setting_groups.rest_framework import spectacular_settings
from projects.file_storage import signed_links
from teams.joining.invitations import link_of
from teams.models import Notice, Team
from teams.notices import notice_mail, team_notices
from tests.access.place import address, with_key, with_session
from tests.access.routes import MATRIX, PAGES, QUERIES
from tests.access.test_matrix import REST
from tests.world import World

HOST, PREFIX = "http://testserver", "/bell"
# The key that a shortcut is pressed with, and examples of what one may type.
NO_ADDRESS = {"data-key", "placeholder", "nonce"}
# Read when a process starts; tests/packaging/test_prefix_proxies.py asks a real one.
READ_AT_START = "/static/favicon.svg"
EXTRA = ("/admin/", "/settings/", "/settings/integrations/webhook/", "/nowhere/at/all", "/api/v1/docs", "/settings")


@pytest.fixture(autouse=True)
def prefixed(settings: Any) -> Iterator[None]:
    settings.RUNBELL_URL = f"{HOST}{PREFIX}"
    for name, value in own_address.of(settings.RUNBELL_URL).items():
        setattr(settings, name, value)
    settings.SPECTACULAR_SETTINGS = spectacular_settings("1", own_address.of(settings.RUNBELL_URL))
    # As in a thread of gunicorn's, which knows none before a request.
    clear_script_prefix()
    yield
    clear_script_prefix()


class Addresses(HTMLParser):
    """Every attribute that holds an address of this host: whatever it is called, it begins with a slash."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str, str]] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            for part in re.findall(rf"(?:^|\s|{HOST})(/[^\s]*)", value or ""):
                if name not in NO_ADDRESS:
                    self.found.add((tag, name, part))


def texts_of(value: Any) -> Iterator[str]:
    """Give every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_of(inner)


def leaves(path: str) -> bool:
    return not re.match(rf"{PREFIX}(?:[/?#]|$)", path)


def pages(world: World) -> list[str]:
    rows = [row.partition(" ")[2] for row in PAGES if row.startswith("GET ")]
    found = [f"/{address(row, world)}{QUERIES.get(f'GET {row}', '')}" for row in rows if not row.startswith("sign-out")]
    return [*found, *EXTRA]


def test_no_page_leads_out_of_the_prefix(place: World) -> None:
    place.users["alice"].is_superuser = place.users["alice"].is_staff = True
    place.users["alice"].save()
    links, wrong = set(), set()
    for path in pages(place):
        browser = with_session(place, "alice")
        answer = browser.get(f"{PREFIX}{path}")
        assert answer.status_code < 500 or path == "/readyz", path
        there = answer.get("Location", READ_AT_START)
        if there != READ_AT_START and not there.startswith("http"):
            wrong |= {(path, "Location", there)} if leaves(there) else set()
        if answer.get("Content-Type", "").startswith("text/html") and not answer.streaming:
            found = {one for one in Addresses(answer.content.decode()).found if one[2] != READ_AT_START}
            links |= {value for tag, name, value in found if (tag, name) == ("a", "href")}
            wrong |= {(path, name, value) for _tag, name, value in found if leaves(value)}
    assert wrong == set()
    assert len(links) > 60
    # What they lead to is there, and not by chance at the address without the prefix.
    browser = with_session(place, "alice")
    lost = {link for link in links if browser.get(link).status_code == 404 and "nowhere" not in link}
    assert lost == set()


def test_rest_gives_addresses_with_the_prefix(place: World) -> None:
    wrong, seen = set(), 0
    for row in MATRIX:
        method, _, route = row.partition(" ")
        if method != "GET":
            continue
        answer = with_key(place, "alice").get(f"{PREFIX}/{REST}{address(route, place)}{QUERIES.get(row, '')}")
        if answer.get("Content-Type", "") != "application/json":
            continue
        for text in texts_of(json.loads(answer.content)):
            if re.match(r"/[a-z]|http://testserver", text):
                seen += 1
                wrong |= {(row, text)} if leaves(text.removeprefix(HOST)) else set()
    assert wrong == set()
    assert seen


def test_every_door_answers_with_and_without_the_prefix(place: World) -> None:
    """A proxy may keep the prefix or take it away; probes and scripts on the machine need not know of it."""
    for start in ("", PREFIX):
        client, keyed = Client(), with_key(place, "alice")
        assert client.get(f"{start}/livez").json() == {"ok": True}
        assert client.get(f"{start}/readyz?only=web").status_code == 200
        assert client.get(f"{start}/static/favicon.svg").status_code == 200
        assert keyed.get(f"{start}/api/v1/me").json()["username"] == "alice"
        assert keyed.post(f"{start}/graphql", {"query": "{ viewer { username } }"}, format="json").json() == {
            "data": {"viewer": {"username": "alice"}}
        }
        assert keyed.post(f"{start}/files/acme/mnist/run1/file_stream", {}, format="json").status_code == 200
        assert with_session(place, "alice").get(f"{start}/acme").status_code == 200
    assert Client().get(PREFIX)["Location"] == f"{PREFIX}/sign-in?next=/bell/"


def test_a_person_signs_in_and_their_cookies_are_of_the_prefix_alone(place: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    page = browser.get(f"{PREFIX}/acme", follow=True)
    token = page.content.decode().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    form = {"username": "bob", "password": "bob-password", "csrfmiddlewaretoken": token}

    answer = browser.post(f"{PREFIX}/sign-in?next={PREFIX}/acme", {**form, "next": f"{PREFIX}/acme"})

    assert (answer.status_code, answer["Location"]) == (302, f"{PREFIX}/acme")
    assert {name: cookie["path"] for name, cookie in browser.cookies.items()} == {
        "csrftoken-bell": PREFIX,
        "sessionid-bell": PREFIX,
    }


def test_over_https_cookies_of_a_prefix_have_names_that_only_https_sets() -> None:
    found = own_address.of("https://h.example.com/ml/bell")

    assert found["SESSION_COOKIE_NAME"] == "__Secure-sessionid-ml-bell"
    assert found["CSRF_COOKIE_NAME"] == "__Secure-csrftoken-ml-bell"
    assert (found["SESSION_COOKIE_PATH"], found["URL_PREFIX"]) == ("/ml/bell", "/ml/bell")
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://h.example.com"]


def test_links_in_messages_and_mails_have_the_prefix_whatever_the_thread_knows(place: World, settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_BACKEND = "mail.test", "django.core.mail.backends.locmem.EmailBackend"
    execution = Execution.objects.order_by("pk")[0]
    for script_prefix in ("/", f"{PREFIX}/"):
        set_script_prefix(script_prefix)
        execution.subject_url = place.run("run1").get_absolute_url()
        execution.save(update_fields=["subject_url"])
        message = message_context_of(Execution.objects.get(pk=execution.pk))
        assert message.url == f"{HOST}{PREFIX}/acme/mnist/runs/run1"
        assert message.history_url == f"{HOST}{PREFIX}/executions/{execution.pk}"
        assert link_of("x").startswith(f"{HOST}{PREFIX}/invitation?")
        assert signed_links.missing_file_url("a.bin") == f"{HOST}{PREFIX}/files/fetch/-/a.bin"
        team_notices.open_notice(place.team, f"key{script_prefix}", "See.", execution.get_absolute_url())
    place.users["alice"].email_confirmed_at = place.users["alice"].date_joined
    assert {notice.url for notice in Notice.objects.exclude(url="")} == {f"{PREFIX}/executions/{execution.pk}"}
    notice_mail.send_notices()
    assert all(f"{HOST}{PREFIX}/" in letter.body for letter in mail.outbox)


def test_the_database_keeps_paths_without_the_prefix(place: World, settings: Any) -> None:
    """So another prefix may be chosen later, or none."""
    team_notices.open_notice(place.team, "moved", "See.", f"{PREFIX}/acme")
    settings.URL_PREFIX = ""
    assert Notice.objects.get(key="moved").url == "/acme"
    settings.URL_PREFIX = "/other"
    assert Notice.objects.get(key="moved").url == "/other/acme"


def test_a_team_cannot_be_called_like_the_prefix(place: World) -> None:
    """Behind a proxy that takes the prefix away its pages would not be found."""
    with pytest.raises(ValidationError, match="is a word of Runbell's own addresses"):
        Team(organization=place.team.organization, name="bell").full_clean()
    Team(organization=place.team.organization, name="bells").full_clean()


@pytest.mark.parametrize(
    "path, inner, whole",
    [
        ("/acme", "/acme", "/bell/acme"),
        ("/bell", "/", "/bell"),
        ("/bell?x=1", "/?x=1", "/bell?x=1"),
        ("/bell/acme", "/acme", "/bell/acme"),
        ("/bells/acme", "/bells/acme", "/bell/bells/acme"),
        ("//evil.test/x", "//evil.test/x", "//evil.test/x"),
        ("https://x.test/", "https://x.test/", "https://x.test/"),
    ],
)
def test_a_prefix_is_put_before_a_path_once(path: str, inner: str, whole: str) -> None:
    assert (without_prefix(path), with_prefix(path)) == (inner, whole)


def test_an_address_is_the_same_from_either_form() -> None:
    assert absolute("/acme") == absolute("/bell/acme") == f"{HOST}/bell/acme"


def test_openapi_says_where_its_paths_begin() -> None:
    spoken = own_address.of("https://h.test/bell")
    assert spectacular_settings("1", spoken)["SERVERS"] == [{"url": "/bell"}]
    assert spectacular_settings("1", own_address.of("https://h.test"))["SERVERS"] == []
