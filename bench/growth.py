"""How many bytes what grows takes, as it is written and once it is made smaller; and a year of 500 engineers of it."""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from bench import on_postgresql
from bench.setting import Setting
from bench.table_sizes import bytes_of_tables

_POSTS, _ROWS = 1400, 15
_METRICS = ("train/loss", "train/accuracy", "train/grad_norm", "val/loss", "val/accuracy", "learning_rate")
_MACHINE = tuple(f"gpu.{card}.{what}" for card in range(4) for what in ("gpu", "memory", "temp", "powerWatts"))
_EXECUTIONS = 1500
# A year of 500 engineers: fifty runs a week each, of a thousand steps, over an hour or two.
_RUNS, _STEPS, _MACHINE_ROWS = 1_250_000, 1_000, 60
_HISTORY = ("projects_historychunk",)

Values = Callable[[random.Random], float]


def measure(setting: Setting) -> None:
    from projects.models import Stream

    print(f"  bytes a row of history, {_POSTS} posts of {_ROWS} rows of {len(_METRICS)} metrics:")
    single = _history("float32", _float32, 40)
    _history("float32's digits", _float32_digits, 40)
    _history("full doubles", random.Random.random, 72)
    machine = _history("system metrics", _percent, 0, stream=Stream.SYSTEM)
    executions = _executions(setting)
    _year(single, machine, executions)
    on_postgresql.again("growth")


def _history(name: str, value: Values, most: int, *, stream: str = "history") -> tuple[float, float]:
    """Log rows, measure, compact, measure; give bytes a row before and after."""
    from bench.scene import Watched
    from projects.models import HistoryChunk

    run = Watched.by_one(name.replace("'", "")).run
    _log(run, value, stream)
    count = _POSTS * _ROWS
    before, read_before = bytes_of_tables(_HISTORY) / count, _read_times(run, stream)
    seconds = _compact()
    after, read_after = bytes_of_tables(_HISTORY) / count, _read_times(run, stream)
    target = f"   target at most {most}" if most else ""
    print(f"    {name:18} {before:6.1f} posted  {after:6.1f} compacted, {count / seconds:,.0f} rows/s{target}")
    for what, times in read_before.items():
        print(f"      {what:32} {1000 * times:7.2f} ms  {1000 * read_after[what]:7.2f} ms")
    HistoryChunk.objects.all().delete()
    return before, after


def _log(run: Any, value: Values, stream: str) -> None:
    from projects.history.row_batch import RowBatch
    from projects.runs.ingest import FileStreamPost, ingest_file_stream

    rows = _rows(value, _METRICS if stream == "history" else _MACHINE)
    for post in range(_POSTS):
        batch = RowBatch(post * _ROWS, [next(rows) for _ in range(_ROWS)])
        ingest_file_stream(run, FileStreamPost(**{stream: batch}))


def _rows(value: Values, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Give rows as the SDK sends them: a step each second or so."""
    at, step, begun = random.Random(7), 0, 1_790_000_000.123456
    now = begun
    while True:
        now += 1 + at.gauss(0, 0.01)
        moment = round(now, 6)
        yield {**{name: value(at) for name in names}, "_step": step, "_timestamp": moment, "_runtime": moment - begun}
        step += 1


def _float32(at: random.Random) -> float:
    found: float = struct.unpack("f", struct.pack("f", at.random()))[0]
    return found


def _float32_digits(at: random.Random) -> float:
    return float(f"{_float32(at):.7g}")


def _percent(at: random.Random) -> float:
    return round(100 * at.random(), 1)


def _compact() -> float:
    from django.utils import timezone

    from projects.runs.history_compaction import compact_from, open_chunks

    later, begun = timezone.now() + timedelta(days=1), time.perf_counter()
    while (chunk := open_chunks(0).first()) and sum(compact_from(chunk, later)):
        pass
    return time.perf_counter() - begun


def _read_times(run: Any, stream: str) -> dict[str, float]:
    """Give how long what judging and reading ask takes."""
    from projects.history.downsampling import downsampled_rows
    from projects.history.reading import past_values, rows_of
    from projects.history.step_ranges import rows_between

    if stream != "history":
        return {}
    middle, end = _POSTS * _ROWS // 2 + 7, _POSTS * _ROWS
    asked: dict[str, Callable[[], Any]] = {
        "a window of 10 values, at the end": lambda: past_values(run.pk, stream, _METRICS[0], before=end, count=10),
        "a window of 500 values": lambda: past_values(run.pk, stream, _METRICS[0], before=middle, count=500),
        "a page of 1,000 rows": lambda: list(rows_between(run, middle, middle + 1000)),
        "a chart": lambda: list(downsampled_rows(run)),
        "all rows": lambda: list(rows_of(run)),
    }
    return {what: min(_seconds(ask) for _ in range(5)) for what, ask in asked.items()}


def _seconds(ask: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


def _executions(setting: Setting) -> tuple[float, float]:
    """Deliver, measure, make smaller, measure; give bytes an execution with its attempt before and after."""
    from automations.execution_templates import move_into_templates
    from automations.models import Attempt, Execution
    from bench.scene import Failing
    from bench.setting import working

    failing = Failing.calling(setting.receiver.url(), "executions")
    failing.fail_at_once(_EXECUTIONS, "run")
    with working():
        while Attempt.objects.count() < _EXECUTIONS:
            time.sleep(0.2)
    before = bytes_of_tables(["automations_execution"]) / _EXECUTIONS
    attempts = bytes_of_tables(["automations_attempt"]) / _EXECUTIONS
    move_into_templates(Execution.objects.all())
    after = bytes_of_tables(["automations_execution", "automations_executiontemplate"]) / _EXECUTIONS
    print(f"  bytes an execution  {before:6.0f} written  {after:6.0f} in templates   target at most 800")
    print(f"    and each attempt  {attempts:6.0f}")
    return before + attempts, after + attempts


def _year(history: tuple[float, float], machine: tuple[float, float], execution: tuple[float, float]) -> None:
    """Print what a year takes, before and after."""
    from projects.models import Run

    runs = bytes_of_tables(["projects_run"]) / Run.objects.count()
    totals = []
    for place, what in enumerate(("as it is written", "made smaller")):
        rows, others = history[place] * _STEPS, machine[place] * _MACHINE_ROWS + execution[place] + runs
        totals.append(rows + others)
        more = history[place] * 9 * _STEPS * _RUNS
        print(
            f"  a year of {_RUNS:,} runs, {what}: {_RUNS * rows / 1e9:.0f} GB of history and {_RUNS * others / 1e9:.0f}"
            f" of all else; {more / 1e9:.0f} more at {10 * _STEPS:,} rows a run"
        )
    print(f"  ratio {totals[1] / totals[0]:.2f}   target at most 0.33")
