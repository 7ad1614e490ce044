"""GraphQL resolvers of run history, as `run.history()` and `run.scan_history()` read it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from common.data.numbers import whole
from common.data.validation_errors import quoted, refuse
from projects.compaction.even_spread import evenly_spaced
from projects.history.downsampling import MOST_SAMPLES, SampleRequest, sampled_rows
from projects.history.row_values import HistoryRow, number, value_at
from projects.history.step_ranges import rows_between
from projects.models import Run, Stream
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info
from wandb_api.graphql.scalars import read_json

run = resolver_tables.table_of("Run")
_USUAL = 500
# Each wish reads the history anew; the SDK has one.
_MOST_WISHES = 20
_END = float("inf")


@run.field("history")
def history(
    found: Run, info: Info, minStep: int | None = None, maxStep: int | None = None, samples: int | None = None
) -> list[str]:
    """Give rows of all steps, thinned out to so many; or every row of some steps, however many stand at one.

    The SDK reads a range in pages of so many steps. It takes a page for all that is there.
    """
    if minStep is None and maxStep is None:
        return _json_rows(sampled_rows(found, SampleRequest(_count(samples)))[0])
    return _json_rows(rows_between(found, -_END if minStep is None else minStep, _END if maxStep is None else maxStep))


@run.field("events")
def system(found: Run, info: Info, samples: int | None = None) -> list[str]:
    return _json_rows(sampled_rows(found, SampleRequest(_count(samples), stream=Stream.SYSTEM))[0])


@run.field("sampledHistory")
def sampled_history(found: Run, info: Info, specs: list[str]) -> list[list[HistoryRow]]:
    """Give for each wish the rows that hold all of its keys, up to its last step and with it."""
    if len(specs) > _MOST_WISHES:
        refuse(
            "specs", f"There are {len(specs)}; {_MOST_WISHES} is the most. Ask for the others in a query of their own."
        )
    return [_wished(found, _spec(spec, f"specs.{place}")) for place, spec in enumerate(specs)]


@run.field("parquetHistory")
def parquet(found: Run, info: Info, liveKeys: list[str] | None = None) -> dict[str, Any]:
    """Nothing is exported: all of it is live, from the row on that is given. The SDK then asks for it by steps."""
    return {"parquetUrls": [], "liveData": list(islice(rows_between(found, -_END, _END), 1))}


def _spec(sent: str, field: str) -> dict[str, Any]:
    spec = read_json(sent, field)
    if not isinstance(spec, dict) or not isinstance(spec.get("keys") or [], list):
        refuse(field, f'{quoted(sent)} is no wish for history. Write it like {{"keys": ["loss"], "samples": 500}}.')
    return spec


def _wished(found: Run, spec: dict[str, Any]) -> list[HistoryRow]:
    keys = [key for key in spec.get("keys") or () if isinstance(key, str)]
    samples = whole(str(spec.get("samples", _USUAL)), least=1, most=MOST_SAMPLES) or _USUAL
    first, end = number(spec.get("minStep")), number(spec.get("maxStep"))
    rows = rows_between(found, -_END if first is None else first, _END if end is None else end + 1)
    kept = [{key: _spelled(value_at(row, key)) for key in keys} for row in rows if _holds_all(row, keys)]
    return evenly_spaced(kept, samples)


def _holds_all(row: HistoryRow, keys: Sequence[str]) -> bool:
    return all(value_at(row, key) is not None for key in keys)


def _spelled(value: object) -> object:
    """As W&B writes it where JSON knows no such number."""
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _count(samples: int | None) -> int:
    return max(1, min(_USUAL if samples is None else samples, MOST_SAMPLES))


def _json_rows(rows: Iterable[HistoryRow]) -> list[str]:
    return [json.dumps(row) for row in rows]
