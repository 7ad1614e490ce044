"""OAuth of Slack: consent, the callback that it comes back to, and the page to pick a channel."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.data.lookup import row_or_404
from integrations.slack import services as slack_services
from integrations.slack.models import SlackWorkspace
from integrations.slack.web import web_api as slack_web
from teams import access
from teams.accounts.signed_in import person
from teams.models import Role
from teams.settings_site.team_settings_admin_site import team_settings
from teams.sign_in.confirm_identity import asks_first

_STATE = "slack_state"
_WORKSPACES = "team_settings:integrations_slackworkspace_changelist"
_NEW_CHANNEL = "team_settings:integrations_slackchannel_add"


@require_safe
@asks_first
def connect(request: HttpRequest, team: str) -> HttpResponse:
    """Lead to Slack's consent page. A link and no form: our policy lets forms lead to ourselves only."""
    its_team = access.team_named(person(request), team, Role.ADMIN)
    if not slack_web.can_connect():
        return _back(request, _("No Slack app is set up here: the operator sets SLACK_CLIENT_ID, SLACK_CLIENT_SECRET."))
    address, request.session[_STATE] = slack_web.authorize(its_team.pk)
    return HttpResponseRedirect(address)


@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Take the code that Slack sends a browser back with. Its state is good once, in this browser, for 10 minutes."""
    state = slack_web.team_of_state(request.session.pop(_STATE, ""), request.GET.get("state", ""))
    team = access.administered_by(request.user).filter(pk=state).first() if state else None
    if team is None:
        return _back(request, _("Slack's answer does not belong to a question of yours, or came too late. Try again."))
    if request.GET.get("error"):
        return _back(request, _("The workspace was not connected: Slack says %s.") % request.GET["error"][:100])
    try:
        installed = slack_web.installed(request.GET.get("code", ""))
    except ValidationError as error:
        return _back(request, " ".join(error.messages))
    workspace = slack_services.connect_workspace(team, installed, by=person(request))
    messages.success(request, _("The workspace %s is connected. Pick a channel.") % workspace.name)
    return redirect("pick_slack_channel", workspace.pk)


@require_safe
def pick(request: HttpRequest, pk: int) -> HttpResponse:
    """List the workspace's channels, a page of Slack's at a time, each with a link to the form it fills in."""
    there = SlackWorkspace.objects.filter(pk=pk).select_related("team")
    rows = there.filter(team__in=access.administered_by(request.user))
    if not rows.exists():
        access.note_hidden(there)
    workspace = row_or_404(rows, f"Slack workspace {pk} here")
    context: dict[str, Any] = {**team_settings.each_context(request), "workspace": workspace, "title": workspace.name}
    try:
        page = slack_web.channels_of(workspace, request.GET.get("cursor", ""))
    except ValidationError as error:
        context["problem"] = " ".join(error.messages)
    else:
        context |= {"page": page, "rows": [(one, _form_for(workspace, one)) for one in page.channels]}
    return TemplateResponse(request, "slack/pick_slack_channel.html", context)


def _form_for(workspace: SlackWorkspace, channel: slack_web.ListedChannel) -> str:
    filled = {
        "team": workspace.team_id, "workspace": workspace.slack_id, "channel_id": channel.channel_id,
        "name": channel.name,
    }  # fmt: skip
    return f"{reverse(_NEW_CHANNEL)}?{urlencode(filled)}"


def _back(request: HttpRequest, problem: str) -> HttpResponse:
    messages.error(request, problem)
    return redirect(_WORKSPACES)


paths = [
    path("settings/slack/connect/<str:team>", login_required(connect), name="connect_slack"),
    path("settings/slack/callback", login_required(callback), name="slack_callback"),
    path("settings/slack/workspaces/<int:pk>", login_required(pick), name="pick_slack_channel"),
]
