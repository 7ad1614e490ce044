"""Reading, switching and deleting automations; what they did."""

from __future__ import annotations

import pytest
from django.test import Client

from automations.models import Automation, Execution
from integrations.webhook.models import Webhook
from tests.pages.people import PROJECT, attempt, bell, executions, text
from tests.world import World

LIST = f"{PROJECT}/automations"


def test_the_list_says_each_automation_in_a_sentence(bob: Client, world: World) -> None:
    bell(world, description="Wakes the on-call person.")
    page = text(bob.get(LIST))
    said = "When a run of <strong>acme/mnist</strong> <strong>fails</strong>, call <strong>hook</strong>."
    assert f'<p class="sentence">{said}</p>' in page
    assert "Wakes the on-call person." in page
    assert "never fired" in page


def test_the_list_shows_the_last_execution_of_each(bob: Client, world: World) -> None:
    first, second = bell(world, "first"), bell(world, "second")
    executions(first, 1, state="failed")
    executions(second, 1, state="failed")
    (last,) = executions(first, 1, state="suppressed")
    rows = {row.automation: row.last for row in bob.get(LIST).context["rows"]}
    assert rows[first] == last
    assert rows[second].state == "failed"


def test_an_automation_that_needs_attention_says_why(bob: Client, world: World) -> None:
    automation = bell(world)
    Automation.objects.filter(pk=automation.pk).update(problem="Its webhook is gone.")
    for address in (LIST, automation.get_absolute_url()):
        page = text(bob.get(address))
        assert "Needs attention." in page
        assert "Its webhook is gone." in page


def test_a_project_without_automations_offers_three(bob: Client, vera: Client) -> None:
    assert text(bob.get(LIST)).count(f'href="{LIST}/new?event=') == 3
    assert f"{LIST}/new" not in text(vera.get(LIST))


def test_switching_off_and_on_comes_back_to_the_page(bob: Client, world: World) -> None:
    automation = bell(world)
    answer = bob.post(f"/automations/{automation.pk}/switch", {"next": LIST, "enabled": "off"})
    assert answer["Location"] == LIST
    automation.refresh_from_db()
    assert automation.enabled is False
    assert 'aria-checked="false"' in text(bob.get(LIST))
    bob.post(f"/automations/{automation.pk}/switch", {"next": LIST, "enabled": "on"})
    automation.refresh_from_db()
    assert automation.enabled is True


def test_switching_leads_to_no_other_site(bob: Client, world: World) -> None:
    automation = bell(world)
    answer = bob.post(f"/automations/{automation.pk}/switch", {"next": "https://evil.test/"})
    assert answer["Location"] == automation.get_absolute_url()


def test_looking_changes_nothing(bob: Client, world: World) -> None:
    automation = bell(world)
    assert bob.get(f"/automations/{automation.pk}/switch").status_code == 405
    bob.get(f"/automations/{automation.pk}/delete")
    automation.refresh_from_db()
    assert (automation.enabled, automation.deleted_at) == (True, None)


def test_deleting_asks_and_keeps_the_history(bob: Client, world: World) -> None:
    automation = bell(world)
    executions(automation, 2, state="pending")
    asked = text(bob.get(f"/automations/{automation.pk}/delete"))
    assert "2 executions are under way" in asked
    assert bob.post(f"/automations/{automation.pk}/delete")["Location"] == LIST
    assert bob.get(automation.get_absolute_url()).status_code == 404
    assert "deleted</span>" in text(bob.get(f"{PROJECT}/history"))


def test_the_health_strip_shows_the_last_fifty_oldest_first(bob: Client, world: World) -> None:
    automation = bell(world)
    made = executions(automation, 55)
    listed = bob.get(automation.get_absolute_url()).context["lately"]
    assert [one.pk for one in listed] == [one.pk for one in made[5:]]


def test_an_automation_that_cannot_be_read_does_not_break_its_pages(bob: Client, world: World) -> None:
    automation = bell(world)
    Automation.objects.filter(pk=automation.pk).update(event_type="no.such", conditions=[{"type": "gone"}])
    assert "This automation cannot be read." in text(bob.get(LIST))
    assert bob.get(automation.get_absolute_url()).status_code == 200
    assert bob.get(f"/automations/{automation.pk}/edit").status_code == 404


