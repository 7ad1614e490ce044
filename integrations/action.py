"""An action that sends to one integration of the team: by its name when saved, by its number ever after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from automations.actions.action import Action, ActionForm
from automations.messages import run_log
from common.pages.rich_text import rich_text, strong
from integrations.kind import registry as kinds


class IntegrationForm(ActionForm):
    """Names one of the team's integrations of a kind; subclasses add what the message holds."""

    kind_key: ClassVar[str]
    integration = forms.CharField(
        label=_("Integration"), max_length=80, error_messages={"required": _("Name one of the team's integrations.")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kinds.get(self.kind_key)
        rows = self.kind.rows().filter(team=self.team).order_by("name")
        self.names = list(rows.values_list("name", flat=True))
        field = self.fields["integration"]
        field.label = str(self.kind.noun)[:1].upper() + str(self.kind.noun)[1:]
        field.widget = forms.Select(choices=[(name, name) for name in self.names])

    def clean_integration(self) -> Any:
        name = self.cleaned_data["integration"]
        row = self.kind.rows().filter(team=self.team, name=name).first()
        if row is None:
            there = ", ".join(self.names) or "none yet; a team admin adds them in Team Settings"
            noun, plural = self.kind.noun, self.kind.plural
            raise ValidationError(f"The team {self.team.name} has no {noun} {name!r}. Its {plural}: {there}.")
        return row


class IntegrationAction(Action):
    """Sends to one of the team's integrations; `names_by` is the field that names which."""

    Form: ClassVar[type[ActionForm]]
    names_by: ClassVar[str] = "integration"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.kind = getattr(cls.Form, "kind_key", "") or cls.kind

    @classmethod
    def checked(cls, sent: Mapping[str, Any], **context: Any) -> dict[str, Any]:
        cleaned = run_log.without_default(super().checked(sent, **context))
        # By number: one that gets another name stays the same one.
        return {**cleaned, cls.names_by: cleaned[cls.names_by].pk}

    @property
    def receiver_key(self) -> str:
        return f"{self.kind}:{self.params[self.names_by]}"

    def params_by_name(self, receiver_name: str) -> dict[str, Any]:
        return {**self.params, self.names_by: receiver_name}

    def describe(self, receiver_name: str) -> str:
        return rich_text(
            "notify ", strong(receiver_name or "an integration that is gone"), " in ", str(kinds.get(self.kind).label)
        )
