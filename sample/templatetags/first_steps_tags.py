"""Template tags of the onboarding checklist and the sample, on the page of a team."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from sample import first_steps as steps
from sample.naming import UNNAMED
from teams.models import Team

register = template.Library()


@register.inclusion_tag("sample/_first_steps.html", takes_context=True)
def first_steps(context: Context, team: Team) -> dict[str, Any]:
    """Show what is left to do, to those who may do it."""
    if not (context.get("may_change") and steps.are_shown(team)):
        return {}
    listed = steps.steps_of(team, context["user"])
    left = [step for step in listed if not step.is_done]
    unnamed = team.sample.get(UNNAMED) == context["user"].pk
    shown = {
        "is_unnamed": unnamed,
        "steps": listed,
        "next": left[0] if left else None,
        "done_count": len(listed) - len(left),
    }
    return {"team": team, "request": context["request"], "csrf_token": context.get("csrf_token"), **shown}


@register.filter
def is_sample(project: Any) -> bool:
    return bool(project.pk == project.team.sample.get("project"))
