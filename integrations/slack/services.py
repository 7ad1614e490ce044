"""Services of Slack: connect workspaces, and create, change and remove channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.data.unique_names import only_one
from common.data.validation_errors import refuse, refuse_duplicate
from integrations import services as integrations
from integrations.kind import Kind, registry
from integrations.slack.models import SlackChannel, SlackWorkspace
from integrations.slack.web import web_api as slack_web
from integrations.slack.web.web_api import Installed
from outbound.addresses import Refused, parse
from outbound.url_validation import check_url
from teams.audit import audit_log
from teams.models import Team, User

_WAYS = "Give the address of an incoming webhook (webhook_url), or channel_id with a workspace or a bot token (token)."


def connect_workspace(team: Team, installed: Installed, *, by: User | None = None) -> SlackWorkspace:
    """Keep the token of a workspace; connected before, it gets the new one, and what the old one broke works again."""
    with transaction.atomic():
        workspace, _created = SlackWorkspace.objects.update_or_create(
            team=team,
            slack_id=installed.slack_id,
            defaults={"name": installed.name[:255], "token": installed.token, "updated_at": timezone.now()},
            create_defaults={"name": installed.name[:255], "token": installed.token, "created_by": by},
        )
        for channel in workspace.channels:
            if channel.enabled or not channel.disabled_reason:
                continue
            before = _state(channel)
            channel.enabled = True
            integrations.enable(kind(), channel, was_enabled=False)
            channel.save()
            audit_log.record(
                "slack_channel.enable", _called(channel), team=team, by=by, before=before, after=_state(channel)
            )
        after = {"slack_id": workspace.slack_id, "token": audit_log.MASK}
        audit_log.record("slack_workspace.connect", _called(workspace), team=team, by=by, after=after)
    return workspace


def connect_by_token(team: Team, token: str, *, by: User | None = None) -> SlackWorkspace:
    """Ask Slack whose token this is, and keep it. Raises ValidationError at `token`."""
    return connect_workspace(team, slack_web.whose(token), by=by)


def delete_workspace(workspace: SlackWorkspace) -> None:
    """Forget the token. A workspace with channels is refused: they would go with it."""
    with transaction.atomic():
        # Held until it is gone: a channel that is being made waits for it, or is seen here.
        SlackWorkspace.objects.select_for_update().get(pk=workspace.pk)
        names = ", ".join(channel.name for channel in workspace.channels)
        if names:
            refuse_duplicate("workspace", f"Channels use the workspace {workspace.name}: {names}. Delete them first.")
        before = audit_log.columns(workspace, "name", "slack_id")
        workspace.delete()
        audit_log.record("slack_workspace.delete", _called(workspace), team=workspace.team, before=before)


def create_channel(team: Team, values: Mapping[str, Any], *, by: User | None = None) -> SlackChannel:
    """Make a channel that is reached in one of three ways. Raises ValidationError by field."""
    name = _name(values.get("name"))
    same_name = SlackChannel.objects.filter(team=team, name=name)
    channel = SlackChannel(team=team, created_by=by, name=name, enabled=values.get("enabled", True))
    url, channel_id = values.get("webhook_url") or "", values.get("channel_id") or ""
    if bool(url) == bool(channel_id):
        refuse("webhook_url", _WAYS)
    if url:
        channel.webhook_url = check_webhook_url(url)
    else:
        channel.channel_id = channel_id
    _check(channel)
    with only_one(same_name, f"The team {team.name} has a Slack channel {name!r} already."):
        if channel_id:
            channel.workspace = _workspace(team, values, by)
        channel.save()
        audit_log.record("slack_channel.create", _called(channel), team=team, by=by, after=kind().audit_values(channel))
    return channel


def change_channel(channel: SlackChannel, values: Mapping[str, Any]) -> SlackChannel:
    """Put the values in place of what is there. How it is reached stays; an address can be replaced by a new one."""
    called, before = _called(channel), kind().audit_values(channel)
    if "name" in values:
        channel.name = _name(values["name"])
    if values.get("channel_id"):
        _refuse_other_way(channel, "channel_id", wanted_bot=True)
        channel.channel_id = values["channel_id"]
    if values.get("webhook_url"):
        _refuse_other_way(channel, "webhook_url", wanted_bot=False)
        channel.webhook_url = check_webhook_url(values["webhook_url"])
    was_enabled, channel.enabled = channel.enabled, values.get("enabled", channel.enabled)
    _check(channel)
    same_name = SlackChannel.objects.filter(team=channel.team_id, name=channel.name).exclude(pk=channel.pk)
    with only_one(same_name, f"The team {channel.team.name} has another Slack channel {channel.name!r}."):
        integrations.enable(kind(), channel, was_enabled=was_enabled)
        channel.save()
        after = kind().audit_values(channel) | ({"webhook_url": audit_log.MASK} if values.get("webhook_url") else {})
        audit_log.record("slack_channel.change", called, team=channel.team, before=before, after=after)
    return channel


def check_webhook_url(url: str) -> str:
    """Refuse an address that may not be called. The message does not repeat it: it is a secret."""
    try:
        parsed = parse(url.strip())
    except Refused as error:
        refuse("webhook_url", f"This address cannot be called: {error}")
    check_url(parsed.url, field="webhook_url", shown="This address")
    return parsed.url


def kind() -> type[Kind]:
    return registry.get("slack")


def _workspace(team: Team, values: Mapping[str, Any], by: User | None) -> SlackWorkspace:
    if values.get("token"):
        return connect_by_token(team, values["token"], by=by)
    wanted = values.get("workspace")
    if not wanted:
        refuse("workspace", _WAYS)
    there = SlackWorkspace.objects.filter(team=team)
    found = there.select_for_update().filter(slack_id=getattr(wanted, "slack_id", wanted)).first()
    if found is None:
        listed = ", ".join(f"{one.slack_id} ({one.name})" for one in there.order_by("name")) or "none yet"
        refuse("workspace", f"The team {team.name} has no Slack workspace {wanted!r}. Its workspaces: {listed}.")
    return found


def _name(value: Any) -> str:
    return str(value or "").strip().removeprefix("#")


def _check(channel: SlackChannel) -> None:
    channel.full_clean(exclude=["team", "created_by", "workspace_id"], validate_constraints=False)


def _refuse_other_way(channel: SlackChannel, field: str, *, wanted_bot: bool) -> None:
    if channel.by_bot != wanted_bot:
        way = "a bot" if channel.by_bot else "an incoming webhook"
        refuse(field, f"{channel.name} is reached by {way}, and that stays. Make another channel.")


def _called(row: SlackWorkspace | SlackChannel) -> str:
    return f"{row._meta.verbose_name} {row.name}"


def _state(channel: SlackChannel) -> dict[str, Any]:
    return audit_log.columns(channel, "enabled", "disabled_reason")
