"""Actions that change something of ours: stop the run, tag it, note on it, set a summary value, move an alias.

Whoever may save an automation of a team may do each of these by hand too: both take a member.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from artifacts.name_rules import checked_aliases
from automations.actions.action import Action, ActionForm, registry
from automations.messages import text_fields
from automations.messages.context import MessageContext
from automations.messages.templating import RenderedPayload
from common.pages.rich_text import rich_text, strong
from events import event_types
from outbound.provider import Receiver
from teams.models import Team, User


class ChangeAction(Action):
    """What all of them share: they go to the team's own Runbell, as the change's key and what it takes, in JSON."""

    kind = "changes"
    order = 8
    noun: ClassVar[StrOrPromise] = _("a run")
    about: ClassVar[str] = "run"
    Form: ClassVar[type[ActionForm]] = ActionForm

    @classmethod
    def checked(cls, sent: Mapping[str, Any], *, team: Team, event: str, by: User | None = None) -> dict[str, Any]:
        params = super().checked(sent, team=team, event=event, by=by)
        event_type = event_types.registry.get(event) if event else None
        if event_type is not None and event_type.about != cls.about:
            said = _("%(action)s changes %(noun)s, and %(event)s is about %(subject)s. Choose another of the two.") % {
                "action": cls.key, "noun": cls.noun, "event": event_type.wire, "subject": event_type.subject,
            }  # fmt: skip
            raise ValidationError({"type": said})
        return {**params, "team": team.pk}

    @property
    def receiver_key(self) -> str:
        return f"{self.kind}:{self.params['team']}"

    def params_by_name(self, receiver_name: str) -> dict[str, Any]:
        return {name: value for name, value in self.params.items() if name != "team"}

    def change_params(self, context: MessageContext) -> dict[str, Any]:
        """Give what the change takes, of this event."""
        return self.params_by_name("")

    def rendered(self, receiver: Receiver, context: MessageContext, secrets: Mapping[str, str]) -> RenderedPayload:
        said = {"change": self.key, "about": context.subject, **self.change_params(context)}
        body = json.dumps(said, ensure_ascii=False)
        return RenderedPayload(body.encode("utf-8", "replace"), body)


@registry.register
class StopRunAction(ChangeAction):
    """Ask the run's script to stop: it is told with the next answer, and the run ends as killed."""

    key = "stop_run"
    label = _("Stop the run")
    example: ClassVar[Mapping[str, Any]] = {}

    def describe(self, receiver_name: str) -> str:
        return "stop the run"


class TagRunForm(ActionForm):
    tag = forms.CharField(label=_("Tag"), max_length=128, error_messages={"required": _("Say which tag.")})


@registry.register
class TagRunAction(ChangeAction):
    """Give the run a tag, beside those it has."""

    key = "tag_run"
    label = _("Tag the run")
    Form = TagRunForm
    example: ClassVar[Mapping[str, Any]] = {"tag": "diverged"}

    def describe(self, receiver_name: str) -> str:
        return rich_text("tag the run ", strong(self.params["tag"]))


class NoteOnRunForm(ActionForm):
    text = text_fields.TextLineField(
        label=_("Note"),
        required=True,
        help_text=_("A line of the run's notes, with variables such as ${metric_value}."),
        error_messages={"required": _("Say what to note.")},
    )


@registry.register
class NoteOnRunAction(ChangeAction):
    """Add a line to the run's notes."""

    key = "note_on_run"
    label = _("Note on the run")
    Form = NoteOnRunForm
    example: ClassVar[Mapping[str, Any]] = {"text": "${automation_name}: loss was ${metric_value}"}

    def change_params(self, context: MessageContext) -> dict[str, Any]:
        return {"text": text_fields.filled(self.params["text"], context.variables)}

    def describe(self, receiver_name: str) -> str:
        return "note it on the run"


class SetRunSummaryForm(ActionForm):
    summary_key = forms.CharField(
        label=_("Key of the summary"), max_length=300, error_messages={"required": _("Say which key of the summary.")}
    )
    value = forms.CharField(
        label=_("Value"),
        max_length=1000,
        help_text=_("A number is kept as a number, true and false as such, all else as text."),
        error_messages={"required": _("Say which value.")},
    )


@registry.register
class SetRunSummaryAction(ChangeAction):
    """Set a value of the run's summary."""

    key = "set_run_summary"
    label = _("Set a summary value")
    Form = SetRunSummaryForm
    example: ClassVar[Mapping[str, Any]] = {"summary_key": "diverged", "value": "true"}

    def change_params(self, context: MessageContext) -> dict[str, Any]:
        return {"key": self.params["summary_key"], "value": _plain(self.params["value"])}

    def describe(self, receiver_name: str) -> str:
        key, value = strong(self.params["summary_key"]), strong(self.params["value"])
        return rich_text("set ", key, " of the run's summary to ", value)


class MoveAliasForm(ActionForm):
    alias = forms.CharField(label=_("Alias"), max_length=128, error_messages={"required": _("Say which alias.")})

    def clean_alias(self) -> str:
        try:
            return checked_aliases([self.cleaned_data["alias"]])[0]
        except ValidationError as error:
            raise ValidationError(error.messages) from None


@registry.register
class MoveAliasAction(ChangeAction):
    """Move an alias to the version: from another version of its collection, or as a new one."""

    key = "move_alias"
    label = _("Move an alias to the version")
    about = "artifact"
    noun = _("a version")
    Form = MoveAliasForm
    example: ClassVar[Mapping[str, Any]] = {"alias": "candidate"}

    def describe(self, receiver_name: str) -> str:
        return rich_text("move the alias ", strong(self.params["alias"]), " to the version")


def _plain(text: str) -> object:
    """Give a number or a truth value for a text that says one; what no JSON holds stays text."""
    if text in ("true", "false"):
        return text == "true"
    try:
        value = json.loads(text)
    except ValueError:
        return text
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and math.isfinite(value) else text
