"""Names of other trackers as ours can be."""

from __future__ import annotations

import re

_NOT_IN_PROJECTS = re.compile(r"[/\\#?%:\x00-\x1f\x7f]+")
_NOT_IN_COLLECTIONS = re.compile(r"[^\w .-]+")


def project_name(said: str, otherwise: str) -> str:
    """Give the name of an experiment or project as a project may have it: it stands in addresses."""
    return _NOT_IN_PROJECTS.sub("-", said).strip(" .")[:128] or otherwise


def collection_name(said: str) -> str:
    """Give the name of a model or data set as a collection may have it."""
    return _NOT_IN_COLLECTIONS.sub("-", said)[:128].strip(" ")
