"""Forms whose last check is the service that does the work."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from teams.models import User

Row = TypeVar("Row", bound=Model)


class ServiceForm(forms.ModelForm[Row]):
    """Refuses what REST refuses, in the same words, because the same service says so.

    A form that is valid has done its work: the row is stored, and `instance` is that row. Django's admin asks
    in the transaction in which it would save, so that what fails later takes the work back.
    """

    person: ClassVar[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def perform(self, values: dict[str, Any]) -> Row:
        """Do what the person asks for and give the stored row. Raises ValidationError by field."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        # In place of the model's own checks: the service makes them too, and would come second.
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.instance = self.perform(self.cleaned_data)
        except ValidationError as error:
            self._refused(error)

    def _refused(self, error: ValidationError) -> None:
        for field, messages in error.message_dict.items():
            self.add_error(field if field in self.fields else None, messages)


class Unshown(forms.Textarea):
    """A text that is typed and sent, and never written into a page: not even after an error."""

    def __init__(self) -> None:
        super().__init__({"rows": 3, "class": "secret-value", "autocomplete": "off", "spellcheck": "false"})

    def format_value(self, value: Any) -> None:
        return None
