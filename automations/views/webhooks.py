"""The webhooks and Slack channels of a team, and a test of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from automations import testing
from automations.actions.send_slack import channel_action
from automations.actions.send_webhook import default_payload, webhook_action
from automations.models import Automation
from common.finding import found
from events import types
from integrations.models import SlackChannel, Webhook
from integrations.providers.slack import endpoint_of as slack_endpoint_of
from integrations.providers.webhook import endpoint_of
from teams.access import team_named
from teams.models import Role, Team
from teams.pages import team_page
from teams.people import person


@dataclass(frozen=True)
class Row:
    """A webhook in the list: where it goes without the path, which may hold a token."""

    webhook: Webhook
    host: str
    users: list[Automation]


@dataclass(frozen=True)
class ChannelRow:
    channel: SlackChannel
    users: list[Automation]


class TestForm(forms.Form):
    event = forms.ChoiceField(
        label=_("Event"), choices=types.registry.choices, help_text=_("Whose sample values fill the variables.")
    )
    payload = forms.CharField(
        label=_("Payload"),
        required=False,
        strip=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "code"}),
        help_text=_("Empty: the default one."),
    )


@require_safe
@login_required
def webhooks(request: HttpRequest, team: str) -> HttpResponse:
    its_team = team_named(person(request), team)
    users = _users(its_team)
    webhooks = Webhook.objects.filter(team=its_team).order_by("name")
    channels = SlackChannel.objects.filter(team=its_team).select_related("workspace").order_by("name")
    shown = {
        "rows": [Row(one, _host(one.url), users[endpoint_of(one).key]) for one in webhooks],
        "channels": [ChannelRow(one, users[slack_endpoint_of(one).key]) for one in channels],
    }
    return render(request, "automations/webhooks.html", {**_page(request, its_team), **shown})


@login_required
def test(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Send one request as a delivery would, now, and show what went out and came back."""
    its_team = team_named(person(request), team, Role.ADMIN)
    rows = Webhook.objects.filter(team=its_team).select_related("team")
    webhook = found(rows, f"webhook {name!r} in the team {team}", name=name)
    form = TestForm(request.POST if request.method == "POST" else None, use_required_attribute=False)
    form.fields["payload"].initial = default_payload(webhook)
    context = {**_page(request, its_team), "webhook": webhook, "form": form, "sent": None}
    if form.is_bound and form.is_valid():
        context["sent"] = _sent(webhook, form)
    return render(request, "automations/webhook_test.html", context)


@login_required
def test_slack(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Post a test to a Slack channel, and show what went out and came back."""
    its_team = team_named(person(request), team, Role.ADMIN)
    channel = found(SlackChannel.objects.select_related("team"), f"Slack channel {name!r}", team=its_team, name=name)
    context: dict[str, Any] = {**_page(request, its_team), "channel": channel, "sent": None, "problem": ""}
    if request.method == "POST":
        try:
            event = types.by_wire("RUN_STATE")
            context["sent"] = testing.shown(testing.send_test(channel_action(channel), its_team, event))
        except ValidationError as error:
            context["problem"] = " ".join(error.messages)
    return render(request, "automations/slack_test.html", context)


def _page(request: HttpRequest, team: Team) -> dict[str, Any]:
    return {**team_page(person(request), team), "place": "webhooks"}


def _sent(webhook: Webhook, form: TestForm) -> dict[str, object] | None:
    """Give what was sent and answered; None where it was refused, and the form says why."""
    event = types.registry.get(form.cleaned_data["event"])
    try:
        action = webhook_action(webhook, form.cleaned_data["payload"], event)
        return testing.shown(testing.send_test(action, webhook.team, event))
    except ValidationError as error:
        for name, texts in error.message_dict.items():
            form.add_error(name if name in form.fields else None, texts)
        return None


def _users(team: Team) -> Mapping[str, list[Automation]]:
    """Give the automations that send to each target."""
    users: dict[str, list[Automation]] = defaultdict(list)
    listening = Automation.objects.filter(team=team, deleted_at__isnull=True).exclude(target="")
    for automation in listening.select_related("project__team").order_by("name"):
        users[automation.target].append(automation)
    return users


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        # An address in brackets that is none: it is shown as it cannot be taken apart.
        return url
