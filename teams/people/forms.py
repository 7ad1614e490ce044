"""Forms of a team's people. The services check what is typed: scripts are refused in the same words."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from teams.models import Role


class JoinForm(forms.Form):
    who = forms.CharField(
        label=_("Who"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("An e-mail address, or the user name of a colleague. Empty: you get a link to hand over."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MEMBER)


class RoleChoiceForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class ServiceAccountForm(forms.Form):
    description = forms.CharField(
        label=_("What uses it"),
        max_length=150,
        help_text=_("Such as “nightly training”. It cannot sign in; scripts show its keys."),
        error_messages={"required": _("Say what uses the account, such as nightly training.")},
    )


class AccountKeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=64,
        help_text=_("Where it will be used, such as “cluster”."),
        error_messages={"required": _("Give the key a name, such as cluster.")},
    )
