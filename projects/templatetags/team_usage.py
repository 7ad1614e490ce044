"""Template tags of what a team keeps, for pages of apps below this one."""

from __future__ import annotations

from django import template

from projects.quota import Usage, mebibytes, usage_of
from teams.models import Team

register = template.Library()
register.filter("mebibytes", mebibytes)


@register.simple_tag
def team_usage(team: Team) -> Usage:
    return usage_of(team)
