"""The channel for alerts of scripts: where what `run.alert` says is posted.

It is an automation like any other, of the team, without conditions: it is in the lists, its history can be read, and
whoever wants more than that changes it.
"""

from __future__ import annotations

from automations.definitions import scope_type, scopes, services
from automations.definitions.draft_validation import AutomationDraft
from automations.models import Automation
from integrations.slack.action import NotifySlack
from integrations.slack.models import SlackChannel
from teams.models import Team, User

_NAME = "Alerts of scripts"
_EVENT = "run.alert"


def channel_for_alerts(team: Team) -> SlackChannel | None:
    automation = _automation(team)
    if automation is None or not automation.enabled:
        return None
    return SlackChannel.objects.filter(team=team, pk=automation.action["channel"]).first()


def set_channel_for_alerts(team: Team, channel: SlackChannel | None, *, by: User | None = None) -> None:
    """Let alerts of the team's scripts come to the channel; to none where it is None."""
    automation = _automation(team)
    if channel is None:
        if automation is not None:
            services.delete_automation(automation)
        return
    if automation is None:
        services.create_automation(_place(team), _draft(channel), by=by)
    elif channel_for_alerts(team) != channel:
        services.change_automation(automation, _draft(channel))


def _automation(team: Team) -> Automation | None:
    rows = Automation.objects.filter(
        scope=f"team:{team.pk}", event_type=_EVENT, action_type=NotifySlack.key, deleted_at__isnull=True
    )
    # Conditions are text in the database.
    return next((row for row in rows.select_related("team__organization").order_by("id") if not row.conditions), None)


def _place(team: Team) -> scope_type.ScopePlace:
    place = scopes.place_named({"type": "team", "name": team.name})
    assert place is not None
    return place


def _draft(channel: SlackChannel) -> AutomationDraft:
    action = {"type": NotifySlack.key, "channel": channel.name, "title": "${alert_title}", "text": "${alert_text}"}
    return AutomationDraft(name=_NAME, event=_EVENT, conditions=[], action=action)
