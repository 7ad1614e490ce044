"""Lineage: which runs made a version (outputs), and which used it (inputs)."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from artifacts.models import Use, Version
from projects.models import Run


def record_use(version: Version, run: Run) -> Use:
    """Note that the run used the version. A repeat changes nothing."""
    return Use.objects.get_or_create(version=version, run=run)[0]


def runs_using(version: Version) -> QuerySet[Run]:
    return Run.objects.filter(uses__version=version).order_by("pk")


def input_versions(run: Run) -> QuerySet[Version]:
    """Give the versions that the run used."""
    return Version.objects.filter(uses__run=run).order_by("uses__pk")


def output_versions(run: Run) -> QuerySet[Version]:
    """Give the versions that the run made, and those it made again."""
    return Version.objects.filter(Q(run=run) | Q(uploads__run=run)).distinct().order_by("pk")
