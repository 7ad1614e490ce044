"""Contents of what is to be deleted: counted before anybody confirms, with its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from artifacts.models import Collection, Entry, Version
from automations.models import Automation
from projects.models import Run, RunFile
from projects.quota import mebibytes

BYTES = "bytes"
# In the order in which people read them.
LABELS: Mapping[str, str | Promise] = {
    "teams": _("Teams"),
    "projects": _("Projects"),
    "registries": _("Registries"),
    "runs": _("Runs"),
    "rows": _("Rows logged"),
    "files": _("Files of runs"),
    "collections": _("Collections"),
    "versions": _("Versions made there"),
    "version_files": _("Files of the version"),
    "links": _("Links to these versions elsewhere"),
    "linked_versions": _("Links in its collections"),
    "automations": _("Automations"),
    "integrations": _("Integrations"),
    "secrets": _("Secrets"),
    "members": _("Memberships"),
    "api_keys": _("API keys of it alone"),
    "service_accounts": _("Service accounts on no other team, with their keys"),
    "sessions": _("Sessions"),
    "own_runs": _("Runs of theirs, which stay without their name"),
    "audit_rows": _("Rows of the audit log, which stay without their name"),
    BYTES: _("MiB of rows and files"),
}


@dataclass(frozen=True)
class CountedPart:
    """A line of what goes: what it is, and how much there is of it, as people read it."""

    label: str | Promise
    amount: str


def in_words(contents: Mapping[str, int]) -> list[CountedPart]:
    """Give the lines of what there is any of."""
    return [
        CountedPart(label, mebibytes(contents[key]) if key == BYTES else f"{contents[key]:,}")
        for key, label in LABELS.items()
        if contents.get(key)
    ]


def count_inside(
    runs: QuerySet[Run], collections: QuerySet[Collection], automations: QuerySet[Automation]
) -> dict[str, int]:
    """Count runs and collections with what is in them. Files that are stored once may be counted more than once."""
    logged = sizes_of_runs(runs)
    inside = collections.values("pk")
    made = Version.objects.filter(collection__in=inside).aggregate(count=Count("pk"), size=Sum("size"))
    links = Entry.objects.filter(version__collection__in=inside).exclude(collection__in=inside)
    return {
        **logged,
        "collections": collections.count(),
        "versions": _number(made["count"]),
        "links": links.count(),
        "automations": automations.filter(deleted_at=None).count(),
        BYTES: logged[BYTES] + _number(made["size"]),
    }


def sizes_of_runs(runs: QuerySet[Run]) -> dict[str, int]:
    """Count runs, and what they logged."""
    logged = runs.aggregate(count=Count("pk"), rows=Sum("rows_logged"), size=Sum("bytes_logged"))
    files = RunFile.objects.filter(run__in=runs.values("pk")).aggregate(count=Count("pk"), size=Sum("size"))
    return {
        "runs": _number(logged["count"]),
        "rows": _number(logged["rows"]),
        "files": _number(files["count"]),
        BYTES: _number(logged["size"]) + _number(files["size"]),
    }


def _number(found: Any) -> int:
    return int(found or 0)
