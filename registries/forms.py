"""Forms for linking and for members. The services validate: scripts are refused in the same words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from artifacts.models import Registry, TimeToLivePolicy
from artifacts.time_to_live import check_ttl
from registries.access import registries_changeable_by
from registries.models import RegistryRole
from teams.models import User


class LinkForm(forms.Form):
    """Where a version is to be linked."""

    registry = forms.ModelChoiceField(Registry.objects.none(), label=_("Registry"), empty_label=None)
    collection = forms.CharField(
        label=_("Collection"),
        max_length=128,
        help_text=_("One that is there, or the name of a new one."),
        error_messages={"required": _("Name a collection, such as production-model.")},
    )
    aliases = forms.CharField(
        label=_("Aliases"), required=False, help_text=_("For the version in that collection, with commas between.")
    )

    def __init__(self, user: User, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["registry"].queryset = registries_changeable_by(user)  # type: ignore[attr-defined]

    def clean_aliases(self) -> list[str]:
        parts = (part.strip() for part in self.cleaned_data["aliases"].split(","))
        return [part for part in parts if part]


class MemberForm(forms.Form):
    """Who is to have which role in a registry."""

    KINDS = (("person", _("Person")), ("team", _("Team")))

    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS)
    name = forms.CharField(
        label=_("Name"), max_length=150, error_messages={"required": _("Name a person or a team of the organization.")}
    )
    role = forms.ChoiceField(label=_("Role"), choices=RegistryRole.choices, initial=RegistryRole.VIEWER)


class TimeToLiveForm(forms.Form):
    """How long the versions of a team live that say nothing themselves, and who may say so."""

    UNITS = ((86_400, _("days")), (3_600, _("hours")), (60, _("minutes")), (1, _("seconds")))

    amount = forms.IntegerField(
        label=_("Versions are kept for"),
        required=False,
        min_value=1,
        help_text=_(
            "Empty: for good. It holds for each version that says nothing itself (artifact.ttl), also for those that "
            "are there: what is older is deleted within a minute or two. What is linked is kept."
        ),
    )
    unit = forms.TypedChoiceField(label=_("Unit"), choices=UNITS, coerce=int)
    members_may_set = forms.BooleanField(
        label=_("Members may set artifact.ttl"),
        required=False,
        help_text=_("Otherwise only admins may, and the script of a member is refused."),
    )

    @classmethod
    def initial_of(cls, policy: TimeToLivePolicy) -> dict[str, Any]:
        """Give the policy in the largest unit that says it in whole numbers."""
        seconds = policy.default_seconds
        unit = next(unit for unit, _name in cls.UNITS if (seconds or 0) % unit == 0)
        return {"amount": seconds and seconds // unit, "unit": unit, "members_may_set": policy.members_may_set}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        amount, unit = cleaned.get("amount"), cleaned.get("unit")
        cleaned["default_seconds"] = amount * unit if amount and unit else None
        check_ttl(cleaned["default_seconds"], "amount")
        return cleaned
