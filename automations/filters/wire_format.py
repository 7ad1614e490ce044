"""Wire formats of filter documents: as text, in a wrapper, and in the groups that W&B's clients expect."""

from __future__ import annotations

import json
from collections.abc import Mapping

from automations.filters.errors import FilterError
from common.data.value_count import has_too_many_containers

_REMEDY = 'Give JSON, such as {"alias": {"$eq": "production"}}; {} lets everything through.'


def read(text_or_document: object) -> object:
    """Give the document, for `parse` to check. Raises FilterError for what is no JSON.

    It may come as it is, as JSON text, and either way within `{"filter": ...}`, as saved filters of mutation
    events are read back.
    """
    document = _loaded(text_or_document)
    if isinstance(document, dict) and list(document) == ["filter"]:
        return _loaded(document["filter"])
    return document


def wrapped_for_mutation(document: Mapping[str, object]) -> dict[str, object]:
    """Give `{"$or": [{"$and": [...]}]}`, without which W&B's pages do not show the filter."""
    match document:
        case {"$or": [{"$and": [*_], **others}], **rest} if not others and not rest:
            return dict(document)
    return {"$or": [wrapped_for_runs(document)]}


def wrapped_for_runs(document: Mapping[str, object]) -> dict[str, object]:
    """Give `{"$and": [...]}`."""
    match document:
        case {"$and": [*_], **rest} if not rest:
            return dict(document)
    return {"$and": [dict(document)] if document else []}


def _loaded(value: object) -> object:
    if not isinstance(value, str):
        return value
    if has_too_many_containers(value):
        raise FilterError((), value, "holds too many lists and objects", "Ask for less (RUNBELL_MOST_VALUES).")
    try:
        return json.loads(value, object_pairs_hook=_unrepeated)
    except RecursionError:
        raise FilterError((), value, "is nested too deep", "Nest 20 objects at most.") from None
    except FilterError:
        raise
    except ValueError as error:
        raise FilterError((), value, f"is no JSON: {error}", _REMEDY) from None


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a key that stands twice: all but the last would be dropped without a word."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise FilterError((), key, "stands twice in one object", "Join the two with $and.")
        found[key] = value
    return found
