"""What the admins of a team set up: its members, secrets, webhooks and Slack, and their own API keys."""

from __future__ import annotations

# In the order in which they are listed.
from config.team_settings import members, secrets, webhooks, slack, api_keys, audit  # isort: skip
from config.team_settings.site import team_settings

__all__ = ["api_keys", "audit", "members", "secrets", "slack", "team_settings", "webhooks"]
