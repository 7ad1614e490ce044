"""Actions at home: what changes something of ours is done in the transaction that stores its attempt."""

from __future__ import annotations

from automations.delivery.preparing import PreparedMessage, message_context_of
from automations.models import Execution, ExecutionState
from events.causation import caused_at
from events.models import Event
from outbound.provider import Record
from teams.audit import actor


def carry_out(lease: str, execution: Execution, outgoing: PreparedMessage) -> Record | None:
    """Do it, in the caller's transaction; None where another worker has taken it over since."""
    held = Execution.objects.filter(pk=execution.pk, lease=lease, state=ExecutionState.PENDING)
    if not held.select_for_update().values_list("pk").first():
        return None
    event = Event.objects.filter(pk=execution.event_id or 0).first()
    context = message_context_of(execution)
    name = str(context.variables.get("automation_name", ""))
    # What it changes may fire others: as far from a person as a receiver that calls us, one further than its event.
    with caused_at(event.depth + 1 if event else 1), actor.acting_from(actor.Actor("automation", agent=name)):
        return outgoing.carry_out(context, execution.delivery_id, event.data if event else {})
