"""Fields of filter documents. Where the SDK and W&B spell a name in two ways, both are here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from automations.filters.values import MISSING, moment


@dataclass(frozen=True)
class FilterField:
    """Where a field's value stands among the facts.

    With `has_keys`, `name.key` reaches into it. With `is_time`, values are moments, compared as such.
    """

    fact: str
    is_time: bool = False
    has_keys: bool = False


# By name, or a function that gives None for a name that is no field.
Fields = Mapping[str, FilterField] | Callable[[str], FilterField | None]

# Also of a version's aliases or tags: a list matches if any element does.
MUTATION_FIELDS: Mapping[str, FilterField] = {"alias": FilterField("alias"), "tag": FilterField("tag")}

_CONFIG = FilterField("config", has_keys=True)
_SUMMARY = FilterField("summary", has_keys=True)
_CREATED_AT = FilterField("created_at", is_time=True)
# The SDK's builder sends `display_name`; the others come in documents that people write as for `Api.runs`.
RUN_FIELDS: Mapping[str, FilterField] = {
    "name": FilterField("name"),
    "display_name": FilterField("display_name"), "displayName": FilterField("display_name"),
    "state": FilterField("state"),
    "tags": FilterField("tags"),
    "group": FilterField("group"),
    "job_type": FilterField("job_type"), "jobType": FilterField("job_type"),
    "username": FilterField("username"), "user": FilterField("username"), "user.username": FilterField("username"),
    "entity": FilterField("entity_name"), "project": FilterField("project_name"),
    "created_at": _CREATED_AT, "createdAt": _CREATED_AT,
    "config": _CONFIG,
    "summary_metrics": _SUMMARY, "summaryMetrics": _SUMMARY, "summary": _SUMMARY,
}  # fmt: skip


@dataclass(frozen=True)
class FieldPath:
    """A field and the key inside it, if any."""

    field: FilterField
    key: str = ""

    def value(self, facts: Mapping[str, object]) -> object:
        """Give the value, MISSING if there is none."""
        found = facts.get(self.field.fact, MISSING)
        if self.field.is_time:
            return moment(found) or found
        return _inside(found, self.key) if self.key else found


def field_path(name: str, fields: Fields) -> FieldPath | None:
    """Find the field that a name means, None if there is none. The longest name wins: `user.username` is no key."""
    find = fields if callable(fields) else fields.get
    if (whole := find(name)) is not None:
        return None if whole.has_keys else FieldPath(whole)
    root, _, key = name.partition(".")
    field = find(root)
    return FieldPath(field, key) if key and field is not None and field.has_keys else None


def names(fields: Fields) -> str:
    """List the names for a remedy; empty when a function knows them."""
    if callable(fields):
        return ""
    return ", ".join(f"{name}.KEY" if field.has_keys else name for name, field in fields.items())


def _inside(value: object, key: str) -> object:
    """Find a dotted key. W&B keeps a config as {"lr": {"value": 0.1}}, so `lr.value` also means a plain `lr`."""
    found = _at(value, key)
    head, *rest = key.split(".")
    if found is not MISSING or "value" not in rest:
        return found
    rest.remove("value")
    return _at(value, ".".join([head, *rest]))


def _at(value: object, key: str) -> object:
    # Logged names have dots of their own: system.gpu.0.temp is one key.
    if isinstance(value, Mapping) and key in value:
        return value[key]
    for part in key.split("."):
        value = _step(value, part)
    return value


def _step(value: object, part: str) -> object:
    if isinstance(value, Mapping):
        return value.get(part, MISSING)
    if isinstance(value, (list, tuple)) and part.isascii() and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    return MISSING
