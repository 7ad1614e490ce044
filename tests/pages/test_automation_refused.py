"""What is refused: told at its field, all at once, with what was typed kept."""

from __future__ import annotations

import pytest
from django.test import Client

from automations.models import Automation
from tests.pages.people import NEW, bell, metric, text, typed, values_of
from tests.world import World


@pytest.fixture(autouse=True)
def hook(world: World) -> None:
    world.webhook("https://hooks.example.test/in")


@pytest.mark.parametrize(
    ("wrong", "field", "kept", "message"),
    [
        ({"metric_threshold-threshold": "abc"}, "metric_threshold-threshold", "abc", "Give a number"),
        ({"metric_threshold-metric": ""}, "metric_threshold-metric", None, "Name a metric"),
        ({"use": ["run_name"], "run_name-pattern": "(["}, "run_name-pattern", "([", "no regular expression"),
        ({"name": ""}, "name", None, "Give the automation a name."),
        ({"cooldown_seconds_0": "x"}, "cooldown_seconds", None, "Give a whole number."),
    ],
    ids=["no number", "no metric", "no regular expression", "no name", "no length"],
)
def test_an_error_stands_at_its_field_and_what_was_typed_is_kept(
    bob: Client, wrong: dict[str, str], field: str, kept: str | None, message: str
) -> None:
    page = text(bob.post(f"{NEW}?event=RUN_METRIC", metric(**wrong)))
    at_field = page.split(f'id="field-{field}"', 1)[1].split("</div>", 1)[0]
    assert message in at_field
    assert message in page.split('class="errors"', 1)[1].split("</ul>", 1)[0]
    if kept is not None:
        assert values_of(page, field) == [kept]
    assert not Automation.objects.exists()


def test_every_error_is_told_at_once_and_the_summary_takes_the_focus(bob: Client) -> None:
    page = text(bob.post(f"{NEW}?event=RUN_METRIC", metric(**{"name": "", "metric_threshold-metric": ""})))
    assert "2 things to mend" in page
    assert 'role="alert" tabindex="-1" autofocus' in page
    assert 'href="#id_metric_threshold-metric"' in page


def test_a_payload_that_cannot_be_sent_is_refused_at_the_payload(bob: Client) -> None:
    page = text(bob.post(f"{NEW}?event=RUN_STATE", typed(**{"send_webhook-payload": '{"a": "${no_such}"}'})))
    assert "no_such" in page.split('id="field-send_webhook-payload"', 1)[1].split("</p>", 1)[0]
    assert "{&quot;a&quot;: &quot;${no_such}&quot;}</textarea>" in page
    assert not Automation.objects.exists()


def test_a_name_that_is_taken_is_refused_at_the_name_in_the_words_of_rest(bob: Client, world: World) -> None:
    bell(world)
    page = text(bob.post(f"{NEW}?event=RUN_STATE", typed()))
    at_field = page.split('id="field-name"', 1)[1].split("</p>", 1)[0]
    assert "There is an automation &#x27;bell&#x27; here already. Choose another name." in at_field
    assert Automation.objects.count() == 1


def test_a_cooldown_that_is_too_long_is_refused_at_the_cooldown(bob: Client) -> None:
    page = text(bob.post(f"{NEW}?event=RUN_STATE", typed(cooldown_seconds_0="99999", cooldown_seconds_1="86400")))
    assert "is not between 0" in page.split('id="field-cooldown_seconds"', 1)[1].split("</fieldset>", 1)[0]
    assert not Automation.objects.exists()


def test_a_refused_edit_changes_nothing(bob: Client, world: World) -> None:
    automation = bell(world, "first")
    bell(world, "second")
    page = text(bob.post(f"/automations/{automation.pk}/edit", typed(name="second")))
    assert "Choose another name." in page
    assert "<h1>Edit first</h1>" in page
    automation.refresh_from_db()
    assert automation.name == "first"
