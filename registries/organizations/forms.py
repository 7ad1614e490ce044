"""Forms of an organization's page. The services check what is typed: scripts are refused in the same words."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from artifacts.models import Visibility


class PlaceNameForm(forms.Form):
    """What an organization, a team or a registry is called."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("Lower-case letters, digits and hyphens: it stands in addresses. The old name leads to the new."),
        error_messages={"required": _("Give it a name, such as vision.")},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )


class NewTeamForm(forms.Form):
    team = forms.CharField(
        label=_("Name"),
        help_text=_("Lower-case letters, digits and hyphens: it stands in addresses."),
        error_messages={"required": _("Give the team a name, such as vision.")},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )


class DomainsForm(forms.Form):
    domains = forms.CharField(
        label=_("Domains"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One a line, such as example.com. E-mails of automations may go there, and to its people."),
    )

    def clean_domains(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["domains"].splitlines() if line.strip()]


class RegistryForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        help_text=_("It stands in addresses."),
        error_messages={"required": _("Give the registry a name, such as models.")},
    )
    description = forms.CharField(
        label=_("Description"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    visibility = forms.ChoiceField(label=_("Who sees it"), choices=Visibility.choices, initial=Visibility.ORGANIZATION)
