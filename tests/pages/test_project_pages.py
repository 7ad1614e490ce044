"""Teams, projects and runs."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from projects.models import Project, Run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from tests.pages.people import PROJECT, text
from tests.world import World


def test_a_team_shows_its_projects_with_runs_and_last_activity(bob: Client, world: World) -> None:
    world.run("r1")
    last = world.run("r2")
    Project.objects.create(team=world.team, name="empty")
    shown = {one.name: (one.run_count, one.active_at) for one in bob.get("/acme").context["projects"]}
    assert shown == {"empty": (0, None), "mnist": (2, last.heartbeat_at)}


def test_a_member_makes_a_project(bob: Client, world: World) -> None:
    answer = bob.post("/acme", {"name": "llm finetune", "description": "Nightly."})
    assert answer["Location"] == "/acme/llm%20finetune/runs"
    assert Project.objects.get(name="llm finetune").description == "Nightly."
    assert bob.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("name", "message"),
    [("mnist", "has a project"), ("a/b", "is no usable name"), ("", "Give the project a name")],
    ids=["taken", "unusable", "empty"],
)
def test_a_project_name_is_refused_at_its_field_and_kept(bob: Client, name: str, message: str) -> None:
    page = text(bob.post("/acme", {"name": name}))
    assert message in page.split('id="field-name"', 1)[1].split("</p>", 1)[0]
    assert f'value="{name}"' in page or not name
    assert Project.objects.count() == 1


def test_a_project_shows_what_happened_in_it_lately(bob: Client, world: World) -> None:
    Project.objects.filter(pk=world.project.pk).update(description="Reads digits.")
    for number in range(8):
        world.run(f"r{number}")
    finish_run(Run.objects.get(name="r7"), 1)
    page = bob.get(PROJECT)
    assert [row.run.name for row in page.context["rows"]] == ["r7", "r6", "r5", "r4", "r3", "r2"]
    assert (page.context["run_count"], page.context["running_count"]) == ("8", "7")
    assert "Reads digits." in text(page)
    for part in ("lately", "recent-versions"):
        assert f'hx-get="{PROJECT}/{part}"' in text(page)
        assert bob.get(f"{PROJECT}/{part}", headers={"HX-Request": "true"}).status_code == 200


def test_a_large_project_is_not_counted_to_its_end(bob: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projects.views.run_list.MOST_COUNTED", 2)
    for number in range(3):
        world.run(f"r{number}")
    assert bob.get(PROJECT).context["run_count"] == "more than 2"


def test_a_project_without_runs_shows_the_exact_lines_that_log_one(bob: Client, world: World) -> None:
    page = text(bob.get(f"{PROJECT}/runs"))
    assert f'RUNS="{settings.RUNBELL_URL}/api/v1/projects/acme/mnist/runs"' in page
    assert f'runs = "{settings.RUNBELL_URL}/api/v1/projects/acme/mnist/runs"' in page


def test_the_lines_for_python_log_a_run(bob: Client, world: World, live_server: object) -> None:
    page = text(bob.get(f"{PROJECT}/runs"))
    code = page.split("import requests", 1)[1].split("</pre>", 1)[0]
    code = code.replace("&#x27;", "'").replace(settings.RUNBELL_URL, str(live_server))
    exec("import requests" + code.replace("YOUR_API_KEY", world.keys["bob"]), {})
    run = Run.objects.get()
    assert (run.display_name, run.rows_logged, run.state) == ("from-python", 100, "finished")


def test_runs_show_the_metrics_that_most_of_them_have(bob: Client, world: World) -> None:
    for name in ("r1", "r2"):
        ingest_rows(world.run(name), 0, [{"_step": 0, "loss": 0.123456, "note": "text"}])
    ingest_rows(world.run("r3"), 0, [{"rare": 1}, {"loss": float("nan")}])
    page = bob.get(f"{PROJECT}/runs")
    assert page.context["metrics"] == ["loss", "rare"]
    assert "0.1235" in text(page)
    assert "NaN" in text(page)


def test_runs_are_found_by_name(bob: Client, world: World) -> None:
    world.run("r1", display_name="Prod baseline")
    world.run("prod2")
    world.run("r3", display_name="sweep")
    rows = bob.get(f"{PROJECT}/runs?q=prod").context["rows"]
    assert [str(row.run) for row in rows] == ["prod2", "Prod baseline"]
    assert "No run here has “zzz” in its name" in text(bob.get(f"{PROJECT}/runs?q=zzz"))
    assert bob.get(f"{PROJECT}/runs", {"q": "a\x00b"}).status_code == 400


def test_a_search_goes_on_to_the_next_page(bob: Client, world: World) -> None:
    for number in range(60):
        Run.objects.create(project=world.project, name=f"prod{number}")
    page = bob.get(f"{PROJECT}/runs?q=prod")
    older = page.context["page"].older
    assert f"?q=prod&amp;after={older}" in text(page)
    assert len(bob.get(f"{PROJECT}/runs?q=prod&after={older}").context["rows"]) == 10


def test_a_run_shows_its_config_its_summary_and_a_chart_of_each_metric(bob: Client, world: World) -> None:
    run = world.run(config={"lr": 0.01}, tags=["baseline"])
    ingest_rows(run, 0, [{"_step": step, "loss": 1 / (step + 1), "acc": step} for step in range(20)])
    finish_run(run, 3)
    page = bob.get(run.get_absolute_url())
    assert [panel.metric for panel in page.context["panels"].rows] == ["acc", "loss"]
    shown = text(page)
    for part in ("0.01", "baseline", "Exit code", "<title", "<desc", "Failed"):
        assert part in shown
    assert f'hx-get="{run.get_absolute_url()}/automations"' in shown


def test_metrics_are_found_by_name(bob: Client, world: World) -> None:
    run = world.run()
    ingest_rows(run, 0, [{"val/loss": 1, "val/acc": 1, "lr": 1}])
    page = bob.get(run.get_absolute_url(), {"metric": "VAL/"})
    assert [panel.metric for panel in page.context["panels"].rows] == ["val/acc", "val/loss"]


def test_hundreds_of_metrics_come_some_at_a_time(bob: Client, world: World) -> None:
    run = world.run()
    ingest_rows(run, 0, [{f"m{number:03d}": number for number in range(60)}])
    seen, address = [], run.get_absolute_url()
    while address:
        panels = bob.get(address, headers={"HX-Request": "true"}).context["panels"]
        assert len(panels.rows) <= 24
        drawn = bob.get(panels.data).json()["metrics"]
        assert list(drawn) == [panel.metric for panel in panels.rows]
        seen += list(drawn)
        address = panels.more
    assert seen == [f"m{number:03d}" for number in range(60)]


@pytest.mark.parametrize("name", ["webhooks", "integrations"])
def test_a_project_called_as_another_page_has_its_pages(bob: Client, world: World, name: str) -> None:
    Project.objects.create(team=world.team, name=name)
    assert bob.get(f"/acme/{name}/runs").context["project"].name == name
    assert f'href="/acme/{name}/runs"' in text(bob.get("/acme"))
