"""Forms of projects and runs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common.data.validation_errors import quoted
from projects.models import MOST_LATE_HOURS

LONGEST_TAG = 128


class TagsField(forms.CharField):
    """Tags, one a line: a tag of a script may hold commas and spaces."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        lines = super().clean(value).splitlines()
        tags = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
        too_long = next((tag for tag in tags if len(tag) > LONGEST_TAG), None)
        if too_long is not None:
            raise ValidationError(_("%s is too long for a tag: 128 characters are the most.") % quoted(too_long))
        return tags

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value


class RunForm(forms.Form):
    """What people say of a run."""

    display_name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=255,
        help_text=_("Empty: its id. Filters look at it."),
    )
    tags = TagsField(label=_("Tags"), required=False, help_text=_("One a line."))
    notes = forms.CharField(
        label=_("Notes"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 6})
    )

    def clean_notes(self) -> str:
        return str(self.cleaned_data["notes"]).replace("\r\n", "\n")


class ProjectForm(forms.Form):
    """What people say and set of a project."""

    description = forms.CharField(
        label=_("Description"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    late_after_hours = forms.IntegerField(
        label=_("Values are late after"),
        min_value=1,
        max_value=MOST_LATE_HOURS,
        help_text=_("Hours between when a script logged them and when they came here, as wandb sync brings them."),
    )
    acts_on_late_values = forms.BooleanField(
        label=_("Act on late values"),
        required=False,
        help_text=_("Else they are stored, and what would have fired is listed as suppressed."),
    )


class NewProjectForm(forms.Form):
    """The service checks the name: scripts are refused in the same words."""

    name = forms.CharField(label=_("Name"), error_messages={"required": _("Give the project a name, such as mnist.")})
    description = forms.CharField(label=_("Description"), required=False)
