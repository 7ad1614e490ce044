"""Settings pages of Slack: a team's workspaces, and the channels that its automations post to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from integrations.settings.kind_admin import KindAdmin
from integrations.slack import alerts
from integrations.slack import services as slack_services
from integrations.slack.models import SlackChannel, SlackWorkspace
from integrations.slack.web import web_api as slack_web
from teams import access
from teams.settings_site.forms import ServiceForm, Unshown
from teams.settings_site.team_scoped_admin import Scoped

_hide = method_decorator(sensitive_post_parameters("token", "webhook_url"))


class TokenForm(ServiceForm[SlackWorkspace]):
    token = forms.CharField(
        label=_("Bot token"),
        max_length=1000,
        widget=Unshown,
        help_text=_("Begins with xoxb-. Slack is asked whose it is. A token for the same workspace takes its place."),
    )

    class Meta:
        model = SlackWorkspace
        fields: list[str] = []

    @sensitive_variables("values")
    def perform(self, values: dict[str, Any]) -> SlackWorkspace:
        team = values.get("team") or self.instance.team
        return slack_services.connect_by_token(team, values["token"], by=self.person)


class NewWorkspaceForm(TokenForm):
    class Meta(TokenForm.Meta):
        fields = ["team"]


class WorkspaceAdmin(Scoped[SlackWorkspace]):
    add_form = NewWorkspaceForm
    change_form = TokenForm
    fixed = ("team", "name", "slack_id")
    intro = _("Slack workspaces that your bot is in: connect one by your Slack app, or paste a bot token.")
    empty = _("The team's Slack workspaces will be here, each with the channels that its bot posts to.")
    icon = "slack"
    change_list_template = "slack/slack_workspaces.html"

    list_display = ("name", "slack_id", "team", "channel_names", "pick")
    list_select_related = ("team",)
    search_fields = ("name",)
    ordering = ("team__name", "name")
    exclude = ("token",)

    def get_fields(self, request: HttpRequest, obj: SlackWorkspace | None = None) -> tuple[str, ...]:
        return ("team", "name", "slack_id", "token") if obj else ("team", "token")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        teams = access.administered_by(request.user) if slack_web.can_connect() else []
        return super().changelist_view(request, {"connectable": teams, **(extra_context or {})})

    @_hide
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    @admin.display(description=_("channels"))
    def channel_names(self, workspace: SlackWorkspace) -> str:
        return ", ".join(channel.name for channel in workspace.channels)

    @admin.display(description=_("add"))
    def pick(self, workspace: SlackWorkspace) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("pick_slack_channel", args=[workspace.pk]), translated("Pick a channel")
        )

    def remove(self, row: SlackWorkspace) -> None:
        slack_services.delete_workspace(row)


class ChannelForm(ServiceForm[SlackChannel]):
    webhook_url = forms.CharField(
        label=_("Incoming webhook"),
        required=False,
        max_length=8192,
        widget=Unshown,
        help_text=_("Its whole address, where no app is permitted. It is a secret, and never shown again."),
    )
    channel_id = forms.CharField(
        label=_("Channel id"),
        required=False,
        max_length=32,
        help_text=_("Where a bot posts: it stands at the end of the channel's details in Slack, such as C024BE91L."),
    )

    class Meta:
        model = SlackChannel
        fields = ["name", "enabled"]

    def sent(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name != "team"}


class NewChannelForm(ChannelForm):
    workspace = forms.CharField(label=_("Workspace"), required=False, widget=forms.Select)
    token = forms.CharField(
        label=_("Bot token"),
        required=False,
        max_length=1000,
        widget=Unshown,
        help_text=_("In place of a workspace that is connected already."),
    )

    class Meta(ChannelForm.Meta):
        fields = ["team", *ChannelForm.Meta.fields]
        help_texts = {"name": _("As automations name it, such as alerts.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = SlackWorkspace.objects.filter(team__in=access.administered_by(self.person)).order_by("name")
        choices = [("", translated("None")), *((one.slack_id, f"{one.name} ({one.slack_id})") for one in there)]
        self.fields["workspace"].widget = forms.Select(choices=choices)

    @sensitive_variables("values")
    def perform(self, values: dict[str, Any]) -> SlackChannel:
        return slack_services.create_channel(values["team"], self.sent(values), by=self.person)


class ChangedChannelForm(ChannelForm):
    alerts = forms.BooleanField(
        label=_("Alerts of scripts"),
        required=False,
        help_text=_("What scripts of this team say with run.alert comes here."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # How it is reached stays: the other way is not offered.
        del self.fields["webhook_url" if self.instance.by_bot else "channel_id"]
        if self.instance.by_bot:
            self.initial["channel_id"] = self.instance.channel_id
        self.initial["alerts"] = alerts.channel_for_alerts(self.instance.team) == self.instance

    @sensitive_variables("values")
    def perform(self, values: dict[str, Any]) -> SlackChannel:
        # Not `instance`: a refused change would leave it altered, and the page shows it.
        stored = SlackChannel.objects.select_related("team").get(pk=self.instance.pk)
        wanted = values.pop("alerts")
        channel = slack_services.change_channel(stored, self.sent(values))
        if wanted != self.initial["alerts"]:
            alerts.set_channel_for_alerts(channel.team, channel if wanted else None, by=self.person)
        return channel


class ChannelAdmin(KindAdmin[SlackChannel]):
    kind_key = "slack"
    use = "posts there"
    add_form = NewChannelForm
    change_form = ChangedChannelForm
    intro = _("Where automations post: by the bot of a workspace, or by the address of an incoming webhook.")
    empty = _("The team's Slack channels will be here: where automations post.")
    icon = "slack"

    list_display = ("name", "way", "team", "state", "automation_count", "test")
    readonly_fields = ("way", "disabled_reason", "used_by", "deliveries", "test")
    search_fields = ("name",)
    ordering = ("team__name", "name")
    exclude = ("private", "settings", "kind")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).with_workspaces()  # type: ignore[attr-defined]

    def get_fields(self, request: HttpRequest, obj: SlackChannel | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("team", "name", "workspace", "token", "channel_id", "webhook_url", "enabled")
        why = ("disabled_reason",) if obj.disabled_reason else ()
        reached = "channel_id" if obj.by_bot else "webhook_url"
        return ("team", "name", "way", reached, "alerts", "enabled", *why, "used_by", "deliveries", "test")

    @_hide
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    @admin.display(description=_("reached by"))
    def way(self, channel: SlackChannel) -> str:
        if channel.workspace is None:
            return translated("an incoming webhook")
        return translated("the bot in %(workspace)s, channel %(id)s") % {
            "workspace": channel.workspace.name,
            "id": channel.channel_id,
        }
