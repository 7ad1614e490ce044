"""Connect Slack workspaces, and make, change and remove the channels that messages go to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from common.refusals import refuse, refuse_twin
from common.twins import only_one
from integrations import slack_web
from integrations.addresses import Refused, parse
from integrations.models import SlackChannel, SlackWorkspace
from integrations.services import check_url
from integrations.slack_web import Installed
from teams import audit, notices
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
        for channel in workspace.channels.filter(enabled=False).exclude(disabled_reason=""):
            before = _state(channel)
            _enable(channel)
            audit.record(
                "slack_channel.enable", _called(channel), team=team, by=by, before=before, after=_state(channel)
            )
        after = {"slack_id": workspace.slack_id, "token": audit.MASK}
        audit.record("slack_workspace.connect", _called(workspace), team=team, by=by, after=after)
    return workspace


def connect_by_token(team: Team, token: str, *, by: User | None = None) -> SlackWorkspace:
    """Ask Slack whose token this is, and keep it. Raises ValidationError at `token`."""
    return connect_workspace(team, slack_web.whose(token), by=by)


def delete_workspace(workspace: SlackWorkspace) -> None:
    """Forget the token. A workspace with channels is refused: they would go with it."""
    names = ", ".join(workspace.channels.order_by("name").values_list("name", flat=True))
    if names:
        refuse_twin("workspace", f"Channels use the workspace {workspace.name}: {names}. Delete them first.")
    with transaction.atomic():
        before = audit.columns(workspace, "name", "slack_id")
        workspace.delete()
        audit.record("slack_workspace.delete", _called(workspace), team=workspace.team, before=before)


def create_channel(team: Team, values: Mapping[str, Any], *, by: User | None = None) -> SlackChannel:
    """Make a channel that is reached in one of three ways. Raises ValidationError by field."""
    name = _name(values.get("name"))
    twins = SlackChannel.objects.filter(team=team, name=name)
    channel = SlackChannel(team=team, created_by=by, name=name, enabled=values.get("enabled", True))
    url, channel_id = values.get("webhook_url") or "", values.get("channel_id") or ""
    if bool(url) == bool(channel_id):
        refuse("webhook_url", _WAYS)
    if url:
        channel.webhook_url = check_webhook_url(url)  # type: ignore[assignment]  # the field is untyped by its makers
    else:
        channel.channel_id = channel_id
    _check(channel)
    with only_one(twins, f"The team {team.name} has a Slack channel {name!r} already."):
        if channel_id:
            channel.workspace = _workspace(team, values, by)
        channel.save()
        audit.record("slack_channel.create", _called(channel), team=team, by=by, after=_told(channel))
    return channel


def change_channel(channel: SlackChannel, values: Mapping[str, Any]) -> SlackChannel:
    """Put the values in place of what is there. How it is reached stays; an address can be replaced by a new one."""
    called, before = _called(channel), _told(channel)
    if "name" in values:
        channel.name = _name(values["name"])
    if values.get("channel_id"):
        _refuse_other_way(channel, "channel_id", wanted_bot=True)
        channel.channel_id = values["channel_id"]
    if values.get("webhook_url"):
        _refuse_other_way(channel, "webhook_url", wanted_bot=False)
        channel.webhook_url = check_webhook_url(values["webhook_url"])  # type: ignore[assignment]
    channel.enabled = values.get("enabled", channel.enabled)
    _check(channel)
    twins = SlackChannel.objects.filter(team=channel.team_id, name=channel.name).exclude(pk=channel.pk)
    with only_one(twins, f"The team {channel.team.name} has another Slack channel {channel.name!r}."):
        if channel.enabled:
            _enable(channel)
        channel.save()
        after = _told(channel) | ({"webhook_url": audit.MASK} if values.get("webhook_url") else {})
        audit.record("slack_channel.change", called, team=channel.team, before=before, after=after)
    return channel


def delete_channel(channel: SlackChannel, *, used_by: Mapping[str, Any]) -> None:
    """Remove it at once. Doors ask `automations.services.delete_slack_channel`, which knows who uses it."""
    with transaction.atomic():
        before = {**_told(channel), **used_by}
        notices.settle(channel.team_id, notice_key(channel))
        channel.delete()
        audit.record("slack_channel.delete", _called(channel), team=channel.team, before=before)


def disable_channel(channel_id: int, reason: str) -> None:
    """Send there no more until a person enables it again, and tell the team. Once, however often it is asked."""
    with transaction.atomic():
        channel = SlackChannel.objects.select_for_update(of=("self",)).filter(pk=channel_id, enabled=True).first()
        if channel is None:
            return
        before = _state(channel)
        channel.enabled, channel.disabled_reason = False, reason[:200]
        channel.save(update_fields=["enabled", "disabled_reason", "updated_at"])
        text = _("The Slack channel %(name)s was disabled. %(why)s") % {"name": channel.name, "why": reason}
        page = reverse("team_settings:integrations_slackchannel_change", args=[channel.pk])
        notices.tell(channel.team_id, notice_key(channel), text, page)
        called, after = _called(channel), _state(channel)
        audit.record("slack_channel.disable", called, team=channel.team, before=before, after=after)


def check_webhook_url(url: str) -> str:
    """Refuse an address that may not be called. The message does not repeat it: it is a secret."""
    try:
        target = parse(url.strip())
    except Refused as error:
        refuse("webhook_url", f"This address cannot be called: {error}")
    check_url(target.url, field="webhook_url", shown="This address")
    return target.url


def notice_key(channel: SlackChannel) -> str:
    return f"slack:{channel.pk}"


def _workspace(team: Team, values: Mapping[str, Any], by: User | None) -> SlackWorkspace:
    if values.get("token"):
        return connect_by_token(team, values["token"], by=by)
    wanted = values.get("workspace")
    if not wanted:
        refuse("workspace", _WAYS)
    there = SlackWorkspace.objects.filter(team=team)
    found = there.filter(slack_id=getattr(wanted, "slack_id", wanted)).first()
    if found is None:
        listed = ", ".join(f"{one.slack_id} ({one.name})" for one in there.order_by("name")) or "none yet"
        refuse("workspace", f"The team {team.name} has no Slack workspace {wanted!r}. Its workspaces: {listed}.")
    return found


def _name(value: Any) -> str:
    return str(value or "").strip().removeprefix("#")


def _check(channel: SlackChannel) -> None:
    channel.full_clean(exclude=["team", "created_by", "workspace", "webhook_url"], validate_constraints=False)


def _refuse_other_way(channel: SlackChannel, field: str, *, wanted_bot: bool) -> None:
    if channel.by_bot != wanted_bot:
        way = "a bot" if channel.by_bot else "an incoming webhook"
        refuse(field, f"{channel.name} is reached by {way}, and that stays. Make another channel.")


def _enable(channel: SlackChannel) -> None:
    SlackChannel.objects.filter(pk=channel.pk).update(enabled=True, disabled_reason="")
    channel.enabled, channel.disabled_reason = True, ""
    notices.settle(channel.team_id, notice_key(channel))


def _called(row: SlackWorkspace | SlackChannel) -> str:
    return f"{row._meta.verbose_name} {row.name}"


def _state(channel: SlackChannel) -> dict[str, Any]:
    return audit.columns(channel, "enabled", "disabled_reason")


def _told(channel: SlackChannel) -> dict[str, Any]:
    """Give what the audit log tells of it: no address, which is a secret."""
    workspace = channel.workspace.name if channel.workspace else None
    return {**audit.columns(channel, "name", "channel_id", "enabled"), "workspace": workspace}
