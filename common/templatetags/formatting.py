"""Template filters that format times, durations, numbers and JSON, and draw icons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import own_addresses
from common.data import numbers

register = template.Library()
# '/settings/'|with_prefix: where a name of a route could be taken for that of another site.
register.filter("with_prefix", own_addresses.with_prefix)
# Characters of JSON on a page: a browser lays out no more in a moment.
_LONGEST_JSON, _MOST_JSON_MEMBERS = 100_000, 2000

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# Sooner than this is now; longer ago than this a date says more.
_NOW, _LONGEST = 5, 60 * _DAY
_MOST_MEMBERS = 300


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """Write how long ago (or in how long), with the exact time on hover; scripts keep it fresh."""
    if moment is None:
        return "–"
    passed = (timezone.now() - moment).total_seconds()
    length = int(abs(passed))
    if length < _NOW:
        text = _("now")
    elif length > _LONGEST:
        text = date_format(timezone.localtime(moment), "DATE_FORMAT")
    else:
        text = (_("%s ago") if passed > 0 else _("in %s")) % _words(length)
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), _exact(moment), text)


@register.filter
def exactly(moment: datetime | None) -> SafeString | str:
    """Write the exact time, in the person's zone."""
    if moment is None:
        return "–"
    return format_html('<time datetime="{}" data-absolute>{}</time>', moment.isoformat(), _exact(moment))


@register.filter
def lasting(length: timedelta | float | None) -> str:
    """Write a length of time: 2 h 3 min."""
    if length is None:
        return "–"
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.3g} s"
    whole = int(seconds)
    parts = [(whole // _DAY, "d"), (whole // _HOUR % 24, "h"), (whole // _MINUTE % 60, "min"), (whole % 60, "s")]
    return " ".join(f"{count} {unit}" for count, unit in [part for part in parts if part[0]][:2])


@register.filter
def readable(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return numbers.readable(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


@register.filter
def members(value: Any) -> list[tuple[str, Any]]:
    """Give what is inside of an object or a list, with its name or its place."""
    inside = value.items() if isinstance(value, Mapping) else enumerate(value)
    return [(str(name), one) for name, one in islice(inside, _MOST_MEMBERS)]


@register.filter
def left_out(value: Any) -> int:
    """Give how many `members` leaves out."""
    return max(0, len(value) - _MOST_MEMBERS)


@register.filter
def is_branch(value: object) -> bool:
    """Whether it is to be opened, member by member; a list of plain values is read in one line."""
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, list) and any(isinstance(one, (Mapping, list)) for one in value)


@register.filter
def plain(value: object) -> str:
    """Write a value whole, as one copies it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


@register.filter
def as_json(value: str) -> str:
    """Write a text in quotes, as it stands in a program that people copy: no name ends the quotes."""
    return json.dumps(value, ensure_ascii=False)


@register.filter
def cut_json(value: Any) -> str:
    """Write JSON as `pretty_json`, of what is large only the beginning."""
    text = pretty_json(_first_members(value))
    return text if len(text) <= _LONGEST_JSON else text[:_LONGEST_JSON].rpartition("\n")[0]


@register.filter
def is_cut_json(value: Any) -> bool:
    """Whether `cut_json` leaves something out."""
    first = _first_members(value)
    return first is not value or len(pretty_json(first)) > _LONGEST_JSON


def _first_members(value: Any) -> Any:
    if isinstance(value, dict) and len(value) > _MOST_JSON_MEMBERS:
        return dict(islice(value.items(), _MOST_JSON_MEMBERS))
    return value


@register.filter
def pretty_json(value: Any) -> str:
    """Write JSON with one member a line. Text that is no JSON stays as it is."""
    try:
        read = json.loads(value) if isinstance(value, str) else value
        return json.dumps(read, indent=2, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        # A receiver may answer anything, also ten thousand brackets.
        return str(value)


@register.filter
def middle(text: object, longest: int = 40) -> SafeString | str:
    """Cut a long name in its middle; the whole of it stands on hover."""
    whole = str(text)
    if len(whole) <= longest:
        return whole
    half = (longest - 1) // 2
    return format_html('<span title="{}">{}…{}</span>', whole, whole[:half], whole[-half:])


@register.simple_tag
def icon(name: str) -> SafeString:
    """Show one of static/icons.svg. A list shows hundreds: each is written once."""
    return _drawn(name, static("icons.svg"))


@register.simple_tag
def state(key: str, word: str) -> SafeString:
    """Show a state by icon, word and colour."""
    return format_html('<span class="state {}">{}{}</span>', key, icon(key), word)


@cache
def _drawn(name: str, file: str) -> SafeString:
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', file, name)


def _exact(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}"


def _words(seconds: int) -> str:
    if seconds < _MINUTE:
        return _("%d s") % seconds
    if seconds < _HOUR:
        return _("%d min") % (seconds // _MINUTE)
    if seconds < 2 * _DAY:
        return _("%d h") % (seconds // _HOUR)
    return ngettext("%d day", "%d days", seconds // _DAY) % (seconds // _DAY)
