"""After the right password and before the second step nobody is signed in: at no page, REST or GraphQL address."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from teams.sign_in.two_factor.requirement import require_two_factor
from tests.access.test_matrix import REQUESTS, SentRequest
from tests.teams.second_factors import app_of, is_signed_in, with_password
from tests.world import World

pytestmark = pytest.mark.any_database

# Where somebody who stands before the second step gets on.
SECOND_STEP = {"GET sign-in/second-step", "POST sign-in/second-step", "GET sign-in/second-step/options"}
# What opens while one has to set up a second factor: what it takes to do so, and to leave.
OPEN = {
    "livez", "readyz", "healthz", "metrics", "sign-out", "profile/password", "profile/two-factor",
    "profile/two-factor/app", "profile/two-factor/keys", "profile/two-factor/keys/options", "profile/confirm",
    "sign-in/second-step/options", "sign-in/<str:provider>/callback", "sign-in/<str:provider>/again",
}  # fmt: skip


def answered(place: World, asked: SentRequest, browser: Client) -> Any:
    """Send it with the session of this browser, and take back what it did."""
    client = APIClient() if asked.options else Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    method = asked.row.partition(" ")[0].lower()
    with transaction.atomic():
        answer = getattr(client, method)(asked.path(place), asked.sent, **asked.options)
        transaction.set_rollback(True)
    return answer


def test_who_has_shown_a_password_alone_is_nobody_anywhere(place: World) -> None:
    app_of(place.users["alice"])
    stopped = with_password("alice")
    assert not is_signed_in(stopped)
    walked = [asked for asked in REQUESTS if asked.row not in SECOND_STEP]
    found = {asked.row: answered(place, asked, stopped).status_code for asked in walked}
    assert found == {asked.row: asked.answers["anonymous"] for asked in walked}
    assert len(found) > 400
    assert stopped.get("/sign-in/second-step").status_code == 200


def test_who_has_to_set_up_a_second_factor_gets_no_other_page(place: World) -> None:
    require_two_factor(place.team.organization, True)
    client = with_password("alice")
    for asked in (one for one in REQUESTS if not one.options):
        answer = answered(place, asked, client)
        is_led = answer.status_code == 302 and answer["Location"] == "/profile/two-factor"
        assert is_led == (asked.row.partition(" ")[2] not in OPEN), asked.row


@pytest.mark.parametrize("row", ["GET me", "POST api-keys", "GET teams"])
def test_who_has_to_set_up_a_second_factor_gets_nothing_over_rest_by_a_browser(place: World, row: str) -> None:
    require_two_factor(place.team.organization, True)
    asked = next(one for one in REQUESTS if one.row == row)
    assert answered(place, asked, with_password("alice")).status_code == 403
