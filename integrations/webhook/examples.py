"""Automations with webhook that many teams want."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from automations.definitions.examples import Example, offer

offer(
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
        order=2,
    ),
    Example(
        _("Test each version that is linked"),
        _("Call a webhook of your test suite whenever somebody links a version here."),
        "webhook",
        [("event", "LINK_MODEL"), ("name", "Test what is linked"), ("action", "send_webhook")],
        order=4,
    ),
)
