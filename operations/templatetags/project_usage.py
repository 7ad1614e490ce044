"""Template tags of what each project of a team takes, and for how long the team keeps what."""

from __future__ import annotations

from django import template

from operations.retention.project_usage import UsedByProject, usage_by_project
from operations.retention.team_days import KindDays, days_of
from teams.models import Team

register = template.Library()


@register.simple_tag
def project_usage(team: Team) -> list[UsedByProject]:
    return usage_by_project(team)


@register.simple_tag
def retention_days(team: Team) -> list[KindDays]:
    return days_of(team)
