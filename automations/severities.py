"""Severities of alerts and messages, as scripts and people name them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# From the least to the most severe.
SEVERITIES = [("INFO", _("Info")), ("WARN", _("Warning")), ("ERROR", _("Error"))]
