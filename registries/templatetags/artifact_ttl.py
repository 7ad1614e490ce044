"""Template tag of how long a team's versions of artifacts live."""

from __future__ import annotations

from datetime import timedelta

from django import template

from artifacts.time_to_live import policy_of
from teams.models import Team

register = template.Library()


@register.simple_tag
def artifact_ttl(team: Team) -> timedelta | None:
    """Give the team's default; None where its versions are kept for good."""
    seconds = policy_of(team).default_seconds
    return None if seconds is None else timedelta(seconds=seconds)
