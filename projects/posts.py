"""What a script sends while it runs, all of it in one transaction: the wandb SDK posts so every few seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from projects.chunks import Batch, keep
from projects.files import note_uploaded
from projects.lines import OUTPUT, base
from projects.models import Run, Stream
from projects.output import keep_output
from projects.services import end, lock_again, note_life


@dataclass(frozen=True)
class Post:
    """Everything is optional: with nothing in it, it says that the run is alive. A repeat is harmless."""

    history: Batch | None = None
    system: Batch | None = None
    summary: Mapping[str, Any] | None = None
    # The line number of the first line, and the lines.
    output: tuple[int, Sequence[str]] | None = None
    uploaded: Sequence[str] = ()
    # Given when the run is over.
    exit_code: int | None = None


def take(run: Run, post: Post) -> Run:
    """Keep what was sent, and give the run as it is then."""
    with transaction.atomic():
        locked = lock_again(run)
        changed = note_life(locked)
        for stream, batch in ((Stream.HISTORY, post.history), (Stream.SYSTEM, post.system)):
            if batch is not None:
                changed += keep(locked, stream, batch.moved(base(locked, stream)))[1]
        if post.summary is not None:
            locked.told_summary = post.summary
            changed.append("told_summary")
        locked.save(update_fields=changed)
        if post.output is not None:
            offset, lines = post.output
            keep_output(locked, base(locked, OUTPUT) + offset, lines)
        if post.uploaded:
            note_uploaded(locked, post.uploaded)
        if post.exit_code is not None:
            end(locked, post.exit_code)
        return locked
