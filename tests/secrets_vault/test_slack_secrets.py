"""What Slack needs is rotated with the team's secrets, also where a channel has no address of its own."""

from __future__ import annotations

from io import StringIO

from django.core.management import call_command

from integrations.slack.models import SlackChannel, SlackWorkspace
from tests.world import World


def test_tokens_and_addresses_are_rotated_and_a_channel_without_one_is_passed_by(world: World) -> None:
    workspace = SlackWorkspace.objects.create(team=world.team, slack_id="T1", name="Acme", token="xoxb-1")
    SlackChannel.objects.create(team=world.team, name="bot", workspace=workspace, channel_id="C001")
    SlackChannel.objects.create(team=world.team, name="hook", webhook_url="https://hooks.example.test/1")
    said = StringIO()
    call_command("rotate_vault_keys", stdout=said)
    assert SlackWorkspace.objects.values_list("token", flat=True).get() == "xoxb-1"
    addresses = [channel.webhook_url for channel in SlackChannel.objects.order_by("name")]
    assert addresses == [None, "https://hooks.example.test/1"]
    assert "token" in said.getvalue()
    assert "private" in said.getvalue()
