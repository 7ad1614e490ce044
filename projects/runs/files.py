"""Files of a run: which are registered, and which were uploaded. Contents: `projects.file_storage`."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from common.data.file_names import check_file_name, safe_file_name, stored_names
from common.data.validation_errors import quoted, refuse
from projects.models import Run, RunFile

_LONGEST_NAME = 512


def register_files(run: Run, names: Iterable[str], field: str = "files") -> list[RunFile]:
    """Note that the run has these files; give them in the same order.

    All or none: each must be a name of a file, and they must not be too many.
    """
    wanted = list(names)
    for place, name in enumerate(wanted):
        check_file_name(name, f"{field}.{place}", longest=_LONGEST_NAME)
    there = {file.name: file for file in run.files.filter(name__in=wanted)}
    new = [RunFile(run=run, name=name) for name in dict.fromkeys(wanted) if name not in there]
    if new and run.files.count() + len(new) > settings.MOST_RUN_FILES:
        refuse(
            "files",
            f"{quoted(new[0].name)} would be one file more than the {settings.MOST_RUN_FILES} that a run may have "
            "(RUNBELL_MOST_RUN_FILES). Put many files into an artifact, or into one archive.",
        )
    RunFile.objects.bulk_create(new, ignore_conflicts=True)
    there |= {file.name: file for file in run.files.filter(name__in=[file.name for file in new])}
    return [there[name] for name in wanted]


def record_uploaded(run: Run, names: Iterable[str], field: str = "files") -> None:
    """Note that the client has sent them, or would have where contents are not kept."""
    files = register_files(run, names, field)
    RunFile.objects.filter(pk__in=[file.pk for file in files]).update(uploaded_at=timezone.now())


def files_named(run: Run, names: Iterable[str]) -> QuerySet[RunFile]:
    """Give the files that are served by these names."""
    return run.files.filter(name__in=stored_names(names, run.files.values_list("name", flat=True)))


def served_name(file: RunFile) -> str:
    """Give what clients are told that the file is called: they write it by this name."""
    return safe_file_name(file.name)


def delete_files(files: Iterable[RunFile]) -> None:
    """Take the files from their runs, all or none. What they hold is freed once no other file holds the same."""
    RunFile.objects.filter(pk__in=[file.pk for file in files]).delete()
