"""Tasks that the queue calls. No arguments, one line each, and harmless when it runs twice (idempotent).

The sweep of *all* apps stands here; what a step does stands where it is from. Those above this app are named by the
settings (SWEEP_ALSO).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils.module_loading import import_string

from artifacts.time_to_live import delete_expired_each_minute
from automations.definitions.sharing import end_lost_uses_each_minute
from automations.delivery import claims
from automations.engine import idle_look, stall_detection, worker_loop
from automations.engine.idle_look import WaitingWork
from automations.silences.ending import settle_ended_silences
from events import ledger, prometheus_counts, task_queue, worker_drain, worker_heartbeat
from events.wake_ups import shared_pace
from projects.file_storage.garbage_collection import free_files_hourly
from projects.quota import count_uncounted_runs
from projects.runs.lifecycle import mark_crashed
from secrets_vault.services import forget_previous
from teams.accounts.sign_in_limits import forget_old_tries
from teams.audit import actor
from teams.joining import invitation_mail
from teams.notices import notice_mail
from teams.sessions.expired_sessions import clear_expired

logger = logging.getLogger(__name__)


def work() -> None:
    """Do what there is to do, now."""
    with actor.acting_from(actor.Actor("engine")), worker_drain.at_work():
        task_queue.note_come()
        if not worker_loop.run():
            task_queue.wake()


def sweep() -> None:
    """Find what fell between two chairs: silent runs, lost workers, lost wake-ups. Each second: one look, mostly."""
    with actor.acting_from(actor.Actor("engine")), worker_drain.at_work():
        worker_heartbeat.touch()
        try:
            waiting = idle_look.look_for_work()
        except (InterfaceError, OperationalError) as error:
            # The next second looks again. What came back and could not be stored is kept by who holds it.
            logger.warning("the database is away: %s", type(error).__name__)
            connection.close()
            return
        for place, step in enumerate((*_STEPS, *_steps_from_above())):
            if _is_needed(step, place, waiting) and not worker_drain.is_stopping() and _do(step):
                shared_pace.forget(place)
        if waiting.events or waiting.deliveries or waiting.held:
            work()
        else:
            prometheus_counts.flush_when_due()


def _is_needed(step: Callable[[], object], place: int, waiting: WaitingWork) -> bool:
    """Whether it is time for the step, or there is something for it; always, where nobody watches this process."""
    if not worker_heartbeat.row_name():
        return True
    if step is mark_crashed:
        return waiting.silent_runs
    if step in _OF_LEASES:
        return waiting.held
    return shared_pace.is_due(place, _paces()[step])


# Each by itself: what one stumbles over keeps no other, nor the deliveries that are due, from their turn.
_STEPS: tuple[Callable[[], object], ...] = (
    mark_crashed,
    ledger.recover,
    claims.recover,
    stall_detection.detect_stalls,
    forget_previous,
    notice_mail.send_notices_soon,
    invitation_mail.send_invitations_soon,
    delete_expired_each_minute,
    end_lost_uses_each_minute,
    settle_ended_silences,
    free_files_hourly,
    forget_old_tries,
    clear_expired,
    count_uncounted_runs,
)


_OF_LEASES = (ledger.recover, claims.recover)
# How often the others are done while nothing is found. Who finds something goes on in the next second.
_PACE_SECONDS: dict[Callable[[], object], float] = {
    stall_detection.detect_stalls: 5.0,
    forget_previous: 30.0,
    settle_ended_silences: 20.0,
    notice_mail.send_notices_soon: 10.0,
    invitation_mail.send_invitations_soon: 10.0,
}
# They keep to a pace of their own, without the database.
_OTHERS_SECONDS = 1.0


@cache
def _steps_from_above() -> tuple[Callable[[], object], ...]:
    return tuple(import_string(name) for name in settings.SWEEP_ALSO)


@cache
def _paces() -> dict[Callable[[], object], float]:
    others = dict.fromkeys(_STEPS, _OTHERS_SECONDS) | _PACE_SECONDS
    return others | dict(zip(_steps_from_above(), settings.SWEEP_ALSO.values(), strict=True))


def _do(step: Callable[[], object]) -> bool:
    """Give whether it found something."""
    try:
        return bool(step())
    except (InterfaceError, OperationalError):
        raise
    except Exception:
        logger.exception("sweep: %s failed", step.__name__)
        return False