def test_an_execution_shows_why_and_each_attempt(bob: Client, world: World) -> None:
    (execution,) = executions(bell(world), 1, state="failed", reason="The receiver answered 503.", attempts_made=2)
    attempt(execution, number=1)
    attempt(execution, number=2)
    page = text(bob.get(execution.get_absolute_url()))
    assert "The run failed." in page
    assert page.count("Attempt ") == 2
    assert "{\n  &quot;run&quot;: &quot;run1&quot;\n}" in page
    assert "Bearer ********" in page
    assert "<strong>503</strong>" in page


def test_an_execution_whose_event_and_attempts_are_missing_can_be_read(bob: Client, world: World) -> None:
    (execution,) = executions(bell(world), 1, state="suppressed", reason="Cooldown.", count=7)
    page = text(bob.get(execution.get_absolute_url()))
    assert "Nothing was sent." in page
    assert "7 times" in page


def test_history_comes_in_pages_that_miss_and_repeat_nothing(bob: Client, world: World) -> None:
    made = executions(bell(world), 120)
    address, seen = f"{PROJECT}/history", []
    while address:
        page = bob.get(address).context["page"]
        seen += [row.pk for row in page.rows]
        address = f"{PROJECT}/history?before={page.older}" if page.older else ""
    assert seen == [one.pk for one in reversed(made)]


def test_history_shows_one_state_and_keeps_to_it_on_the_next_page(bob: Client, world: World) -> None:
    automation = bell(world)
    executions(automation, 60, state="failed")
    executions(automation, 5, state="delivered")
    page = bob.get(f"{PROJECT}/history?state=failed")
    assert {row.state for row in page.context["page"].rows} == {"failed"}
    assert f"?state=failed&amp;before={page.context['page'].older}" in text(page)


def test_history_is_of_one_project_only(bob: Client, world: World) -> None:
    executions(bell(world), 1)
    (elsewhere,) = executions(bell(world, "elsewhere"), 1)
    Automation.objects.filter(name="elsewhere").update(project=None)
    shown = bob.get(f"{PROJECT}/history").context["page"].rows
    assert elsewhere not in shown
    assert len(shown) == 1


@pytest.mark.parametrize("before", ["abc", "-1", "9" * 40, "²", ""])
def test_a_place_that_is_none_breaks_no_list(bob: Client, world: World, before: str) -> None:
    executions(bell(world), 1)
    assert bob.get(f"{PROJECT}/history", {"before": before}).status_code == 200
    assert bob.get(f"{PROJECT}/runs", {"before": before}).status_code == 200


def test_a_run_shows_what_it_triggered_as_a_page_and_as_a_part(bob: Client, world: World) -> None:
    world.run("run1")
    automation = bell(world)
    executions(automation, 1)
    (other,) = executions(automation, 1, subject_url="/acme/mnist/runs/other")
    address = f"{PROJECT}/runs/run1/automations"
    whole, part = bob.get(address), bob.get(address, headers={"HX-Request": "true"})
    assert "<html" in text(whole)
    assert "<html" not in text(part)
    assert "bell" in text(part)
    assert f"/executions/{other.pk}" not in text(part)
    assert "HX-Request" in part["Vary"]


def test_webhooks_show_where_they_go_without_the_path_and_who_uses_them(bob: Client, world: World) -> None:
    bell(world)
    page = text(bob.get("/acme/integrations"))
    assert "hooks.example.test" in page
    assert "token-in-path" not in page
    assert ">bell</a>" in page


def test_a_webhook_whose_address_is_junk_breaks_no_list(bob: Client, world: World) -> None:
    Webhook.objects.create(team=world.team, name="junk", url="http://[::1")
    assert bob.get("/acme/integrations").status_code == 200


def test_nothing_of_another_team_stands_on_a_page(charlie: Client, world: World) -> None:
    executions(bell(world), 1)
    assert Execution.objects.count() == 1
    page = text(charlie.get("/other/integrations")) + text(charlie.get("/other"))
    assert "hook.example" not in page
    assert "acme" not in page
