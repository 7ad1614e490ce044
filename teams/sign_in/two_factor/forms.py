"""Forms of two-factor sign-in: a code, and the name of a security key."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

_CODE_BOX = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}


class PlainForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class AppCodeForm(PlainForm):
    code = forms.CharField(
        label=_("Code"),
        max_length=32,
        widget=forms.TextInput({**_CODE_BOX, "inputmode": "numeric"}),
        help_text=_("The six digits that the app shows now."),
        error_messages={"required": _("Type the six digits that the app shows.")},
    )


class SecondStepForm(PlainForm):
    code = forms.CharField(
        label=_("Code"),
        max_length=32,
        widget=forms.TextInput(_CODE_BOX),
        help_text=_("Of your authenticator app, or one of your recovery codes. Each is good once."),
        error_messages={"required": _("Type a code of your app, or a recovery code.")},
    )


class KeyNameForm(PlainForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=64,
        help_text=_("Where it is, such as “laptop” or “key ring”."),
        error_messages={"required": _("Give the key a name, such as laptop.")},
    )
