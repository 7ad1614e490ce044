"""Which runs made a version, and which used it."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from artifacts.models import Use, Version
from projects.models import Run


def use(version: Version, run: Run) -> Use:
    """Note that the run used the version. A repeat changes nothing."""
    return Use.objects.get_or_create(version=version, run=run)[0]


def used_by(version: Version) -> QuerySet[Run]:
    return Run.objects.filter(uses__version=version).order_by("pk")


def inputs_of(run: Run) -> QuerySet[Version]:
    """Give the versions that the run used."""
    return Version.objects.filter(uses__run=run).order_by("uses__pk")


def outputs_of(run: Run) -> QuerySet[Version]:
    """Give the versions that the run made, and those it made again."""
    return Version.objects.filter(Q(run=run) | Q(uploads__run=run)).distinct().order_by("pk")
