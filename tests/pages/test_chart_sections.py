"""Charts of a run in sections by prefix, pinned ones first, and what each of them fetches."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from django.test import Client

from projects.charts.panels import SIZE
from projects.charts.pinned_metrics import MOST_PINNED, pinned_metrics
from projects.models import Run
from projects.runs.ingest import ingest_rows
from tests.pages.people import text
from tests.world import World


def logged(world: World, *names: str) -> Run:
    run = world.run()
    ingest_rows(run, 0, [{"_step": step, **dict.fromkeys(names, step)} for step in range(3)])
    return run


def sections(page: object) -> list[tuple[str, list[str]]]:
    found = page.context["panels"].sections  # type: ignore[attr-defined]
    return [("pinned" if one.is_pinned else one.name, [panel.metric for panel in one.rows]) for one in found]


def pin(client: Client, *names: str) -> None:
    client.cookies["pins"] = quote(json.dumps(names))


def test_panels_stand_in_sections_by_prefix_those_without_one_first(bob: Client, world: World) -> None:
    run = logged(world, "train/loss", "loss", "train-b/x", "val/loss", "train/acc")
    page = bob.get(run.get_absolute_url())
    assert sections(page) == [
        ("", ["loss"]), ("train", ["train/acc", "train/loss"]), ("train-b", ["train-b/x"]), ("val", ["val/loss"]),
    ]  # fmt: skip
    assert '<span class="mono">train/</span> <small>2</small>' in text(page)


def test_without_prefixes_there_are_no_headings(bob: Client, world: World) -> None:
    assert "panel-section" not in text(bob.get(logged(world, "acc", "loss").get_absolute_url()))


def test_pages_of_panels_follow_the_sections_and_fetch_what_they_draw(bob: Client, world: World) -> None:
    names = [f"{prefix}/m{number:02d}" for prefix in ("a", "a-b", "b") for number in range(20)]
    run, seen = logged(world, *names, "z"), list[str]()
    page = bob.get(run.get_absolute_url())
    while True:
        panels = page.context["panels"]
        assert len(panels.rows) <= SIZE
        seen += [panel.metric for panel in panels.rows]
        assert list(bob.get(panels.data).json()["metrics"]) == [panel.metric for panel in panels.rows]
        if not panels.more:
            break
        page = bob.get(panels.more, headers={"HX-Request": "true"})
    assert seen == ["z", *names]
    # The last page goes on with a section that has its heading on the page before.
    assert "panel-section" not in text(page)


def test_pinned_metrics_stand_first_and_once(bob: Client, world: World) -> None:
    run = logged(world, "a", "b", "train/loss", "train/acc")
    pin(bob, "train/loss", "gone", "b")
    page = bob.get(run.get_absolute_url())
    assert sections(page) == [("pinned", ["train/loss", "b"]), ("", ["a"]), ("train", ["train/acc"])]
    data = page.context["panels"].sections[0].data
    assert set(bob.get(data).json()["metrics"]) == {"train/loss", "b"}
    assert sections(bob.get(f"{run.get_absolute_url()}/panels?metric=acc")) == [("train", ["train/acc"])]
    assert 'data-pin="b" aria-pressed="true"' in text(page)
    assert 'data-pin="a" aria-pressed="false"' in text(page)


@pytest.mark.parametrize(
    ("cookie", "names"),
    [
        ("", []), ("nonsense", []), ("[" * 5000, []), ("3", []), ('{"a": 1}', []), ('[1, null, "a", "a"]', ["a"]),
        (json.dumps(["x" * 513]), []), (json.dumps([str(n) for n in range(50)]), [str(n) for n in range(MOST_PINNED)]),
    ],
)  # fmt: skip
def test_a_cookie_of_others_pins_nothing(cookie: str, names: list[str]) -> None:
    assert pinned_metrics({"pins": quote(cookie)}) == names


def test_any_metric_may_run_along_the_bottom(bob: Client, world: World) -> None:
    page = text(bob.get(logged(world, "loss", "<b>lr</b>").get_absolute_url()))
    assert '<option value="&lt;b&gt;lr&lt;/b&gt;">' in page
