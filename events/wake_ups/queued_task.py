"""Queued task: what django-q2's pool takes for a task, made once for each name. Tasks carry nothing else."""

from __future__ import annotations

from functools import cache

from django_q.tasks import async_task


class _Kept:
    """A broker that keeps the task that it is given, in the form in which a pool takes it."""

    task = ""
    list_key = "kept"

    def enqueue(self, task: str) -> None:
        self.task = task


@cache
def queued_task(name: str) -> str:
    """Give the signed task that calls this function."""
    kept = _Kept()
    async_task(name, broker=kept)
    return kept.task
