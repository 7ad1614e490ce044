"""The files of a run: which there are, and which of them arrived."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from projects.models import Run, RunFile

_LONGEST_NAME = 512


def name_files(run: Run, names: Iterable[str]) -> list[RunFile]:
    """Note that the run has these files; give them in the same order."""
    wanted = [name[:_LONGEST_NAME] for name in names]
    there = {file.name: file for file in run.files.filter(name__in=wanted)}
    new = [RunFile(run=run, name=name) for name in dict.fromkeys(wanted) if name not in there]
    RunFile.objects.bulk_create(new, ignore_conflicts=True)
    there |= {file.name: file for file in run.files.filter(name__in=[file.name for file in new])}
    return [there[name] for name in wanted]


def note_uploaded(run: Run, names: Iterable[str]) -> None:
    """Note that the client has sent them, or would have where contents are not kept."""
    files = name_files(run, names)
    RunFile.objects.filter(pk__in=[file.pk for file in files]).update(uploaded_at=timezone.now())


def delete_files(files: Iterable[RunFile]) -> None:
    """Take the files from their runs, all or none. What they hold is freed once no other file holds the same."""
    RunFile.objects.filter(pk__in=[file.pk for file in files]).delete()
