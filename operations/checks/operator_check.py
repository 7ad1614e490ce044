"""Operator checks: what of an installation can be ill. One file of this package's folders registers one.

Each is asked in up to three ways, which share what is looked at: `findings` for `runbell doctor`, `alarms` for the
operator's alarms, `probes` for `/readyz`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from common.plugins import Plugin, PluginRegistry

# By the key of the matter: what is wrong with it, or an empty text where all is well. What was not looked at is absent.
Alarms = Mapping[str, str]


class Level(IntEnum):
    """How ill it is; also what a `runbell doctor` that found nothing worse exits with."""

    OK = 0
    WARNING = 1
    PROBLEM = 2


@dataclass(frozen=True)
class Finding:
    """What was found, and what to do about it."""

    level: Level
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Probe:
    """What `/readyz` says of it under `name`; with a problem it is not ready."""

    name: str
    problem: str = ""
    age_seconds: float | None = None


class OperatorCheck(Plugin):
    """Something that is looked at. `needs_database`: left out while that does not answer."""

    needs_database: ClassVar[bool] = True
    # Where no worker or no web process is at fault, that part's probe leaves it out.
    part: ClassVar[str] = ""
    # What the operator does about what its alarms tell, and what is said where they tell nothing.
    remedy: str = ""
    well: str = ""

    def findings(self) -> Iterable[Finding]:
        """Look, and say what was found: at least one line. By default what it would alarm of."""
        told = [text for text in self.alarms().values() if text]
        return [Finding(Level.PROBLEM, text, self.remedy) for text in told] or [Finding(Level.OK, self.well)]

    def alarms(self) -> Alarms:
        return {}

    def probes(self) -> Iterable[Probe]:
        return ()


registry: PluginRegistry[OperatorCheck] = PluginRegistry("operator check")


def alarms() -> dict[str, str]:
    """Ask every check what the operator is to be alarmed of."""
    return {key: text for check in registry for key, text in check().alarms().items()}


def probes(only: str) -> Iterator[Probe]:
    """Ask those checks that say whether it is ready: all, or those of one part."""
    for check in registry:
        if not only or check.part in ("", only):
            yield from check().probes()
