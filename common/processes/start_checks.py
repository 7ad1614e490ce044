"""System checks at the start, by whatever command: what is dangerous refuses it, what is doubtful is logged.

`serve` and `runserver` make all checks of Django themselves. A web server that is started without them, such as a bare
`gunicorn config.wsgi`, makes none, and a worker with `--skip-checks` neither: those of this tag cost nothing, and are
made there too.
"""

from __future__ import annotations

import logging

from django.core.checks import ERROR, run_checks
from django.core.management.base import SystemCheckError

# What a check registers with, where the start depends on it.
START = "start"
logger = logging.getLogger(__name__)


def refuse_dangerous() -> None:
    """Raise SystemCheckError, which names setting and remedy, where this must not run."""
    found = [one for one in run_checks(tags=[START]) if one.level >= ERROR and not one.is_silenced()]
    if found:
        raise SystemCheckError("Runbell does not start:\n" + "\n".join(map(str, found)))


def warn_of_doubtful() -> None:
    for one in run_checks(tags=[START]):
        if one.level < ERROR and not one.is_silenced():
            logger.warning("%s", one)
