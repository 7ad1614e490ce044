"""Table walks: what goes through a table by id, a little at each turn of the sweep; one a file in `kinds/`."""

from __future__ import annotations

from dataclasses import dataclass

from common.plugins import Plugin, PluginRegistry


@dataclass(frozen=True)
class WalkedBatch:
    """What one batch came to: how many rows changed, behind which id the next one looks, and whether none is left."""

    changed: int
    after: int
    is_end: bool


class TableWalk(Plugin):
    """Makes what is old smaller, by id. It goes on where it stood, also in the next pass."""

    def walk_batch(self, after: int) -> WalkedBatch:
        """Change some of what stands behind this id, in short transactions. Harmless beside another process."""
        raise NotImplementedError


registry: PluginRegistry[TableWalk] = PluginRegistry("table walk")
