"""Each person sees and changes only what belongs to the teams they administer."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from integrations.webhook.models import Webhook
from secrets_vault.models import Secret
from teams.models import ApiKey, Membership, Team
from tests.settings.conftest import Browser
from tests.settings.pages import CANARY, lists, membership, page, pages_of, rows_of, text
from tests.world import World


@pytest.fixture
def charlie(browser: Browser) -> Client:
    """An admin, of another team."""
    return browser("charlie")


def test_a_stranger_reaches_no_page_of_any_row(charlie: Client, hook: Webhook, world: World) -> None:
    addresses = [address for row in rows_of(world, "acme") for address in pages_of(row)]

    answers = [charlie.get(address) for address in addresses]

    assert len(addresses) == 3 * (3 + 1 + 1 + 1)
    assert {(one.status_code, one.headers["Location"]) for one in answers} == {(302, "/settings/")}


def test_a_stranger_changes_and_deletes_nothing(charlie: Client, hook: Webhook, world: World) -> None:
    before = _everything()

    for row in rows_of(world, "acme"):
        forms = {"name": "taken", "url": "http://127.0.0.1:8099/taken", "role": "admin", "value": "x", "post": "yes"}
        for address in pages_of(row):
            charlie.post(address, forms)

    assert _everything() == before


def test_a_stranger_deletes_nothing_in_bulk(charlie: Client, hook: Webhook, world: World) -> None:
    before = _everything()

    for row in rows_of(world, "acme"):
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        charlie.post(page(type(row), "changelist"), chosen)

    assert _everything() == before


def test_no_list_or_form_of_a_stranger_names_the_team_or_what_is_its(
    charlie: Client, hook: Webhook, world: World
) -> None:
    world.automation({"type": "run_state", "states": ["failed"]}, name="acme-automation")
    hidden = ["acme", "alice", "bob", "vera", "TOKEN", "127.0.0.1:8099", CANARY]

    shown = {address: text(charlie.get(address)) for address in ["/settings/", *lists()]}

    assert [(address, word) for address, page in shown.items() for word in hidden if word in page] == []


@pytest.mark.parametrize("model", [Membership, Secret, Webhook])
def test_nothing_can_be_added_to_another_team(charlie: Client, world: World, model: type) -> None:
    before = _everything()
    values = {
        "team": world.team.pk, "username": "charlie", "role": "admin", "name": "planted", "value": "x",
        "url": "http://127.0.0.1:8099/hook",
    }  # fmt: skip

    answer = charlie.post(page(model, "add"), values)

    assert answer.status_code == 200
    assert "That choice is not one of the available choices" in text(answer)
    assert _everything() == before


@pytest.mark.parametrize("query", ["team=acme", "team__name=acme", f"team={1}", "q=TOKEN", "all="])
def test_no_filter_or_search_shows_another_team(charlie: Client, hook: Webhook, query: str) -> None:
    shown = text(charlie.get(f"{page(Secret, 'changelist')}?{query}", follow=True))

    assert page(Secret, "change", hook.pk) not in shown
    assert "1 secret" not in shown


@pytest.mark.parametrize(
    "lookup", ["user__password__startswith", "user__email__contains", "team__memberships__user__username", "user"]
)
def test_lists_cannot_be_asked_about_what_they_do_not_show(alice: Client, lookup: str) -> None:
    assert alice.get(f"{page(Membership, 'changelist')}?{lookup}=a").status_code == 400


def test_a_secret_cannot_be_guessed_by_filtering(alice: Client, token: Secret) -> None:
    answers = [alice.get(f"{page(Secret, 'changelist')}?value{how}={CANARY}") for how in ("", "__startswith")]

    assert [answer.status_code for answer in answers] == [400, 400]


def test_autocompletion_answers_nobody(alice: Client) -> None:
    asked = {"app_label": "teams", "model_name": "membership", "field_name": "user", "term": "c"}

    assert alice.get("/settings/autocomplete/", asked).status_code == 403


def test_no_row_tells_its_address_by_number(alice: Client, world: World) -> None:
    kind = ContentType.objects.get_for_model(Team)

    assert alice.get(f"/settings/r/{kind.pk}/{world.other_team.pk}/").status_code == 404


def test_an_admin_of_two_teams_can_choose_between_them(browser: Browser, hook: Webhook, world: World) -> None:
    Membership.objects.create(team=world.other_team, user=world.users["alice"], role="admin")
    alice = browser("alice")

    shown = text(alice.get(f"{page(Webhook, 'changelist')}?team=other"))

    assert "Nothing matches." in shown
    assert "?team=acme" in shown
    assert page(Webhook, "change", hook.pk) in text(alice.get(f"{page(Webhook, 'changelist')}?team=acme"))


def test_the_team_of_a_row_cannot_be_changed(browser: Browser, hook: Webhook, world: World) -> None:
    Membership.objects.create(team=world.other_team, user=world.users["alice"], role="admin")
    values = {"team": world.other_team.pk, "name": "hook", "url": hook.url, "access_token": "TOKEN", "enabled": "on"}

    browser("alice").post(page(Webhook, "change", hook.pk), values)

    assert Webhook.objects.get().team == world.team


def test_a_word_of_django_makes_no_copy_of_a_row(alice: Client, world: World) -> None:
    key = ApiKey.objects.get(user=world.users["alice"])

    answer = alice.post(page(ApiKey, "change", key.pk), {"name": "copy", "_saveasnew": "1"})

    assert (answer.status_code, ApiKey.objects.filter(name="copy").count()) == (403, 0)


def test_history_of_another_teams_row_is_not_shown(alice: Client, charlie: Client) -> None:
    bob = membership("bob")
    alice.post(page(Membership, "change", bob.pk), {"role": "viewer"})

    answer = charlie.get(page(Membership, "history", bob.pk), follow=True)

    assert "Changed" not in text(answer)
    assert "Changed" in text(alice.get(page(Membership, "history", bob.pk)))


def test_a_form_without_its_token_is_refused(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.users["alice"])

    answer = strict.post(page(Membership, "change", membership("bob").pk), {"role": "admin"})

    assert (answer.status_code, membership("bob").role) == (403, "member")


def test_signing_out_ends_the_visit(alice: Client) -> None:
    alice.post(reverse("team_settings:logout"))

    assert alice.get("/settings/").status_code == 302


def _everything() -> list[object]:
    models = (Membership, Secret, Webhook, ApiKey)
    return [list(model._default_manager.order_by("pk").values()) for model in models]
