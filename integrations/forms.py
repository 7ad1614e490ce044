"""Forms that all kinds share: what a test takes, and the settings of a kind without a table of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _

from automations.parameters import Parameters
from integrations.models import integration_name
from outbound.url_validation import check_url
from secrets_vault.services import names_of
from teams.models import Team
from teams.settings_site.forms import Unshown


class TestForm(forms.Form):
    """What a person may say of a test. Most kinds ask nothing."""

    __test__ = False

    def begin(self, row: Any) -> None:
        """Fill in what a test of this integration begins with."""


class SecretNameField(forms.CharField):
    """The name of a secret of the team; a page offers those there are."""

    widget = forms.Select

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=64, **options)


class PrivateField(forms.CharField):
    """A setting that is a secret in itself: typed and sent, kept encrypted, and never shown."""

    widget = Unshown


class SettingsForm(Parameters):
    """The settings of one integration; subclasses add fields. Checked for a team, as a whole.

    Where `known` is given a private field that is left out keeps its value.
    """

    __test__ = False
    name = forms.CharField(label=_("Name"), max_length=80, validators=[integration_name])
    enabled = forms.BooleanField(label=_("Enabled"), required=False, initial=True)

    common_fields: ClassVar[tuple[str, ...]] = ("name", "enabled")

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, team: Team | None = None, is_new: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.team = team
        for field in self.fields.values():
            if isinstance(field, PrivateField) and not is_new:
                field.required = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        there = names_of(self.team.pk) if self.team else []
        for name in self.secret_names():
            if cleaned.get(name) and cleaned[name] not in there:
                listed = ", ".join(there) or "none yet"
                self.add_error(name, f"The team has no secret of this name. Its secrets: {listed}.")
        return cleaned

    @classmethod
    def secret_names(cls) -> list[str]:
        """Give the fields that hold names of the team's secrets."""
        return [name for name, field in cls.base_fields.items() if isinstance(field, SecretNameField)]

    @classmethod
    def private_names(cls) -> list[str]:
        """Give the fields that are secrets in themselves."""
        return [name for name, field in cls.base_fields.items() if isinstance(field, PrivateField)]

    @classmethod
    def settings_names(cls) -> list[str]:
        return [name for name in cls.base_fields if name not in (*cls.common_fields, *cls.private_names())]


def secret_choices(teams: list[Team], *, now: str) -> list[tuple[str, Any]]:
    """Give the names of the teams' secrets, by team where there are several; and the name in use, though it be gone."""
    by_team = {team.name: names_of(team.pk) for team in teams}
    none: list[tuple[str, Any]] = [("", translated("None"))]
    if len(by_team) > 1:
        return none + [(team, [(name, name) for name in names]) for team, names in by_team.items() if names]
    names = [name for names in by_team.values() for name in names]
    gone = [(now, translated("%s (does not exist)") % now)] if now and now not in names else []
    return none + gone + [(name, name) for name in names]


def callable_url(url: str, *, shown: str = "") -> str:
    """Give the address, or refuse one that may not be called; `shown` stands for it where it is a secret."""
    try:
        check_url(url, shown=shown)
    except ValidationError as error:
        raise ValidationError(error.messages) from None
    return url
