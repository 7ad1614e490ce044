"""The detail pages of one automation and of one execution."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from automations.access import automation_numbered, execution_numbered
from automations.actions.action import registry as actions
from automations.delivery import trial_delivery
from automations.delivery.redelivery import may_go_again
from automations.insight.chart_annotations import metric_condition
from automations.insight.health_strip import HealthStrip, recent_executions
from automations.models import Automation, Execution, ExecutionState
from automations.views import page_frames
from automations.views.execution_history import answered, history_part
from automations.views.page_context import automation_here, automations_on_page
from common.plugins import UnknownKey
from events import event_types
from teams import access
from teams.accounts.signed_in import person
from teams.models import Role


@require_safe
@login_required
@vary_on_headers("HX-Request")
def automation(request: HttpRequest, team: str, project: str, pk: int) -> HttpResponse:
    """One automation, with what it did lately."""
    return _shown_whole(request, automation_here(request, team=team, project=project, pk=pk))


@require_safe
@login_required
@vary_on_headers("HX-Request")
def wide(request: HttpRequest, pk: int) -> HttpResponse:
    """One automation that listens in more, or less, than a project: its address is its number alone."""
    found = automation_numbered(person(request), pk)
    return redirect(found) if found.project else _shown_whole(request, found)


@require_POST
@login_required
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what the automation does, now, with samples. Its history does not change."""
    found = automation_numbered(person(request), pk, Role.MEMBER)
    context: dict[str, Any] = {"automation": found}
    try:
        event = event_types.registry.get(found.event_type)
        action = actions.get(found.action_type)(found.action)
        context["sent"] = trial_delivery.result_of_test(trial_delivery.send_test(action, found.team, event))
    except (UnknownKey, ValidationError) as error:
        context["refused"] = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    if "HX-Request" in request.headers:
        return render(request, "automations/_test_result.html", context)
    return page_frames.of_automation(person(request), found).render(request, "automations/test_result.html", context)


def _shown_whole(request: HttpRequest, found: Automation) -> HttpResponse:
    user = person(request)
    part = history_part(request, [found.pk], [])
    part["of_one"] = True
    (row,) = automations_on_page([found])
    last = recent_executions(found)
    context = {
        **part,
        "row": row,
        "lately": last,
        "strip": HealthStrip.of(last),
        "may_switch": access.may(user, found.team, Role.MEMBER),
    }
    return answered(request, part) or page_frames.of_automation(user, found).render(
        request, "automations/detail.html", context
    )


@require_safe
@login_required
@vary_on_headers("HX-Request")
def execution(request: HttpRequest, pk: int) -> HttpResponse:
    """Why it fired, and each attempt: what was sent, with secrets masked, and what was answered."""
    found = execution_numbered(person(request), pk)
    context = _execution(request, found)
    if "HX-Request" in request.headers and "seen" in request.GET:
        if request.GET["seen"] == context["digest"]:
            return HttpResponse(status=204)
        return render(request, "automations/_execution.html", context)
    frame = page_frames.of_automation(person(request), found.automation, "history")
    return frame.render(request, "automations/execution.html", context)


def _execution(request: HttpRequest, found: Execution) -> dict[str, Any]:
    (row,) = automations_on_page([found.automation])
    attempts = list(found.attempts.all())
    condition = metric_condition(found.automation)
    metric = found.variables.get("metric_name") or ""
    return {
        "execution": found,
        "row": row,
        "attempts": attempts,
        "variables": {name: value for name, value in found.variables.items() if value not in (None, "", [])},
        "is_pending": found.state == ExecutionState.PENDING,
        "may_redeliver": may_go_again(found) and access.may(person(request), found.team, Role.MEMBER),
        # A chart where the event is a value of a metric, and its run is still there.
        "metric": metric if condition and found.event and "chunk" in found.event.data else "",
        "digest": f"{found.state}-{found.attempts_made}-{found.next_attempt_at}-{found.count}",
    }
