"""What the sample's scripts printed: console output that goes with their curves, and says how each of them ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from projects.history.row_values import HistoryRow
from sample.curves import ROWS_AN_EPOCH, CurvePlan

_LOST = """\
Traceback (most recent call last):
  File "/workspace/digits/train.py", line 142, in <module>
    main(arguments())
    ~~~~^^^^^^^^^^^^^
  File "/workspace/digits/train.py", line 118, in main
    loss = step(net, batch, optimizer)
  File "/workspace/digits/train.py", line 87, in step
    raise FloatingPointError(f"the loss is {loss.item()} at step {number}")
FloatingPointError: the loss is nan at step 143"""
_KILLED = "/workspace/run.sh: line 9:  4242 Killed                  python train.py"


def printed_lines(plot: CurvePlan, rows: Sequence[HistoryRow]) -> list[str]:
    """Give the lines as the SDK sends them: each with its time, and with what went to stderr marked."""
    return list(_printed(plot, rows))


def _printed(plot: CurvePlan, rows: Sequence[HistoryRow]) -> Iterator[str]:
    yield _at(rows[0], f"\x1b[36mINFO\x1b[0m  {plot.display_name}: {plot.epochs} epochs, lr {plot.learning_rate:g}")
    for row in rows[ROWS_AN_EPOCH - 1 :: ROWS_AN_EPOCH]:
        epoch = round(row["epoch"])
        said = f"epoch {epoch:>2}/{plot.epochs}  loss {row['train/loss']:.4f}  val/loss {row['val/loss']:.4f}"
        yield _at(row, f"\x1b[36mINFO\x1b[0m  {said}  \x1b[1mval/accuracy {row['val/accuracy']:.3f}\x1b[0m")
    last = rows[-1]
    if plot.diverges_at is not None and plot.exit_code:
        yield from (f"ERROR {_at(last, line)}" for line in _LOST.split("\n"))
    elif plot.exit_code == 137:
        yield f"ERROR {_at(last, _KILLED)}"
    elif plot.exit_code == 0:
        yield _at(last, "\x1b[32msaved\x1b[0m model.safetensors")


def _at(row: HistoryRow, line: str) -> str:
    return f"{datetime.fromtimestamp(row['_timestamp'], UTC):%Y-%m-%dT%H:%M:%S.%f} {line}"
