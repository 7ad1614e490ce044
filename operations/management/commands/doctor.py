"""manage.py doctor: look at a running installation, and say what to do."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from operations.checks.examination import Examined, examine
from operations.checks.operator_check import Level

_WORDS = {Level.OK: "ok", Level.WARNING: "warning", Level.PROBLEM: "problem"}


class Command(BaseCommand):
    help = "Look at a running installation: what is found, and what to do. Exits with 1 for warnings, 2 for problems."
    # It says itself what is wrong with the settings, beside all else.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="As JSON, for programs.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = []
        for examined in examine():
            found.append(examined)
            if not options["json"]:
                self._print(examined)
        worst = max(examined.finding.level for examined in found)
        if options["json"]:
            told = [_as_json(examined) for examined in found]
            said = {"version": settings.VERSION, "result": _WORDS[worst], "checks": told}
            self.stdout.write(json.dumps(said, indent=2, ensure_ascii=False))
        if worst:
            sys.exit(int(worst))

    def _print(self, examined: Examined) -> None:
        finding = examined.finding
        styles = {Level.OK: self.style.SUCCESS, Level.WARNING: self.style.WARNING, Level.PROBLEM: self.style.ERROR}
        word = styles[finding.level](f"{_WORDS[finding.level]:<8}")
        self.stdout.write(f"{word} {examined.check.label}: {finding.found}")
        if finding.remedy and finding.level:
            self.stdout.write(f"{'':<8} -> {finding.remedy}")


def _as_json(examined: Examined) -> dict[str, str]:
    finding = examined.finding
    told = {"check": examined.check.key, "level": _WORDS[finding.level], "found": finding.found}
    return {**told, "remedy": finding.remedy} if finding.level else told
