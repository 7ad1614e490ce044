"""Runs as lists and as pages: what narrows them, what is read of them, what leads on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events.models import Event
from projects.charts.series import series
from projects.history.downsampling import downsampled_rows
from projects.models import HistoryChunk, Run, Stream
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from projects.runs.timeline import run_timeline
from tests.pages.people import PROJECT, text
from tests.world import World


def names(page: object) -> list[str]:
    return [row.run.name for row in page.context["rows"]]  # type: ignore[attr-defined]


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=failed", ["r2"]),
        ("user=bob", ["r3"]),
        ("tag=night%20ly", ["r1"]),
        ("tag=night", []),
        ("tag=caf%C3%A9%22", ["r3"]),
        ("q=prod&user=alice", ["r2"]),
        ("group=sweep", ["r2", "r1"]),
        ("group=none", []),
        ("sort=oldest", ["r1", "r2", "r3"]),
        ("sort=name", ["r3", "r1", "r2"]),
        ("state=nonsense&sort=nonsense", ["r3", "r2", "r1"]),
    ],
)
def test_runs_are_narrowed_and_sorted(bob: Client, world: World, query: str, found: list[str]) -> None:
    world.run("r1", display_name="b", tags=["night ly"], group="sweep")
    finish_run(world.run("r2", display_name="prod", group="sweep"), 1)
    world.run("r3", user="bob", display_name="a prod", tags=['café"'])
    page = bob.get(f"{PROJECT}/runs?{query}")
    assert names(page) == found
    assert found or "No run here matches these filters" in text(page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sort=lowest:loss", ["r3", "r2", "r1", "r6", "r5", "r4"]),
        ("sort=highest:loss", ["r6", "r1", "r2", "r3", "r5", "r4"]),
        ("sort=highest:loss&group=a", ["r1", "r3", "r5"]),
        ("sort=highest:other", ["r6", "r5", "r4", "r3", "r2", "r1"]),
    ],
)
def test_runs_are_sorted_by_a_metric(bob: Client, world: World, query: str, found: list[str]) -> None:
    losses = {"r1": 2.0, "r2": 1.0, "r3": -1.0, "r4": float("nan"), "r5": None, "r6": float("inf")}
    for number, (name, loss) in enumerate(losses.items()):
        run = world.run(name, group="a" if number % 2 == 0 else "b")
        ingest_rows(run, 0, [{"loss": loss} if loss is not None else {"text": "x"}])
    page = bob.get(f"{PROJECT}/runs?{query}")
    assert names(page) == found
    assert "loss, lowest first" in text(page)


def test_pages_of_runs_by_a_metric_follow_each_other(bob: Client, world: World) -> None:
    for number in range(105):
        Run.objects.create(project=world.project, name=f"r{number}", summary={"loss": number * 7 % 105})
    address, seen = f"{PROJECT}/runs?sort=lowest:loss", []
    for size in (50, 50, 5):
        page = bob.get(address)
        assert len(page.context["rows"]) == size
        seen += [row.run.summary["loss"] for row in page.context["rows"]]
        address = f"{PROJECT}/runs?sort=lowest:loss&after={page.context['page'].older}"
    assert seen == sorted(seen)
    assert page.context["page"].older is None


def test_the_table_comes_anew_only_where_something_changed(bob: Client, world: World) -> None:
    run, htmx = world.run("r1"), {"HX-Request": "true"}
    seen = bob.get(f"{PROJECT}/runs").context["digest"]
    look = f"{PROJECT}/runs?q=r&seen={seen}"
    assert bob.get(look, headers=htmx).status_code == 204
    finish_run(run, 0)
    part = text(bob.get(look, headers=htmx))
    assert "Finished" in part and "<html" not in part
    assert "seen=" in part and seen not in part


def test_a_list_of_runs_takes_as_many_queries_however_long_it_is(bob: Client, world: World) -> None:
    world.run("r0", tags=["a"])
    few = {address: queries(bob, address) for address in (PROJECT, f"{PROJECT}/runs", f"{PROJECT}/runs?tag=a")}
    for number in range(1, 45):
        ingest_rows(world.run(f"r{number}", user="bob", tags=["a", "b"]), 0, [{"loss": number, "acc": 1}])
    assert {address: queries(bob, address) for address in few} == few


def test_a_run_takes_as_many_queries_however_much_it_logged(bob: Client, world: World) -> None:
    run = world.run()
    ingest_rows(run, 0, [{"loss": 1}])
    few = queries(bob, run.get_absolute_url())
    for offset in range(1, 60):
        ingest_rows(run, offset, [{"loss": offset, f"m{offset}": 1}])
    assert queries(bob, run.get_absolute_url()) == few


def long_run(world: World, chunks: int, size: int) -> Run:
    run = world.run()
    rows = [{"loss": float(line)} for line in range(size)]
    HistoryChunk.objects.bulk_create(
        HistoryChunk(run=run, offset=start, position=start, row_count=size, rows=rows)
        for start in range(0, chunks * size, size)
    )
    return run


def test_a_long_history_is_read_here_and_there_from_its_first_row_to_its_last(world: World) -> None:
    run = long_run(world, chunks=3000, size=50)
    steps = [row["_step"] for row in downsampled_rows(run)]
    assert (steps[0], steps[-1]) == (0, 149_999)
    assert len(steps) <= 8000
    assert steps == sorted(steps)
    gaps = [after - before for before, after in zip(steps, steps[1:], strict=False)]
    assert max(gaps) < 1000


def test_a_short_history_is_read_whole(world: World) -> None:
    run = world.run()
    for start in (0, 3, 10):
        ingest_rows(run, start, [{"loss": line} for line in range(start, start + (7 if start == 3 else 3))])
    assert [row["_step"] for row in downsampled_rows(run)] == list(range(13))


def test_a_metric_that_is_logged_seldom_is_not_lost(world: World) -> None:
    run = world.run()
    rows = [{"loss": 1.0, **({"val": {"loss": 2.0}} if line % 499 == 7 else {})} for line in range(9000)]
    ingest_rows(run, 0, rows)
    found = {one.metric: one for one in series(run)}
    assert list(found) == ["loss", "val.loss"]
    assert len(found["val.loss"].values) == 19


def test_a_metric_whose_last_value_is_no_number_is_still_drawn(world: World) -> None:
    run = world.run()
    ingest_rows(run, 0, [{"loss": 1.0}, {"loss": None}, {"loss": "text", "picture": {"_type": "image", "width": 3}}])
    assert [(one.metric, list(one.values)) for one in series(run)] == [("loss", [1.0])]


def test_the_bell_of_a_chart_leads_to_the_wizard_with_its_metric(bob: Client, vera: Client, world: World) -> None:
    run = world.run()
    ingest_rows(run, 0, [{"val/loss & more": 1}])
    link = f"{PROJECT}/automations/new?event=RUN_METRIC&amp;metric_threshold-metric=val%2Floss%20%26%20more"
    assert f'href="{link}"' in text(bob.get(run.get_absolute_url()))
    wizard = text(bob.get(link.replace("&amp;", "&")))
    assert "val/loss &amp; more" in wizard
    assert "metric_threshold-metric=" not in text(vera.get(run.get_absolute_url()))


def test_the_machines_metrics_have_charts_of_their_own(bob: Client, world: World) -> None:
    run = world.run()
    ingest_rows(run, 0, [{"system.cpu": 12.5}], Stream.SYSTEM)
    page = bob.get(f"{run.get_absolute_url()}/panels?stream=system")
    assert [panel.metric for panel in page.context["panels"].rows] == ["system.cpu"]
    assert list(bob.get(page.context["panels"].data).json()["metrics"]) == ["system.cpu"]


def test_the_life_of_a_run_is_told_with_exact_times(bob: Client, world: World) -> None:
    run = world.run()
    finish_run(run, 1)
    first = Event.objects.filter(kind="run.state").earliest("pk")
    Event.objects.filter(pk=first.pk).update(occurred_at=first.occurred_at - timedelta(hours=2))
    run.refresh_from_db()
    moments = run_timeline(run)
    assert [moment.label for moment in moments] == ["Running", "Failed"]
    assert moments[0].lasted is not None and moments[0].lasted > timedelta(hours=2)
    assert f"{moments[0].at:%Y-%m-%d %H:%M:%S}" in text(bob.get(run.get_absolute_url()))


def test_a_life_whose_events_are_gone_is_told_by_the_run(world: World) -> None:
    run = finish_run(world.run(), 0)
    Event.objects.all().delete()
    assert [moment.state for moment in run_timeline(Run.objects.get())] == ["running", "finished"]
    assert run.pk == Run.objects.get().pk


def test_nested_config_is_readable_and_whole_as_json(bob: Client, world: World) -> None:
    deep: dict[str, object] = {"end": 1}
    for _ in range(40):
        deep = {"in": deep}
    run = world.run(config={"optimizer": {"name": "adamw", "betas": [0.9, 0.999]}, "deep": deep, "layers": [{"n": 1}]})
    page = text(bob.get(run.get_absolute_url()))
    assert "[0.9, 0.999]" in page
    assert "&quot;name&quot;: &quot;adamw&quot;" in page


def test_the_top_of_a_run_is_kept_fresh_until_it_ended(bob: Client, world: World) -> None:
    run = world.run()
    asks = f'hx-get="{run.get_absolute_url()}/state"'
    assert asks in text(bob.get(run.get_absolute_url()))
    finish_run(run, 3)
    part = text(bob.get(f"{run.get_absolute_url()}/state", headers={"HX-Request": "true"}))
    assert asks not in part
    assert 'id="run-badge" hx-swap-oob="true"' in part and "Failed" in part
