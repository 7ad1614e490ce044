"""What a person says of a run's state, where its script does not: it waits for another start, or it is given up."""

from __future__ import annotations

from django.db import transaction

from common.refusals import quoted, refuse, refuse_twin
from projects.models import Run, RunState
from projects.services import change_state, lock

# As at W&B: what may be said, and of runs in which states.
_FROM: dict[str, tuple[RunState, ...]] = {
    RunState.PENDING: (RunState.RUNNING, RunState.FAILED, RunState.CRASHED),
    RunState.FAILED: (RunState.PENDING, RunState.RUNNING),
}


def say_state(run: Run, state: str) -> Run:
    """Give the run this state. One that is heard of again runs, whatever was said."""
    if state not in _FROM:
        refuse("state", f"{quoted(state)} cannot be said of a run; pending and failed can.")
    with transaction.atomic():
        locked = lock(run)
        if locked.state not in _FROM[state]:
            states = ", ".join(_FROM[state])
            refuse_twin("state", f"The run {locked} is {locked.state}; {state} becomes only what is {states}.")
        change_state(locked, RunState(state))
        return locked
