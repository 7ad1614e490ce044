"""The details form of an automation: name, description, cooldown, rate limit and switch."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from automations import cooldown_keys
from automations.models import DAY_SECONDS, RATE_LIMIT

_CONFIG = cooldown_keys.CONFIG.rstrip(".")
_COOLDOWN_KEYS = [
    (cooldown_keys.RUN, _("run")),
    (cooldown_keys.GROUP, _("group of runs")),
    (cooldown_keys.PROJECT, _("project")),
    (_CONFIG, _("value in the config")),
]
_UNITS = [("1", _("seconds")), ("60", _("minutes")), ("3600", _("hours")), ("86400", _("days"))]


class LengthWidget(forms.MultiWidget):
    """A number and its unit."""

    def __init__(self) -> None:
        number = forms.NumberInput(attrs={"min": 0, "aria-label": _("How long"), "inputmode": "numeric"})
        super().__init__([number, forms.Select(choices=_UNITS, attrs={"aria-label": _("Unit")})])

    def decompress(self, value: Any) -> list[str | None]:
        """Show 7200 as 2 hours: the largest unit that leaves no rest, up to hours."""
        if not isinstance(value, int):
            return [None, "3600"]
        unit = next(size for size in (3600, 60, 1) if value % size == 0)
        return [str(value // unit), str(unit)]


class LengthField(forms.MultiValueField):
    """A length of time; its value is in seconds."""

    def __init__(self, **options: Any) -> None:
        number = forms.IntegerField(error_messages={"invalid": _("Give a whole number.")})
        unit = forms.ChoiceField(choices=_UNITS)
        super().__init__(fields=(number, unit), widget=LengthWidget(), **options)

    def compress(self, data_list: list[Any]) -> int | None:
        return data_list[0] * int(data_list[1]) if data_list else None


class CooldownKeyWidget(forms.MultiWidget):
    """What a cooldown belongs to, and the key where it is a value of the config."""

    def __init__(self) -> None:
        choice = forms.Select(choices=_COOLDOWN_KEYS, attrs={"aria-label": _("Cooldown for each")})
        key = forms.TextInput(attrs={"aria-label": _("Key of the config"), "placeholder": _("key, such as lr")})
        super().__init__([choice, key])

    def decompress(self, value: Any) -> list[str]:
        kind, _dot, key = str(value or cooldown_keys.RUN).partition(".")
        return [kind, key]


class CooldownKeyField(forms.MultiValueField):
    """What a cooldown belongs to; its value is as REST says it: run, group, project or config.KEY."""

    def __init__(self, **options: Any) -> None:
        choice = forms.ChoiceField(choices=_COOLDOWN_KEYS, required=False)
        key = forms.CharField(max_length=cooldown_keys.LONGEST_CONFIG_KEY, required=False)
        super().__init__(fields=(choice, key), widget=CooldownKeyWidget(), require_all_fields=False, **options)

    def compress(self, data_list: list[Any]) -> str:
        kind, key = data_list or ["", ""]
        if kind != _CONFIG:
            return kind or cooldown_keys.RUN
        if not key:
            raise forms.ValidationError(_("Say which key of the config, such as lr."))
        return f"{cooldown_keys.CONFIG}{key}"


class DetailsForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=255, error_messages={"required": _("Give the automation a name.")}
    )
    description = forms.CharField(label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    cooldown_seconds = LengthField(
        label=_("Cooldown"),
        initial=DAY_SECONDS,
        help_text=_("How long it stays quiet about a run after it fired. 0: it fires every time."),
        error_messages={"required": _("Say how long its cooldown is; 0 lets it fire every time.")},
    )
    cooldown_per = CooldownKeyField(
        label=_("Cooldown for each"),
        required=False,
        initial=cooldown_keys.RUN,
        help_text=_("What it is then quiet about. Each state of a run counts by itself: running silences no failed."),
    )
    rate_limit = forms.IntegerField(
        label=_("Rate limit"),
        initial=RATE_LIMIT,
        min_value=0,
        max_value=10_000,
        help_text=_("At most so many executions a minute; what is beyond is suppressed and counted. 0: no limit."),
        error_messages={"required": _("Say how many a minute; 0 is no limit.")},
    )
    notify_on_recovery = forms.BooleanField(
        label=_("Notify on recovery"), required=False, help_text=_("Also act when the condition no longer holds.")
    )
    enabled = forms.BooleanField(
        label=_("Enabled"), required=False, initial=True, help_text=_("Whether it listens from now on.")
    )
