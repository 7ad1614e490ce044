"""Send an e-mail to people of the team, or to any address."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from automations import texts, told
from automations.action import Action, ActionForm, Occasion, registry
from automations.templating import Rendered
from common.phrase import joined, phrase, strong
from common.refusals import quoted
from integrations.provider import Endpoint
from integrations.providers.email import OFF, MailEndpoint, is_on
from teams.models import Membership, Team

MOST_RECIPIENTS = 50
_LONGEST_SUBJECT = 200
_BETWEEN = re.compile(r"[,;\s]+")


class RecipientsField(forms.Field):
    """A list of addresses and usernames; a page sends it as one text."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> list[str]:
        listed = _BETWEEN.split(value) if isinstance(value, str) else value or []
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise ValidationError(_('Give a list of addresses and usernames, such as ["ada@example.com", "bob"].'))
        return list(dict.fromkeys(one.strip() for one in listed if one.strip()))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class SendEmailForm(ActionForm):
    to = RecipientsField(
        label=_("To"),
        help_text=_("Addresses, and usernames of the team, with commas between."),
        error_messages={"required": _("Name at least one address, or one username of the team.")},
    )
    subject = texts.LineField(
        label=_("Subject"), help_text=_("With variables such as ${run_name}. Empty: what happened.")
    )
    text = texts.WordsField()

    def clean_to(self) -> list[str]:
        listed: list[str] = self.cleaned_data["to"]
        if len(listed) > MOST_RECIPIENTS:
            raise ValidationError(f"{len(listed)} recipients are too many; {MOST_RECIPIENTS} is the most.")
        members = dict(Membership.objects.filter(team=self.team).values_list("user__username", "user__email"))
        for one in listed:
            _check_recipient(one, members, self.team)
        return listed

    def clean(self) -> dict[str, Any]:
        if not is_on():
            raise ValidationError(OFF)
        return super().clean() or self.cleaned_data


@registry.register
class SendEmail(Action):
    """Send an e-mail: what happened, why, and a link to it."""

    key = "send_email"
    label = _("E-mail")
    order = 3
    Form = SendEmailForm
    example = {"to": ["ada@example.com"], "subject": "${run_name} ${run_status}", "text": ""}

    @classmethod
    def checked(cls, sent: Mapping[str, Any], *, team: Team, event: str) -> dict[str, Any]:
        return {**super().checked(sent, team=team, event=event), "team": team.pk}

    @property
    def target(self) -> str:
        return f"email:{self.params['team']}"

    def shown(self, target_name: str) -> dict[str, Any]:
        return {name: value for name, value in self.params.items() if name != "team"}

    def describe(self, target_name: str) -> str:
        return phrase("send an e-mail to ", joined(", ", map(strong, self.params["to"])))

    def rendered(self, endpoint: Endpoint, occasion: Occasion, secrets: Mapping[str, str]) -> Rendered:
        members = cast(MailEndpoint, endpoint).members
        subject = texts.filled(self.params["subject"], occasion.variables).strip() or _happened(occasion)
        said = {
            "subject": subject,
            "text": texts.filled(self.params["text"], occasion.variables).strip() or told.words(occasion),
            "happened": _happened(occasion),
            "facts": list(told.facts(occasion)),
            "why": told.why(occasion),
            "history_url": occasion.history_url,
            "name": occasion.variables.get("automation_name"),
            "when": told.when(occasion),
        }
        letter = {
            "to": _addresses(self.params["to"], members),
            "subject": " ".join(subject.split())[:_LONGEST_SUBJECT],
            "text": render_to_string("automations/email.txt", said),
            "html": render_to_string("automations/email.html", said),
        }
        body = json.dumps(letter, ensure_ascii=False)
        return Rendered(body.encode("utf-8", "replace"), body)


def _happened(occasion: Occasion) -> str:
    label = told.event_label(occasion)
    about = occasion.variables.get("alert_title") or occasion.subject
    happened = f"{label}: {about}" if about else label
    return str(_("Recovered: %s") % happened) if told.has_recovered(occasion) else happened


def _addresses(to: list[str], members: Mapping[str, str]) -> list[str]:
    """Give the addresses that there are now: a username that left the team, or gave no address, has none."""
    found = [members.get(one, one if "@" in one else "") for one in to]
    return list(dict.fromkeys(address for address in found if address))


def _check_recipient(one: str, members: Mapping[str, str], team: Team) -> None:
    if one in members:
        if not members[one]:
            raise ValidationError(f"{one} has no e-mail address here. Give the address itself.")
        return
    if "@" not in one:
        there = ", ".join(sorted(members))
        raise ValidationError(f"{quoted(one)} is neither an address nor a member of {team.name}: {there}.")
    try:
        validate_email(one)
    except ValidationError:
        raise ValidationError(f"{quoted(one)} is no e-mail address.") from None
