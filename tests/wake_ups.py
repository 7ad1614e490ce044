"""What the task queue's broker hands out to a pool: which wake-ups are under way."""

from __future__ import annotations

from django_q.signing import SignedPackage

from events import task_queue


def take_all() -> list[str]:
    """Take what is there, as the pool of a worker does, and give the names of the tasks. Call it once before, too."""
    return [SignedPackage.loads(task)["func"] for _receipt, task in task_queue._broker().dequeue() or ()]
