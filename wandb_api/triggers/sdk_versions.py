"""SDK versions: what the asking one can read of automations. An event or a scope that is newer than it stops its list.

All that Runbell hands out as an action is as old as the oldest version that is tried.
"""

from __future__ import annotations

import logging
import re

from django.db.models import Q, QuerySet

from automations.models import Automation
from events import event_types

logger = logging.getLogger(__name__)
Version = tuple[int, int]
# The first version that reads it.
EVENTS_SINCE: dict[str, Version] = {
    "ADD_ARTIFACT_TAG": (0, 27),
    "REMOVE_ARTIFACT_TAG": (0, 27),
    "ADD_COLLECTION_TAG": (0, 27),
    "REMOVE_COLLECTION_TAG": (0, 27),
    "UNLINK_ARTIFACT": (0, 27),
}
ENTITY_SCOPE_SINCE: Version = (0, 28)
_AGENT = re.compile(r"W&B (?:Public|Internal) Client (\d{1,4})\.(\d{1,4})")
_IN_NO_PROJECT = Q(project=None, registry=None, collection=None)


def version_of(agent: str) -> Version | None:
    """Read the version of what asks; None where it does not say."""
    found = _AGENT.match(agent)
    return (int(found[1]), int(found[2])) if found else None


def readable(rows: QuerySet[Automation], agent: str) -> QuerySet[Automation]:
    """Leave out what the asking version cannot read, and log how many these are."""
    version = version_of(agent)
    if version is None:
        return rows
    unread = _unread(version)
    if left_out := rows.filter(unread).count() if unread else 0:
        logger.warning("%s cannot read %d automations of a newer kind: left out of its answer", agent[:40], left_out)
    return rows.exclude(unread) if left_out else rows


def _unread(version: Version) -> Q:
    newer = [wire for wire, since in EVENTS_SINCE.items() if version < since]
    found = Q()
    if newer:
        found |= Q(event_type__in=[kind.key for kind in event_types.registry if kind.wire in newer])
    if version < ENTITY_SCOPE_SINCE:
        found |= _IN_NO_PROJECT
    return found
