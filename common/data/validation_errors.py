"""Validation errors: how Runbell says no, by field, value and remedy, in the same words at every door."""

from __future__ import annotations

import re
from typing import NoReturn

from django.core.exceptions import ValidationError

_LONGEST = 200
_CREDENTIALS = re.compile(r"//[^/@\s]*@")


class Conflict(ValidationError):
    """A refusal because of what is there already: 409 over REST."""


class TooMuch(ValidationError):
    """A refusal because there is no room left: 413 over REST, which the wandb SDK does not try again."""


class UnderWay(Exception):
    """What is asked for is under way: 503, which the wandb SDK tries again for about a quarter of an hour."""


def refuse(field: str, message: str) -> NoReturn:
    """Raise a refusal of one field; the message carries the value and the remedy."""
    raise ValidationError({field: message})


def refuse_too_much(field: str, message: str) -> NoReturn:
    """Raise a refusal of what there is no room for."""
    raise TooMuch({field: message})


def refuse_duplicate(field: str, message: str) -> NoReturn:
    """Raise a refusal of a name that is taken."""
    raise Conflict({field: message})


def refuse_in_use(field: str, message: str) -> NoReturn:
    """Raise a refusal to delete what others use; confirmed, it is deleted all the same."""
    raise Conflict({field: f"{message} Change those first, or confirm (over REST with ?confirm=true)."})


def quoted(value: object) -> str:
    """Give a value as a message says it back: cut short, for it may be anything that was sent."""
    text = without_credentials(repr(value))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def without_credentials(text: str) -> str:
    """Give the text with the user and password of a web address in it masked."""
    return _CREDENTIALS.sub("//********@", text)
