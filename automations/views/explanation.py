"""The explain page: what an automation made of the last events it could hear."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from automations.access import automation_with_what_it_hears
from automations.definitions import scopes
from automations.engine.loaded_automation import UnreadableAutomation
from automations.insight.explain import Explanation, explain
from automations.insight.suggestions import runs_in
from automations.models import Automation
from automations.views import page_frames
from automations.views.page_context import automations_on_page
from common.pages.list_filters import typed_filter
from common.plugins import UnknownKey
from events import event_types
from events.models import Event
from teams.accounts.signed_in import person

# So many events are looked at for those of the scope; so many are explained.
_LOOKED_AT, _EXPLAINED = 300, 10


@require_safe
@login_required
def explained(request: HttpRequest, pk: int) -> HttpResponse:
    found = automation_with_what_it_hears(person(request), pk)
    (row,) = automations_on_page([found])
    searched = typed_filter(request.GET, "run")
    explanations, refused = _explanations(found, searched)
    context = {
        "row": row,
        "explanations": explanations,
        "refused": refused,
        "searched": searched,
        "with_runs": found.event_type.startswith("run."),
    }
    return page_frames.of_automation(person(request), found).render(request, "automations/explain.html", context)


def _explanations(automation: Automation, searched: str) -> tuple[list[Explanation], str]:
    try:
        events = _events(automation, searched)
        found = [explain(automation, event) for event in events]
    except (UnreadableAutomation, UnknownKey) as error:
        return [], str(error)
    nothing = _("No run here has “%s” in its name, or nothing of this kind happened to it.") % searched
    return [one for one in found if one is not None], nothing if searched and not events else ""


def _events(automation: Automation, searched: str) -> list[Event]:
    """Give the newest events that it could hear; of one run, where a run was asked for."""
    place = scopes.of_automation(automation)
    event_type = event_types.registry.get(automation.event_type)
    rows = Event.objects.filter(kind=event_type.kind).order_by("-occurred_at")
    if searched:
        named = runs_in(place).filter(name=searched)[:1] or runs_in(place).filter(display_name__icontains=searched)[:1]
        streams = [run.stream_key for run in named]
        rows = rows.filter(stream__in=streams)
    hidden = event_type.hidden_scopes()
    there = [event for event in rows[:_LOOKED_AT] if automation.scope in event.scopes]
    return [event for event in there if hidden.isdisjoint(event.scopes)][:_EXPLAINED]
