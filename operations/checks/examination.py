"""The examination that `runbell doctor` makes: every check by itself, so that one that breaks hides no other."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError, connection

from operations.checks.operator_check import Finding, Level, OperatorCheck, registry

logger = logging.getLogger(__name__)
_LEFT_OUT = Finding(Level.WARNING, "Not looked at, for the database does not answer.", "Mend the database first.")


@dataclass(frozen=True)
class Examined:
    check: type[OperatorCheck]
    finding: Finding


def examine() -> Iterator[Examined]:
    """Look at everything, in the order of the checks."""
    answers = database_answers()
    for check in registry:
        if check.needs_database and not answers:
            yield Examined(check, _LEFT_OUT)
            continue
        for finding in _findings(check):
            yield Examined(check, finding)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _findings(check: type[OperatorCheck]) -> list[Finding]:
    try:
        return list(check().findings())
    except DatabaseError as error:
        said = " ".join(str(error).split())[:300]
        return [Finding(Level.PROBLEM, f"The database refuses what is asked of it: {said}", "Run `runbell migrate`.")]
    except Exception as error:
        # The edge: what breaks here is one line of many.
        logger.exception("the check %s failed", check.key)
        return [Finding(Level.PROBLEM, f"It could not be looked at: {type(error).__name__}.", "The log says why.")]
