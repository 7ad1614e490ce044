"""What a run logged beyond a limit and that is not kept: noted on the run, for its page and REST."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from projects.history.logging_limits import Excess
from projects.models import Run

logger = logging.getLogger(__name__)


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
