"""Run notices: what a script sent and that is not kept, or not done. Noted on the run, for its page and REST."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from django.db import transaction

from projects.history.logging_limits import Excess
from projects.models import Run
from projects.runs.lifecycle import lock_run

logger = logging.getLogger(__name__)
# So many notices of a run, so long each: a client may make up any number of names.
_MOST_NOTICES, _LONGEST = 60, 500


def note_left_out(locked: Run, beyond: Iterable[Excess]) -> list[str]:
    """Note it on the locked run, which the caller saves: give the columns. Logged the first time alone."""
    noted = dict(locked.left_out)
    for excess in beyond:
        posts = noted.get(excess.part, {}).get("posts", 0)
        if not posts:
            logger.warning("run %s: %s left out: %s", locked.pk, excess.part, excess.message)
        noted[excess.part] = {"posts": posts + 1, "message": excess.message}
    locked.left_out = noted
    return ["left_out"]


def note_left_out_input(run: Run, said: Mapping[str, str]) -> None:
    """Note input that is not done, by its name, once a run: a script may send it with each request."""
    fresh = {name[:_LONGEST]: text[:_LONGEST] for name, text in said.items() if name[:_LONGEST] not in run.left_out}
    if not fresh:
        return
    with transaction.atomic():
        locked = lock_run(run)
        new = [Excess(part, text) for part, text in fresh.items() if part not in locked.left_out]
        locked.save(update_fields=note_left_out(locked, new[: max(0, _MOST_NOTICES - len(locked.left_out))]))
