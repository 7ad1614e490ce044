"""What a worker held that is gone: free at once where that can be known."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils.timezone import now

from automations.delivery import claims
from automations.models import Automation, Execution
from common.data.leases import abandoned, new_lease
from events import ledger
from events.models import Event
from tests.world import World, failed_at_once

ROOT = Path(__file__).resolve().parents[2]
_LEASE = "from common.data.leases import new_lease; print(new_lease(), flush=True)"


@pytest.fixture
def lease_of_the_dead() -> str:
    done = subprocess.run([sys.executable, "-c", _LEASE], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_lease_of_a_dead_process_is_abandoned_and_ours_is_not(lease_of_the_dead: str) -> None:
    ours = new_lease()
    assert abandoned([ours, lease_of_the_dead]) == {lease_of_the_dead}
    assert max(len(ours), len(lease_of_the_dead)) <= 32


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of zombies")
def test_a_process_that_nobody_has_buried_is_dead_too() -> None:
    zombie = subprocess.Popen([sys.executable, "-c", _LEASE], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert zombie.stdout is not None
    lease = zombie.stdout.read().strip()
    # Its output has ended, so it has; nobody has waited for it yet.
    assert not lease or _wait_until_abandoned(lease)
    zombie.wait()


def _wait_until_abandoned(lease: str) -> bool:
    return any(abandoned([lease]) for _ in range(1_000_000))


@pytest.mark.parametrize("lease", ["", "lease", "0123456789ab-1-aa", "0123456789ab-99999999-aa"])
def test_of_other_hosts_nothing_is_known(lease: str) -> None:
    assert abandoned([lease]) == set()


def held(world: World, lease: str) -> Execution:
    automation = Automation.objects.create(name="a", team=world.team, project=world.project, scope="project:0")
    return Execution.objects.create(
        automation=automation, team=world.team, receiver_key="webhook:1", next_attempt_at=now(),
        lease=lease, leased_until=now() + timedelta(minutes=1), attempts_made=1,
    )  # fmt: skip


def test_a_delivery_of_a_dead_worker_is_free_before_its_lease_ends(world: World, lease_of_the_dead: str) -> None:
    execution = held(world, lease_of_the_dead)
    assert claims.recover() == 1
    execution.refresh_from_db()
    assert (execution.state, execution.lease, execution.losses) == ("pending", "", 1)
    assert [claimed.pk for claimed in claims.claim(new_lease(), lambda _target: 4, 4)] == [execution.pk]


def test_a_delivery_of_a_living_worker_stays_with_it(world: World) -> None:
    held(world, new_lease())
    assert claims.recover() == 0


def test_events_of_a_dead_worker_are_free_before_their_lease_ends(world: World, lease_of_the_dead: str) -> None:
    failed_at_once(world.project, ["run0"])
    ledger.claim()
    assert not ledger.has_unprocessed()
    ledger.recover()
    assert not ledger.has_unprocessed()
    Event.objects.update(lease=lease_of_the_dead)
    ledger.recover()
    assert ledger.has_unprocessed()
    # It counts on: what takes its judges down is set aside in the end.
    assert Event.objects.get().claims == 1


def test_events_whose_judging_failed_here_are_free_at_the_next_sweep(world: World) -> None:
    failed_at_once(world.project, ["run0"])
    lease, _events = ledger.claim()
    ledger.note_failure(lease)
    ledger.recover()
    assert ledger.has_unprocessed()


def test_what_a_planned_stop_left_under_way_counts_no_loss_and_uses_up_no_try(
    world: World, lease_of_the_dead: str
) -> None:
    execution = held(world, lease_of_the_dead)
    for number in range(1, 6):
        Execution.objects.update(
            lease=lease_of_the_dead, leased_until=now() + timedelta(minutes=1), attempts_made=number
        )
        assert claims.note_stop(claims.note_stop(lease_of_the_dead)) == f"{lease_of_the_dead}-s"
        assert claims.recover() == 1
    execution.refresh_from_db()
    assert (execution.state, execution.lease, execution.losses, execution.attempts_before) == ("pending", "", 0, 5)
    assert set(execution.attempts.values_list("ok", "detail")) == {
        (False, "Runbell was stopped before the receiver had answered; the receiver may have got this one.")
    }
    assert [claimed.pk for claimed in claims.claim(new_lease(), lambda _target: 4, 4)] == [execution.pk]


def test_what_is_not_waited_for_is_free_at_once(world: World) -> None:
    execution = held(world, lease := new_lease())
    claims.interrupt(claims.note_stop(lease))
    execution.refresh_from_db()
    assert (execution.state, execution.lease, execution.losses) == ("pending", "", 0)
    assert execution.next_attempt_at is not None
    assert execution.next_attempt_at <= now()
