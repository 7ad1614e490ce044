"""Form of a new person who was invited: the user name and the password they choose."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.forms import UserCreationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from teams.models import User

_TAKEN = _("This user name cannot be had. Choose another.")


class NewPersonForm(UserCreationForm[User]):
    class Meta:
        model = User
        fields = ("username",)
        labels: ClassVar[dict[str, Any]] = {"username": _("User name")}
        help_texts: ClassVar[dict[str, Any]] = {"username": _("How the team sees you. Letters, digits and @ . + - _")}
        error_messages: ClassVar[dict[str, Any]] = {"username": {"unique": _TAKEN}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["password1"].help_text = _("8 characters or more, and none that many people use.")
        self.fields["password2"].label, self.fields["password2"].help_text = _("The same password again"), ""

    def name_taken(self) -> ValidationError:
        return ValidationError(_TAKEN, code="unique")

    def is_name_taken(self) -> bool:
        return self.has_error("username", "unique")
