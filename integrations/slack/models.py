"""Models of Slack: the workspaces that its app is in, and the channels it may post to."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models import Integration, RowsOfKind, opened
from integrations.typed_rows import Setting, TypedRow
from secrets_vault.encrypted_field import SecretField
from teams.models import Team, User

channel_id = RegexValidator(
    r"^[CGD][A-Z0-9]{2,31}\Z",
    "%(value)r is no channel id. It stands at the end of the channel's details in Slack, such as C024BE91L.",
)


class WorkspaceManager(models.Manager["SlackWorkspace"]):
    """Leaves the token where it is: only the provider asks for it."""

    def get_queryset(self) -> models.QuerySet[SlackWorkspace]:
        return super().get_queryset().defer("token")


class SlackWorkspace(models.Model):
    """A Slack workspace with a bot of ours in it: connected by OAuth, or by a bot token that was pasted."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="slack_workspaces")
    slack_id = models.CharField(_("Slack's id"), max_length=32)
    name = models.CharField(max_length=255)
    token = SecretField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    objects = WorkspaceManager()

    class Meta:
        app_label = "integrations"
        verbose_name = _("Slack workspace")
        constraints = [
            models.UniqueConstraint(fields=["team", "slack_id"], name="one_slack_workspace_per_team_and_slack_id")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def channels(self) -> list[SlackChannel]:
        """The channels that its bot posts to, by name."""
        rows = SlackChannel.objects.filter(team=self.team_id).order_by("name")
        return [row for row in rows if row.workspace_id == self.pk]


class ChannelRows(models.QuerySet["SlackChannel"]):
    """Channels, which may bring their workspaces along: with one query more, and without the tokens."""

    brings_workspaces = False

    def with_workspaces(self) -> ChannelRows:
        rows: ChannelRows = self.all()
        rows.brings_workspaces = True
        return rows

    def _clone(self) -> ChannelRows:
        rows: ChannelRows = super()._clone()  # type: ignore[misc]
        rows.brings_workspaces = self.brings_workspaces
        return rows

    def _fetch_all(self) -> None:
        is_new = self._result_cache is None
        super()._fetch_all()
        if is_new and self.brings_workspaces:
            channels = [row for row in self._result_cache or () if isinstance(row, SlackChannel)]
            there = SlackWorkspace.objects.in_bulk({row.workspace_id for row in channels if row.workspace_id})
            for row in channels:
                row.known_workspace = there.get(row.workspace_id or 0)


class ChannelManager(RowsOfKind["SlackChannel"]):
    """The rows of this kind, which may bring their workspaces along."""

    _queryset_class = ChannelRows

    def with_workspaces(self) -> ChannelRows:
        rows = self.get_queryset()
        assert isinstance(rows, ChannelRows)
        return rows.with_workspaces()


class SlackChannel(TypedRow, Integration):
    """Where messages go: a channel that the bot of a workspace posts to, or an incoming webhook's address.

    The address is a secret in itself: whoever has it can post. `workspace_id` is the number of a `SlackWorkspace`.
    """

    of_kind = "slack"

    workspace_id = Setting(models.PositiveBigIntegerField(null=True, blank=True))
    channel_id = Setting(models.CharField(_("channel id"), max_length=32, blank=True, validators=[channel_id]))

    objects: ClassVar[ChannelManager] = ChannelManager(of_kind)  # type: ignore[assignment]
    known_workspace: SlackWorkspace | None = None

    class Meta:
        proxy = True
        app_label = "integrations"
        verbose_name = _("Slack channel")
        verbose_name_plural = _("Slack channels")

    @property
    def workspace(self) -> SlackWorkspace | None:
        """The workspace whose bot posts there; None where an incoming webhook leads there."""
        if self.known_workspace is None and self.workspace_id:
            self.known_workspace = SlackWorkspace.objects.filter(pk=self.workspace_id).first()
        return self.known_workspace if self.workspace_id else None

    @workspace.setter
    def workspace(self, workspace: SlackWorkspace) -> None:
        self.workspace_id, self.known_workspace = workspace.pk, workspace

    @property
    def webhook_url(self) -> str | None:
        """The address of the incoming webhook, in plain text: only the provider asks for it."""
        return opened(self.private).get("webhook_url")

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        self.hide({"webhook_url": url})

    @property
    def by_bot(self) -> bool:
        """Whether a bot posts there; else an incoming webhook leads there."""
        return bool(self.workspace_id)
