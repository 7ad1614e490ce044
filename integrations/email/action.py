"""The action `send_email`: an e-mail to people of the team, or to any address."""

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

from automations.actions.action import Action, ActionForm, registry
from automations.messages import message_content, run_log, text_fields
from automations.messages.context import MessageContext
from automations.messages.templating import RenderedPayload
from common.data.validation_errors import quoted
from common.pages.rich_text import joined, rich_text, strong
from integrations.email.provider import OFF, MailReceiver, is_on
from outbound.provider import Receiver
from teams import mail_policy
from teams.models import Membership, Team, User

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

    def json_schema(self) -> dict[str, Any]:
        named = {"type": "string", "pattern": r"\S"}
        return {"type": "array", "items": named, "minItems": 1, "maxItems": MOST_RECIPIENTS}

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class SendEmailForm(ActionForm):
    to = RecipientsField(
        label=_("To"),
        help_text=_("Addresses, and usernames of the team, with commas between."),
        error_messages={"required": _("Name at least one address, or one username of the team.")},
    )
    subject = text_fields.TextLineField(
        label=_("Subject"), help_text=_("With variables such as ${run_name}. Empty: what happened.")
    )
    text = text_fields.TextBlockField()
    with_log = run_log.option()

    def clean_to(self) -> list[str]:
        listed: list[str] = self.cleaned_data["to"]
        if len(listed) > MOST_RECIPIENTS:
            raise ValidationError(f"{len(listed)} recipients are too many; {MOST_RECIPIENTS} is the most.")
        members = dict(Membership.objects.filter(team=self.team).values_list("user__username", "user__email"))
        for one in listed:
            _check_recipient(one, members, self.team)
        organization = self.team.organization
        theirs = {members[one]: one for one in listed if one in members}
        for address in mail_policy.refused(organization, theirs):
            raise ValidationError(mail_policy.refusal_of_member(organization, theirs[address]))
        for address in mail_policy.refused(organization, [one for one in listed if one not in members]):
            raise ValidationError(mail_policy.refusal(organization, address))
        return listed

    def clean(self) -> dict[str, Any]:
        if not is_on():
            raise ValidationError(OFF)
        return super().clean() or self.cleaned_data


@registry.register
class SendEmail(Action):
    """Send an e-mail: what happened, why, and a link to it."""

    key = "send_email"
    kind = "email"
    label = _("E-mail")
    order = 3
    Form = SendEmailForm
    example = {"to": ["ada@example.com"], "subject": "${run_name} ${run_status}", "text": ""}

    @classmethod
    def checked(cls, sent: Mapping[str, Any], *, team: Team, event: str, by: User | None = None) -> dict[str, Any]:
        return {**run_log.without_default(super().checked(sent, team=team, event=event, by=by)), "team": team.pk}

    @property
    def receiver_key(self) -> str:
        return f"email:{self.params['team']}"

    def params_by_name(self, receiver_name: str) -> dict[str, Any]:
        return {name: value for name, value in self.params.items() if name != "team"}

    def describe(self, receiver_name: str) -> str:
        return rich_text("send an e-mail to ", joined(", ", map(strong, self.params["to"])))

    def rendered(self, receiver: Receiver, context: MessageContext, secrets: Mapping[str, str]) -> RenderedPayload:
        mail = cast(MailReceiver, receiver)
        subject = text_fields.filled(self.params["subject"], context.variables).strip() or _happened(context)
        said = {
            "subject": subject,
            "text": text_fields.filled(self.params["text"], context.variables).strip()
            or message_content.words(context),
            "happened": _happened(context),
            "facts": list(message_content.facts(context)),
            "why": message_content.why(context),
            "log": run_log.log_lines(self.params, context),
            "history_url": context.history_url,
            "name": context.variables.get("automation_name"),
            "when": message_content.when(context),
        }
        letter = {
            "to": _addresses(self.params["to"], mail),
            "subject": " ".join(subject.split())[:_LONGEST_SUBJECT],
            "text": render_to_string("email/email.txt", said),
            "html": render_to_string("email/email.html", said),
        }
        body = json.dumps(letter, ensure_ascii=False)
        return RenderedPayload(body.encode("utf-8", "replace"), body)


def _happened(context: MessageContext) -> str:
    label = message_content.event_label(context)
    about = context.variables.get("alert_title") or context.subject
    happened = f"{label}: {about}" if about else label
    return str(_("Recovered: %s") % happened) if message_content.has_recovered(context) else happened


def _addresses(to: list[str], mail: MailReceiver) -> list[str]:
    """Give the addresses that there are now and may get e-mails: a username that left the team has none."""
    found = [mail.members.get(one, one if "@" in one else "") for one in to]
    return list(dict.fromkeys(address for address in found if address and mail.policy.permits(address)))


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
