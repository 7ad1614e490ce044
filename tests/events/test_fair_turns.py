"""Whose event is judged next: over teams and projects in turn, and each stream in its order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now
from hypothesis import given
from hypothesis import strategies as st

from common.data.leases import new_lease
from events import fair_turns, ledger
from events.fair_turns import BATCH, HEAVY, EventsUnderWay, chosen
from events.models import Event, Subscription
from projects.models import Project
from projects.services import create_project
from tests.world import World, failed_at_once

_PLACES = ("project:1", "project:2", "project:3", "project:4")


def waiting(drawn: list[tuple[int, int]]) -> list[Event]:
    """Give events of these places and streams, in the order in which they came."""
    return [
        Event(pk=number, team_id=place // 2, scopes=[_PLACES[place]], stream=f"run:{place}{stream}")
        for number, (place, stream) in enumerate(drawn, 1)
    ]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=300),
    st.dictionaries(st.sampled_from(_PLACES), st.sampled_from([0, 1, HEAVY + 1, 10_000, 100_000])),
    st.sets(st.sampled_from([f"run:{place}{stream}" for place in range(4) for stream in range(3)])),
    st.sets(st.sampled_from(_PLACES)),
    st.integers(0, 2),
)
def test_of_each_stream_it_is_the_beginning_and_nobody_is_left_for_ever(
    drawn: list[tuple[int, int]], weights: dict[str, int], taken: set[str], heavy: set[str], heavy_here: int
) -> None:
    events = waiting(drawn)
    found = chosen(events, weights, EventsUnderWay(taken, heavy, heavy_here), workers=2)

    free = [event for event in events if event.stream not in taken]
    for stream in {event.stream for event in events}:
        of_stream = [event.pk for event in free if event.stream == stream]
        mine = [event.pk for event in found if event.stream == stream]
        assert mine == of_stream[: len(mine)]
    light = [event for event in free if weights.get(event.scopes[0], 0) <= HEAVY]
    assert len(found) <= BATCH
    if light:
        assert found and not {event.scopes[0] for event in found} & {one for one in weights if weights[one] > HEAVY}
    else:
        assert len({event.scopes[0] for event in found}) <= 1
        assert not {event.scopes[0] for event in found} & heavy
        assert bool(found) == bool(not heavy_here and [one for one in free if one.scopes[0] not in heavy])


def test_a_flood_leaves_room_for_every_team_and_project() -> None:
    flood = waiting([(0, one % 3) for one in range(2 * BATCH)])
    others = [
        Event(pk=1000 + place, team_id=place // 2, scopes=[_PLACES[place]], stream=f"q{place}") for place in (1, 2)
    ]
    found = chosen([*flood, *others], {}, EventsUnderWay(), workers=2)
    assert {event.pk for event in others} <= {event.pk for event in found}
    assert len(found) == BATCH


@pytest.fixture
def quiet(world: World) -> Project:
    return create_project(world.other_team, "quiet")


def heavy(project: Project) -> None:
    Subscription.objects.create(kind="run.state", scope=project.scopes[0], subscribers=HEAVY + 1)


def test_who_comes_behind_a_flood_is_judged_with_the_next(world: World, quiet: Project) -> None:
    failed_at_once(world.project, [f"run{one}" for one in range(3 * BATCH)])
    failed_at_once(quiet, ["other0"])
    _lease, events = ledger.claim()
    assert quiet.scopes in [event.scopes for event in events]
    assert len(events) == BATCH


def test_a_heavy_project_waits_for_the_light_ones_and_takes_one_worker(world: World, quiet: Project) -> None:
    heavy(world.project)
    failed_at_once(world.project, [f"run{one}" for one in range(4)])
    failed_at_once(quiet, ["other0"])
    assert [event.scopes for event in ledger.claim()[1]] == [quiet.scopes]
    lease, events = ledger.claim()
    assert [event.scopes for event in events] == [world.project.scopes] * 4
    failed_at_once(world.project, ["more0"])
    # With two workers one is left for those who are light.
    assert ledger.claim()[1] == []
    failed_at_once(quiet, ["another0"])
    assert [event.scopes for event in ledger.claim()[1]] == [quiet.scopes]
    ledger.mark_processed(lease, events)
    assert [event.scopes for event in ledger.claim()[1]] == [world.project.scopes]


def test_a_stream_whose_beginning_is_leased_waits(world: World, quiet: Project) -> None:
    failed_at_once(world.project, ["run0"])
    first = Event.objects.get()
    Event.objects.update(lease=new_lease(), leased_until=now() + timedelta(minutes=1))
    later = Event(kind="run.state", team=world.team, scopes=first.scopes, stream=first.stream, data=first.data)
    later.save()
    failed_at_once(quiet, ["other0"])
    assert [event.scopes for event in ledger.claim()[1]] == [quiet.scopes]


def test_of_many_newcomers_the_oldest_of_each_stream_comes_first(world: World, quiet: Project) -> None:
    failed_at_once(world.project, [f"run{one}" for one in range(BATCH)])
    stream = {"kind": "run.state", "team": quiet.team, "scopes": quiet.scopes, "stream": "run:quiet", "data": {}}
    Event.objects.bulk_create([Event(**stream) for _ in range(2 * BATCH)])
    mine = [event.pk for event in fair_turns.next_in_turn(now()) if event.stream == "run:quiet"]
    assert mine == list(
        Event.objects.filter(stream="run:quiet").order_by("id").values_list("pk", flat=True)[: len(mine)]
    )
    assert mine
