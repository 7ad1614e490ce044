"""Manual state changes: a person sets a run to pending (it waits for another start) or to failed (given up)."""

from __future__ import annotations

from django.db import transaction

from common.data.validation_errors import quoted, refuse, refuse_duplicate
from projects.models import Run, RunState
from projects.runs.lifecycle import change_state, lock_run

# As at W&B: what may be said, and of runs in which states.
_FROM: dict[str, tuple[RunState, ...]] = {
    RunState.PENDING: (RunState.RUNNING, RunState.FAILED, RunState.CRASHED, RunState.PREEMPTED),
    RunState.FAILED: (RunState.PENDING, RunState.RUNNING),
}


def set_state_manually(run: Run, state: str) -> Run:
    """Give the run this state. One that is heard of again runs, whatever was said."""
    if state not in _FROM:
        refuse("state", f"{quoted(state)} cannot be said of a run; pending and failed can.")
    with transaction.atomic():
        locked = lock_run(run)
        if locked.state not in _FROM[state]:
            states = ", ".join(_FROM[state])
            refuse_duplicate("state", f"The run {locked} is {locked.state}; {state} becomes only what is {states}.")
        change_state(locked, RunState(state))
        return locked
