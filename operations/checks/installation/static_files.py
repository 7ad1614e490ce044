"""Static files: whether the front end was built, without which pages have no look."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.staticfiles import finders
from django.utils.translation import gettext_lazy as _

from operations.checks.operator_check import Finding, Level, OperatorCheck, registry

_BUILT = ("build/app.css", "build/app.js")


@registry.register
class StaticFilesBuilt(OperatorCheck):
    """Whether the style sheet and the script of the pages are there."""

    key, label = "static_files", _("Static files")
    needs_database = False

    def findings(self) -> Iterable[Finding]:
        missing = [name for name in _BUILT if finders.find(name) is None]
        if missing:
            said = f"{', '.join(missing)} is not there: pages have no look."
            return [Finding(Level.PROBLEM, said, "Run `make frontend` in the checkout, or install the wheel.")]
        return [Finding(Level.OK, "Style sheet and script are there.")]
