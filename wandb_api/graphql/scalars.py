"""GraphQL scalars: JSON, JSONString, DateTime, Int64, Duration."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ariadne import ScalarType
from graphql import GraphQLError

from common.data.strict_json import NestedTooDeep, read, strict
from common.data.validation_errors import quoted, refuse
from common.data.value_count import check_text

json_string = ScalarType("JSONString")
json_value = ScalarType("JSON")
date_time = ScalarType("DateTime")
int64 = ScalarType("Int64")
duration = ScalarType("Duration")
SCALARS = (json_string, json_value, date_time, int64, duration)


def read_json(text: str | None, field: str) -> Any:
    """Read a JSONString that was sent; refused by the field's name where it is no JSON. None stays None."""
    if text is None:
        return None
    check_text(text, field)
    try:
        return read(text)
    except NestedTooDeep as error:
        refuse(field, str(error))
    except (ValueError, RecursionError):
        refuse(field, f"{quoted(text)} is not JSON.")


@json_string.serializer
def write_json(value: Any) -> str:
    """Give JSON as text. A text is taken for JSON already: what came as JSON goes back as it came."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@json_string.value_parser
def take_json(value: Any) -> str:
    if not isinstance(value, str):
        raise GraphQLError(f"{quoted(value)} is no JSON in a text.")
    return value


@json_value.serializer
def write_value(value: Any) -> Any:
    return strict(value)


@date_time.serializer
def write_time(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


@date_time.value_parser
def take_time(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError(f"{quoted(value)} is no time; write it like 2027-01-31T12:00:00Z.") from None
    return found


@int64.serializer
@int64.value_parser
@duration.serializer
@duration.value_parser
def whole_number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise GraphQLError(f"{quoted(value)} is no whole number.")
    try:
        found = int(value)
    except ValueError:
        raise GraphQLError(f"{quoted(value)} is no whole number.") from None
    if not -(2**63) <= found < 2**63:
        raise GraphQLError(f"{quoted(value)} is too large: a whole number has 64 bits.")
    return found
