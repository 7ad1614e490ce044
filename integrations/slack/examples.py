"""Automations with slack that many teams want."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from automations.definitions.examples import Example, offer

offer(
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
        order=1,
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
        order=3,
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
        order=5,
    ),
)
