"""Values go in and never come out."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.views.debug import SafeExceptionReporterFilter

from automations.models import Automation
from integrations.webhook.models import Webhook
from secrets_vault import services
from secrets_vault.models import Secret
from secrets_vault.services import reveal
from team_settings.secrets import TeamSecretAdmin
from tests.settings.pages import CANARY, lists, page, pages_of, rows_of, said, text
from tests.world import FAILED, World


def value_of(secret: Secret) -> str:
    return reveal(secret.team_id, [secret.name])[secret.name]


def test_a_secret_is_made_with_its_value(alice: Client, world: World) -> None:
    alice.post(page(Secret, "add"), {"team": world.team.pk, "name": "TOKEN", "value": CANARY})

    secret = Secret.objects.get()
    assert (value_of(secret), secret.updated_by) == (CANARY, world.users["alice"])


def test_the_only_team_is_chosen_already(alice: Client, world: World) -> None:
    assert f'<option value="{world.team.pk}" selected>acme</option>' in text(alice.get(page(Secret, "add")))


def test_a_new_value_takes_the_place_of_the_old_one(alice: Client, token: Secret) -> None:
    alice.post(page(Secret, "change", token.pk), {"value": "another"})

    assert value_of(token) == "another"
    assert [entry.get_change_message() for entry in LogEntry.objects.all()] == ["Changed New value."]


def test_the_name_cannot_be_changed(alice: Client, token: Secret) -> None:
    alice.post(page(Secret, "change", token.pk), {"name": "OTHER", "value": "another"})

    assert Secret.objects.get().name == "TOKEN"


def test_an_empty_value_changes_nothing(alice: Client, token: Secret) -> None:
    answer = alice.post(page(Secret, "change", token.pk), {"value": ""})

    assert "This field is required." in text(answer)
    assert value_of(token) == CANARY


def test_spaces_and_line_ends_of_a_key_are_kept(alice: Client, token: Secret) -> None:
    alice.post(page(Secret, "change", token.pk), {"value": " BEGIN\r\nkey\r\n"})

    assert value_of(token) == " BEGIN\nkey\n"


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("TOKEN", "has a secret &#x27;TOKEN&#x27; already"),
        ("ACCESS_TOKEN", "is reserved"),
        ("9lives", "is no usable name"),
    ],
    ids=["taken", "reserved", "malformed"],
)
def test_a_name_is_refused_in_the_words_of_the_service(
    alice: Client, token: Secret, world: World, name: str, refusal: str
) -> None:
    answer = alice.post(page(Secret, "add"), {"team": world.team.pk, "name": name, "value": CANARY})

    assert refusal in text(answer)
    assert CANARY not in text(answer)
    assert (Secret.objects.count(), LogEntry.objects.count()) == (1, 0)


def test_a_value_that_is_too_long_is_not_said_back(alice: Client, token: Secret) -> None:
    answer = alice.post(page(Secret, "change", token.pk), {"value": CANARY * 2000})

    assert "is the most" in text(answer)
    assert CANARY not in text(answer)
    assert value_of(token) == CANARY


def test_no_page_entry_or_message_holds_the_value(alice: Client, hook: Webhook, world: World) -> None:
    other = {"team": world.team.pk, "name": "OTHER", "value": CANARY}
    posts = [
        alice.post(page(Secret, "add"), other),
        alice.post(page(Secret, "add"), other),
        alice.post(page(Secret, "change", Secret.objects.get(name="OTHER").pk), {"value": f"{CANARY}2"}),
    ]
    told = {message for answer in posts for message in said(alice, answer)}
    addresses = ["/settings/", *lists(), *(one for row in rows_of(world, "acme") for one in pages_of(row))]
    shown = [text(alice.get(address)) for address in addresses] + [text(answer) for answer in posts]
    entries = [str(list(LogEntry.objects.values()))]
    session = [str(dict(alice.session)), str(alice.cookies)]

    assert (len(told), LogEntry.objects.count()) == (2, 2)
    assert [one for one in [*told, *shown, *entries, *session] if CANARY in one] == []


def test_no_page_even_asks_the_database_for_the_value(alice: Client, hook: Webhook, world: World) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for address in [page(Secret, "changelist"), *pages_of(Secret.objects.get())]:
            alice.get(address)

    assert len(queries) > 10
    assert [query["sql"] for query in queries if '"secrets_vault_secret"."value"' in query["sql"]] == []


def test_error_reports_leave_the_value_out(rf: object, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    request = rf.post(page(Secret, "add"), {"value": CANARY, "name": "TOKEN"})  # type: ignore[attr-defined]
    request.user = world.users["alice"]
    monkeypatch.setattr("django.contrib.admin.ModelAdmin.changeform_view", lambda *args: None)

    TeamSecretAdmin(Secret, None).changeform_view(request)  # type: ignore[arg-type]

    reported = SafeExceptionReporterFilter().get_post_parameters(request)
    assert (reported["value"], reported["name"]) == ("********************", "TOKEN")


def test_the_list_says_what_uses_a_secret_and_masks_it(alice: Client, hook: Webhook) -> None:
    shown = text(alice.get(page(Secret, "changelist")))

    assert ' class="field-masked">********</td>' in shown
    assert ' class="field-used_by">hook</td>' in shown


def test_deleting_a_used_secret_names_the_webhooks_first(alice: Client, hook: Webhook, token: Secret) -> None:
    shown = text(alice.get(page(Secret, "delete", token.pk)))

    assert "The webhook hook uses it: nothing can be sent there until there is a secret of this name again." in shown
    assert Secret.objects.count() == 1


def test_a_confirmed_secret_is_gone_and_its_automations_need_attention(
    alice: Client, hook: Webhook, token: Secret, world: World
) -> None:
    world.automation(FAILED)

    alice.post(page(Secret, "delete", token.pk), {"post": "yes"})

    assert Secret.objects.count() == 0
    assert Automation.objects.get().problem.startswith("The secret TOKEN of its webhook hook was deleted.")


def test_deleting_many_names_the_webhooks_too(alice: Client, hook: Webhook, token: Secret) -> None:
    answer = alice.post(page(Secret, "changelist"), {"action": "delete_selected", "_selected_action": [token.pk]})

    assert "The webhook hook uses it" in text(answer)
    assert Secret.objects.count() == 1


def test_a_refused_change_leaves_the_secret_as_it_was(
    alice: Client, token: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "LONGEST_BYTES", 3)

    alice.post(page(Secret, "change", token.pk), {"value": "four"})

    assert value_of(token) == CANARY
