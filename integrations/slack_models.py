"""Slack as a team set it up: the workspaces that its app is in, and the channels it may post to."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from secrets_vault.fields import SecretField
from teams.models import Team, User

channel_name = RegexValidator(
    r"^[\w.-]+( +[\w.-]+)*\Z",
    "%(value)r is no usable name: use up to 80 letters, digits, hyphens, underscores, dots and single words "
    "between spaces.",
)
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
        verbose_name = _("Slack workspace")
        constraints = [
            models.UniqueConstraint(fields=["team", "slack_id"], name="one_slack_workspace_per_team_and_slack_id")
        ]

    def __str__(self) -> str:
        return self.name


class ChannelManager(models.Manager["SlackChannel"]):
    """Leaves the secrets where they are: only the provider asks for them."""

    def get_queryset(self) -> models.QuerySet[SlackChannel]:
        # With the workspace: followed later, the key would bring its token along.
        return super().get_queryset().select_related("workspace").defer("webhook_url", "workspace__token")


class SlackChannel(models.Model):
    """Where messages go: a channel that the bot of a workspace posts to, or an incoming webhook's address.

    The address is a secret in itself: whoever has it can post.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="slack_channels")
    name = models.CharField(max_length=80, validators=[channel_name])
    workspace = models.ForeignKey(
        SlackWorkspace, on_delete=models.CASCADE, null=True, blank=True, related_name="channels"
    )
    channel_id = models.CharField(_("channel id"), max_length=32, blank=True, validators=[channel_id])
    webhook_url = SecretField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    objects = ChannelManager()

    class Meta:
        verbose_name = _("Slack channel")
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="one_slack_channel_per_team_and_name"),
            models.CheckConstraint(
                condition=Q(workspace__isnull=False, webhook_url__isnull=True) & ~Q(channel_id="")
                | Q(workspace__isnull=True, webhook_url__isnull=False, channel_id=""),
                name="slack_channel_is_reached_one_way",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def by_bot(self) -> bool:
        """Whether a bot posts there; else an incoming webhook leads there."""
        return self.workspace_id is not None
