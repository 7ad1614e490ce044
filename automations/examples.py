"""Automations that many teams want: each opens the wizard filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from events import types


@dataclass(frozen=True)
class Example:
    title: str | Promise
    about: str | Promise
    icon: str
    fields: Sequence[tuple[str, str]]

    @property
    def query(self) -> str:
        return urlencode(self.fields)

    @property
    def scopes(self) -> tuple[str, ...]:
        return types.by_wire(dict(self.fields)["event"]).scopes


_ALL = (
    Example(
        _("Tell Slack when a run fails"),
        _("A message with the run, its state and a link, for each run that fails or crashes."),
        "slack",
        [
            ("event", "RUN_STATE"),
            ("name", "Run failed"),
            ("run_state-states", "failed"),
            ("notify_slack-severity", "ERROR"),
            ("notify_slack-title", "${run_name} failed"),
        ],
    ),
    Example(
        _("Call a webhook when production is added"),
        _("Deploy the version that gets the alias production: its name and number are in the payload."),
        "webhook",
        [
            ("event", "ADD_ARTIFACT_ALIAS"),
            ("name", "Deploy production"),
            ("alias-pattern", "^production$"),
            ("action", "send_webhook"),
        ],
    ),
    Example(
        _("Sound the alarm when the loss is NaN"),
        _("As soon as a run logs a loss that is no number any more, before a night is lost."),
        "attention",
        [
            ("event", "RUN_METRIC"),
            ("name", "Loss is NaN"),
            ("metric_threshold-metric", "loss"),
            ("metric_threshold-aggregation", "latest"),
            ("metric_threshold-comparison", "not_finite"),
            ("action", "notify_slack"),
        ],
    ),
    Example(
        _("Test each version that is linked"),
        _("Call a webhook of your test suite whenever somebody links a version here."),
        "webhook",
        [("event", "LINK_MODEL"), ("name", "Test what is linked"), ("action", "send_webhook")],
    ),
    Example(
        _("Say in Slack when a version is approved"),
        _("A message when the tag approved is put on a version."),
        "slack",
        [
            ("event", "ADD_ARTIFACT_TAG"),
            ("name", "Approved"),
            ("tag-pattern", "^approved$"),
            ("action", "notify_slack"),
        ],
    ),
)
_MOST = 3


def examples_for(scope_type: str) -> list[Example]:
    """Give the examples whose event happens in such a scope, the best first."""
    return [example for example in _ALL if scope_type in example.scopes][:_MOST]
