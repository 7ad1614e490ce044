"""Services outside that the settings name: what cannot be reached now may come back, and is never a reason to refuse.

It is told at the start, in `/readyz`, and by `runbell doctor`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import ClassVar

from operations.checks.operator_check import Finding, Level, OperatorCheck, registry
from outbound.addresses import OperatorsPolicy
from outbound.client import Client
from outbound.web_provider import client_under

logger = logging.getLogger(__name__)
_EACH_SECONDS, _SOON_SECONDS = 300.0, 30.0
# What the background of a web process saw last, and when it looks again.
_seen: list[str] = []
_look_at = [0.0]


class OutsideService(OperatorCheck):
    """Something that listens elsewhere. `setting` is where its address stands."""

    needs_database = False
    setting: ClassVar[str]
    # Looked at by every process at its start and every few minutes, and not by `doctor` alone.
    is_watched: ClassVar[bool] = True

    def is_set(self) -> bool:
        raise NotImplementedError

    def failure(self) -> str:
        """Say why it cannot be reached now; an empty text where it can. In seconds, and without a secret."""
        raise NotImplementedError

    def findings(self) -> Iterable[Finding]:
        if not self.is_set():
            return [Finding(Level.OK, f"None is named by {self.setting}.")]
        failure = self.failure()
        return [Finding(Level.PROBLEM, failure, self.remedy) if failure else Finding(Level.OK, self.well)]


def unreachable() -> Iterator[str]:
    """Give a sentence for each that is set and cannot be reached now."""
    for check in registry:
        if not (issubclass(check, OutsideService) and check.is_watched):
            continue
        service = check()
        if service.is_set() and (failure := service.failure()):
            yield f"{check.setting}: {failure}"


def watch() -> None:
    """Look at the start and then every few minutes, for `/readyz`, which asks nobody; what is new is logged."""
    if time.monotonic() < _look_at[0]:
        return
    found = list(unreachable())
    _look_at[0] = time.monotonic() + (_SOON_SECONDS if found else _EACH_SECONDS)
    for said in found:
        if said not in _seen:
            logger.warning("%s", said)
    _seen[:] = found


@cache
def operators_client() -> Client:
    """The client for what the operator named, wherever it stands. Made at first use, so after the fork."""
    return client_under(OperatorsPolicy())


def last_seen() -> list[str]:
    return list(_seen)
