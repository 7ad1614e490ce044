"""Forms of sign-in, profile and personal API keys."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from teams import access
from teams.accounts.default_team import default_team
from teams.audit import sign_ins
from teams.models import Team, User


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _("No one signs in with this user name and password. Both mind upper and lower case."),
        "inactive": _("This account is switched off. An administrator of this Runbell can switch it on."),
    }

    def confirm_login_allowed(self, user: User) -> None:
        with sign_ins.refusal_recorded(user):
            super().confirm_login_allowed(user)
            if user.is_service:
                raise ValidationError(_("This is a service account: it has API keys, and does not sign in."))


class PersonalKeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=64,
        help_text=_("Where you will use it, such as “laptop” or “cluster”."),
        error_messages={"required": _("Give the key a name, such as laptop.")},
    )


class ProfileForm(forms.ModelForm[User]):
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("In which times are written. The browser's own needs scripts; without them times are in UTC."),
    )

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email", "time_zone", "default_team"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        zones = [(name, name.replace("_", " ")) for name in _zones()]
        self.fields["time_zone"].choices = [("", _("As the browser has it")), *zones]  # type: ignore[attr-defined]
        mine = access.teams_of(self.instance)
        if not mine:
            del self.fields["default_team"]
            return
        self.initial["default_team"] = default_team(self.instance)
        self.fields["default_team"] = forms.ModelChoiceField(
            mine, label=_("Default team"), required=False, empty_label=None,
            help_text=_("Where scripts log that name no entity. Joining another team does not move it."),
        )  # fmt: skip

    def clean_default_team(self) -> Team | None:
        """A form that does not name it leaves it as it is."""
        chosen: Team | None = self.cleaned_data["default_team"] or self.instance.default_team
        return chosen


@cache
def _zones() -> list[str]:
    """Give the zones that are places, such as Europe/Berlin, and UTC."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))]
