"""Texts of Slack actions: what is no variable of ours, such as W&B's, stands in the message as it was written."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client

from integrations.slack.models import SlackChannel
from tests.automations.test_slack import fail_a_run, notify, words
from tests.slack_server import SlackServer
from tests.world import World


@pytest.mark.parametrize(
    ("said", "sent", "kept"),
    [
        ("${run.url} of ${run_name}", "${run.url} of prod-1", ["${run.url}"]),
        ("${nope}, ${nope} and ${}", "${nope}, ${nope} and ${}", ["${nope}", "${}"]),
        ("$${run_name} costs $5 ${", "${run_name} costs $5 ${", ["${"]),
        ('${artifact_metadata.a"b} \\', '${artifact_metadata.a"b} \\', ['${artifact_metadata.a"b}']),
        ("${artifact_metadata.acc}|", "|", []),
    ],
)
def test_what_is_no_variable_is_said_as_it_stands_and_warned_of_in_the_tab(
    world: World, slack: SlackServer, said: str, sent: str, kept: list[str]
) -> None:
    SlackChannel.objects.create(team=world.team, name="alerts", webhook_url=slack.hook_url)
    automation = notify(world, title=said, text=said)
    assert (automation.action["title"], automation.action["text"]) == (said, said)
    browser = Client()
    browser.force_login(world.users["alice"])
    page = unescape(browser.get("/acme/mnist/automations").content.decode())
    assert [name for name in kept if f"{name} is no variable here" in page] == kept
    assert page.count("is no variable here") == len(kept)
    fail_a_run(world)
    (message,) = slack.messages
    assert sent in unescape(words(message))
