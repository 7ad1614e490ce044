"""`${run_log_tail}`, and the option of messages to add the end of the run's log: read only where an action asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from automations.messages.context import MessageContext
from events import event_types
from events.event_types import EventContext
from outbound import masking, secret_search
from projects.console.log_tail import log_tail
from projects.models import Run
from secrets_vault.encrypted_field import SecretUnavailable
from secrets_vault.services import values_to_mask

VARIABLE, OPTION = "run_log_tail", "with_log"
_UNREADABLE = "(not said: the team's secrets cannot be read, so they could not be masked in it)"


def option() -> forms.BooleanField:
    """Make the field by which a message of any kind adds the last lines of the log."""
    return forms.BooleanField(
        label=_("Add the last lines of the run's log"),
        required=False,
        initial=False,
        help_text=_("Who reads the message reads what the script printed. Secrets of the team are masked in it."),
    )


def without_default(params: dict[str, Any]) -> dict[str, Any]:
    """Leave the option out where it is off: what is stored and exported stays as it was before there was one."""
    return params if params.get(OPTION) else {name: value for name, value in params.items() if name != OPTION}


def values(action: Mapping[str, Any], context: EventContext, event: str, team: int) -> dict[str, object]:
    """Give the variable's value where the action says it in any way: to read a log takes time, and few ask for it."""
    is_wanted = bool(action.get(OPTION)) or f"${{{VARIABLE}}}" in json.dumps(action, default=str)
    if not is_wanted or event_types.registry.get(event).about != "run":
        return {}
    run = Run.objects.select_related("project").filter(pk=context.subject.facts["id"]).first()
    return {VARIABLE: _masked(log_tail(run), {team, run.project.team_id})} if run else {}


def with_log(text: str, params: Mapping[str, Any], context: MessageContext) -> str:
    """Give the text of a message with the log below it, where the option is on and there is one."""
    said = log_lines(params, context)
    return "\n\n".join(part for part in (text.strip(), said) if part) if said else text


def log_lines(params: Mapping[str, Any], context: MessageContext) -> str:
    """Give what the option adds; blank where it is off, or nothing was printed."""
    return str(context.variables.get(VARIABLE) or "") if params.get(OPTION) else ""


def _masked(text: str, teams: set[int]) -> str:
    if not text:
        return ""
    try:
        secrets = values_to_mask(teams)
    except SecretUnavailable:
        return _UNREADABLE
    # As of a receiver's answer: what may hold a secret that cannot be found is not kept.
    if not all(map(secret_search.is_findable, secrets)):
        return masking.TOO_SHORT
    return masking.masked_text(text, secrets)
