"""Collections and versions, what versions hold, and who is sending or using them."""

from __future__ import annotations

from artifacts.models.collections import (
    Alias,
    Collection,
    CollectionTag,
    Entry,
    Registry,
    Tag,
    Version,
    Visibility,
)
from artifacts.models.uploads import Upload, Use, VersionFile

__all__ = [
    "Alias", "Collection", "CollectionTag", "Entry", "Registry", "Tag", "Upload", "Use", "Version", "VersionFile",
    "Visibility",
]  # fmt: skip
