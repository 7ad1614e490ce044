"""Password validator of context-specific words: Runbell's own name, its host, and the person's teams."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from teams.models import Organization, User

# What somebody who guesses tries first here. The rest of the list follows from where Runbell runs and who asks.
_PRODUCT = ("runbell", "wandb", "weights", "biases", "password", "admin")
_SHORTEST_WORD = 4


class ContextWordsValidator:
    """Refuse a password of which too little is left when the words that everybody here knows are taken out."""

    def __init__(self, least: int = 8) -> None:
        self.least = least

    def validate(self, password: str, user: Any = None) -> None:
        known = sorted(_words(user), key=len, reverse=True)
        rest = re.sub("|".join(map(re.escape, known)), "", password.casefold())
        if len(rest) < self.least <= len(password):
            raise ValidationError(self.get_help_text(), code="password_of_context_words")

    def get_help_text(self) -> str:
        return str(
            _("Besides the names of Runbell, its address and your teams, it needs %(least)s characters of its own.")
            % {"least": self.least}
        )


def _words(user: Any) -> set[str]:
    host = (urlsplit(settings.RUNBELL_URL).hostname or "").split(".")
    return {word.casefold() for word in (*_PRODUCT, *host, *_names(user)) if len(word) >= _SHORTEST_WORD}


def _names(user: Any) -> list[str]:
    """Give what the person's teams and organizations are called; somebody who joins just now has none yet."""
    if not isinstance(user, User) or user.pk is None:
        return []
    teams = list(user.memberships.values_list("team__name", "team__organization__name"))
    administered = Organization.objects.filter(admins=user).values_list("name", flat=True)
    return [name for names in teams for name in names] + list(administered)
