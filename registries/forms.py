"""Forms for linking and for members. The services validate: scripts are refused in the same words."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from artifacts.models import Registry
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
