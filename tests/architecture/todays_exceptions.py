"""What breaks a rule of the architecture today, each until it is mended: a test fails when one is no longer needed.

Not for what breaks a rule for good: that stands in the test of the rule, with its reason.
"""

from __future__ import annotations

# (app, an app above it or beside it)
UPWARD_IMPORTS: frozenset[tuple[str, str]] = frozenset()
CIRCLES: frozenset[frozenset[str]] = frozenset()
CROWDED_FOLDERS: frozenset[str] = frozenset()
SHARED_CLASS_NAMES: frozenset[str] = frozenset()
NEIGHBOURS: frozenset[str] = frozenset()
FIGURES_OF_SPEECH: frozenset[str] = frozenset()
# Files that pass on by `__all__` what they import.
REEXPORTS: frozenset[str] = frozenset()
