"""What runs logged, as `run.history()` and `run.scan_history()` read it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import islice
from typing import Any

from common.numbers import whole
from projects.models import Run, Stream
from projects.rows import Row, number, value_at
from projects.sampling import MOST_SAMPLES, Wanted, sampled, spread
from projects.stepping import rows_between
from wandb_api import binding
from wandb_api.caller import Info
from wandb_api.scalars import read_json

run = binding.of("Run")
_USUAL = 500
_END = float("inf")


@run.field("history")
def history(
    found: Run, info: Info, minStep: int | None = None, maxStep: int | None = None, samples: int | None = None
) -> list[str]:
    """Give rows of all steps or of some, thinned out to so many."""
    if minStep is None and maxStep is None:
        return _texts(sampled(found, Wanted(_count(samples)))[0])
    rows = rows_between(found, minStep or 0, _END if maxStep is None else maxStep)
    return _texts(spread(list(rows), _count(samples)))


@run.field("events")
def system(found: Run, info: Info, samples: int | None = None) -> list[str]:
    return _texts(sampled(found, Wanted(_count(samples), stream=Stream.SYSTEM))[0])


@run.field("sampledHistory")
def sampled_history(found: Run, info: Info, specs: list[str]) -> list[list[Row]]:
    """Give for each wish the rows that hold all of its keys, up to its last step and with it."""
    return [_wished(found, read_json(spec, f"specs.{place}") or {}) for place, spec in enumerate(specs)]


@run.field("parquetHistory")
def parquet(found: Run, info: Info, liveKeys: list[str] | None = None) -> dict[str, Any]:
    """Nothing is exported: all of it is live, from the row on that is given. The SDK then asks for it by steps."""
    return {"parquetUrls": [], "liveData": list(islice(rows_between(found, -_END, _END), 1))}


def _wished(found: Run, spec: dict[str, Any]) -> list[Row]:
    keys = [key for key in spec.get("keys") or () if isinstance(key, str)]
    samples = whole(str(spec.get("samples", _USUAL)), least=1, most=MOST_SAMPLES) or _USUAL
    first, end = number(spec.get("minStep")), number(spec.get("maxStep"))
    rows = rows_between(found, -_END if first is None else first, _END if end is None else end + 1)
    kept = [{key: _spelled(value_at(row, key)) for key in keys} for row in rows if _holds_all(row, keys)]
    return spread(kept, samples)


def _holds_all(row: Row, keys: Sequence[str]) -> bool:
    return all(value_at(row, key) is not None for key in keys)


def _spelled(value: object) -> object:
    """As W&B writes it where JSON knows no such number."""
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _count(samples: int | None) -> int:
    return max(1, min(_USUAL if samples is None else samples, MOST_SAMPLES))


def _texts(rows: Sequence[Row]) -> list[str]:
    return [json.dumps(row) for row in rows]
