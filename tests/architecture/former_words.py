"""Former words: what ideas were called before they had the term of the field (`docs/glossary.md`)."""

from __future__ import annotations

import re

# Figures of speech that say nothing as the whole name of a file, a function or a class.
WHOLE_NAMES = frozenset({
    "answers", "asked", "beats", "bound", "found", "given", "laying", "lines", "listed", "lives", "look", "looking",
    "lookback", "marks", "origin", "phrase", "plotted", "postman", "posts", "pump", "ranked", "restraint",
    "shown", "stalls", "stepping", "texts", "thinning", "told", "traces", "turns", "twins",
})  # fmt: skip
# Former terms: not even as a part of a name, for they have no other sense here.
PARTS_OF_NAMES = frozenset({
    "beat", "beats", "happening", "happenings", "lookback", "occasion", "occasions", "parcel", "parcels", "phrase",
    "phrases", "postman", "pump", "restraint", "rested", "resting", "rests", "twins",
})  # fmt: skip
_TWO_WORDS = re.compile(r"(?:^|_)looks?_back(?:_|$)")
# What people read. `rest`, `told` and `look` are everyday words too: only their former senses are refused.
IN_TEXT = re.compile(
    r"\b(happenings?|occasions?|parcels?|listeners?|restraint|restrained|rests|rested|resting|pump|stalls|endpoints?"
    r"|look(ed|ing|s)? back|river|postman|twins|finished or failed)\b|`(Memory|Quiet|Objection|Listener)`",
    re.IGNORECASE,
)


def words_of(name: str) -> set[str]:
    """Give the words of a name, however it joins them: `_in_snake_case`, `InCamelCase`, `in-kebab-case`."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def is_former(name: str) -> bool:
    has_former_words = words_of(name) & PARTS_OF_NAMES or _TWO_WORDS.search(name)
    return bool(has_former_words) or name.strip("_").lower() in WHOLE_NAMES
