"""Several runs deleted together: all or none, confirmed by how many they are, each undone by itself or all at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from operations.deletion.several_runs import MOST
from projects.models import Project, Run
from projects.runs.ingest import ingest_rows
from teams.models import AuditEvent, Deletion, User
from tests.conftest import as_person
from tests.operations.test_deletion import purged
from tests.world import World

RUNS = "/api/v1/deletions/runs"
PAGE = "/profile/deletions/runs?project=acme/mnist&run=run0&run=run1"


@pytest.fixture
def three(world: World) -> World:
    for number in range(3):
        ingest_rows(world.run(f"run{number}"), 0, [{"loss": 0.1}] * 5)
    return world


def named(*runs: str, confirm: str = "2", project: str = "acme/mnist") -> dict[str, Any]:
    return {"project": project, "runs": list(runs), "confirm": confirm}


def there(world: World) -> list[str]:
    return list(Run.objects.filter(project=world.project).order_by("name").values_list("name", flat=True))


def messages_of(answer: Any) -> list[str]:
    return [one["message"] for one in answer.json()["errors"]]


def test_they_are_hidden_together_and_gone_after_their_grace(three: World, api: APIClient) -> None:
    made = api.post(RUNS, named("run2", "run0"), format="json")
    assert made.status_code == 201
    assert [(one["kind"], one["name"], one["contents"]["rows"]) for one in made.json()] == [
        ("run", "acme/mnist/run0", 5),
        ("run", "acme/mnist/run2", 5),
    ]
    assert there(three) == ["run1"]
    assert AuditEvent.objects.filter(verb="deletion.schedule").count() == 2
    purged()
    assert list(Run.all_rows.values_list("name", flat=True)) == ["run1"]


def test_each_is_undone_by_itself_or_all_at_once(three: World, api: APIClient) -> None:
    first, *others = api.post(RUNS, named("run0", "run1", "run2", confirm="3"), format="json").json()
    assert api.post(f"/api/v1/deletions/{first['id']}/undo").status_code == 200
    assert there(three) == ["run0"]
    back = api.post(f"/api/v1/deletions/{others[0]['id']}/undo-together")
    assert [one["name"] for one in back.json()] == ["acme/mnist/run1", "acme/mnist/run2"]
    assert there(three) == ["run0", "run1", "run2"]
    assert api.post(f"/api/v1/deletions/{others[0]['id']}/undo-together").status_code == 409


def test_what_somebody_else_deleted_is_not_undone_with_them(three: World, api: APIClient) -> None:
    mine = api.post(RUNS, named("run0", confirm="1"), format="json").json()
    bob = as_person(three.keys["bob"])
    bob.post(RUNS, named("run1", "run2"), format="json")
    api.post(f"/api/v1/deletions/{mine[0]['id']}/undo-together")
    assert there(three) == ["run0"]


def test_where_one_is_not_there_none_is_deleted_and_each_such_is_named(three: World, api: APIClient) -> None:
    api.post(RUNS, named("run2", confirm="1"), format="json")
    refused = api.post(RUNS, named("run0", "run2", "gone", confirm="3"), format="json")
    assert refused.status_code == 400
    assert messages_of(refused) == [
        "There is no run 'gone' here. None of them is deleted.",
        "The run 'run2' is being deleted already. None of them is deleted.",
    ]
    assert there(three) == ["run0", "run1"]


@pytest.mark.parametrize("confirm", ["", "1", "acme/mnist"])
def test_a_number_that_is_not_theirs_deletes_none(three: World, api: APIClient, confirm: str) -> None:
    assert api.post(RUNS, named("run0", "run1", confirm=confirm), format="json").status_code == 400
    assert there(three) == ["run0", "run1", "run2"]


def test_none_and_too_many_are_refused(three: World, api: APIClient) -> None:
    for names in ([], [f"run{number}" for number in range(MOST + 1)]):
        assert api.post(RUNS, named(*names, confirm=str(len(names))), format="json").status_code == 400
    assert not Deletion.objects.exists()


def test_a_run_that_is_named_twice_counts_once(three: World, api: APIClient) -> None:
    assert api.post(RUNS, named("run0", "run0", confirm="1"), format="json").status_code == 201
    assert there(three) == ["run1", "run2"]


@pytest.mark.parametrize("person, status", [("vera", 403), ("charlie", 404)])
def test_who_may_not_delete_them_is_refused(three: World, person: str, status: int) -> None:
    assert as_person(three.keys[person]).post(RUNS, named("run0", "run1"), format="json").status_code == status
    assert there(three) == ["run0", "run1", "run2"]


def test_a_superuser_deletes_those_of_any_team(three: World, client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    assert client.post(PAGE, {"confirm": "2"}).status_code == 302
    assert there(three) == ["run2"]


def test_runs_of_another_project_are_not_among_them(three: World, api: APIClient) -> None:
    Run.objects.create(project=Project.objects.create(team=three.team, name="other"), name="run9")
    assert api.post(RUNS, named("run0", "run9"), format="json").status_code == 400


def test_members_select_them_on_the_list_and_confirm_on_a_page(three: World, client: Client) -> None:
    client.force_login(three.users["vera"])
    assert 'name="run"' not in client.get("/acme/mnist/runs").content.decode()
    client.force_login(three.users["bob"])
    listed = client.get("/acme/mnist/runs").content.decode()
    assert 'action="/profile/deletions/runs"' in listed
    assert 'name="project" value="acme/mnist"' in listed
    assert listed.count('type="checkbox" name="run"') == 3
    asking = client.get(PAGE).content.decode()
    assert ("run0" in asking, "run1" in asking, "run2" in asking) == (True, True, False)
    assert "<dt>Rows logged</dt><dd>10</dd>" in asking
    assert (client.post(PAGE, {"confirm": "3"}).status_code, len(there(three))) == (422, 3)
    done = client.post(PAGE, {"confirm": "2"}, follow=True).content.decode()
    assert ("2 runs are hidden" in done, there(three)) == (True, ["run2"])
    assert done.count("Undo all 2") == 2
    last = Deletion.objects.latest("pk")
    back = client.post(f"/profile/deletions/{last.pk}/undo", {"together": "1"}, follow=True).content.decode()
    assert ("2 runs are back." in back, len(there(three))) == (True, 3)


def test_a_page_that_names_none_leads_back_to_the_runs(three: World, client: Client) -> None:
    client.force_login(three.users["bob"])
    answer = client.get("/profile/deletions/runs?project=acme/mnist", follow=True)
    assert answer.redirect_chain[-1][0] == "/acme/mnist/runs"
    assert "Name 1 to" in answer.content.decode()
