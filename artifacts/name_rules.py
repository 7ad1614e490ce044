"""Validation of names: collections, aliases, tags, metadata. As W&B has it, and as addresses can hold it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.validators import RegexValidator

from common.data.validation_errors import quoted, refuse

LONGEST = 128
MOST_METADATA_KEYS = 100
# Deeper, and Python's own limit would stop a later reader of what was taken here.
DEEPEST_METADATA = 64
# The alias that moves by itself.
LATEST = "latest"

# Types of versions that the wandb SDK logs without being asked to: tables of `run.log`, jobs, histories.
_SILENT, _SILENT_START = ("run_table", "job"), "wandb-"

collection = RegexValidator(
    r"^(?!\.{1,2}\Z)[\w.-](?:[\w .-]{0,126}[\w.-])?\Z",
    "%(value)r is no usable name: use 1 to 128 letters, digits, dots, hyphens and underscores, "
    "and spaces only between them.",
)
kind = RegexValidator(
    collection.regex,
    "%(value)r is no usable type: use 1 to 128 letters, digits, dots, hyphens and underscores, "
    "and spaces only between them.",
)
registry = RegexValidator(
    r"^[A-Za-z0-9](?:[\w .-]{0,62}[\w-])?\Z",
    "%(value)r is no usable name: use 1 to 64 letters, digits, dots, hyphens and underscores, "
    "and spaces only between them, starting with a letter or digit.",
)
_ALIAS = re.compile(r"(?! )[^/:\x00-\x1f\x7f]{1,128}(?<! )")
_TAG = re.compile(r"[-\w]+( +[-\w]+)*")
_VERSION = re.compile(r"v(0|[1-9][0-9]{0,8})")


def is_made_silently(type: str) -> bool:
    return type in _SILENT or type.startswith(_SILENT_START)


def index_of(version: str) -> int | None:
    """Give the number of a version such as `v3`; None where it is an alias."""
    found = _VERSION.fullmatch(version)
    return int(found[1]) if found else None


def checked_aliases(aliases: Iterable[str]) -> list[str]:
    """Give the aliases without repeats, or refuse the first that cannot be one."""
    for place, alias in enumerate(found := list(aliases)):
        if not _ALIAS.fullmatch(alias):
            refuse(
                f"aliases.{place}",
                f"{quoted(alias)} is no usable alias: use 1 to {LONGEST} characters, without / and :, "
                "and spaces only between them.",
            )
        if index_of(alias) is not None:
            refuse(f"aliases.{place}", f"{quoted(alias)} is how versions are numbered. Choose another alias.")
    return list(dict.fromkeys(found))


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Give the tags without repeats, or refuse the first that cannot be one."""
    for place, tag in enumerate(found := list(tags)):
        if len(tag) > LONGEST or not _TAG.fullmatch(tag):
            refuse(
                f"tags.{place}",
                f"{quoted(tag)} is no usable tag: use 1 to {LONGEST} letters, digits, hyphens and underscores, "
                "and spaces only between them.",
            )
    return list(dict.fromkeys(found))


def check_metadata(metadata: object) -> None:
    """Refuse what is no object, or too large to be shown and put into payloads by key."""
    if not isinstance(metadata, Mapping):
        refuse("metadata", f'{quoted(metadata)} is no object. Write it like {{"accuracy": 0.97}}.')
    if len(metadata) > MOST_METADATA_KEYS:
        refuse("metadata", f"{len(metadata)} keys at the top; use at most {MOST_METADATA_KEYS}, and nest the others.")
    if _is_deeper(metadata, DEEPEST_METADATA):
        refuse(
            "metadata", f"It is nested more than {DEEPEST_METADATA} deep. Use fewer lists and objects in each other."
        )


def _is_deeper(value: Any, than: int) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else None
    if inner is None:
        return False
    return than == 0 or any(_is_deeper(one, than - 1) for one in inner)
