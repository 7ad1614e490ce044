"""Ids of runs and names of projects: as wide as the wandb SDK's, and safe wherever they are shown."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from common.data.names import project_name, run_id
from projects.models import Run
from projects.services import create_project
from tests.wandb_api.conftest import GraphQL
from tests.world import World

UPSERT = """mutation Upsert($input: UpsertBucketInput!) { upsertBucket(input: $input) {
    bucket { name project { name } } } }"""
RUN_IDS = ["lr=0.1", "try 1", "a&b+c$d@e", "été (2)", "a\\b", '<b>"x"', "$(id)", "..x", "=cmd", "x" * 128]
PROJECTS = ["mnist (old)", "lr=0.1", " spaced ", "a;b'c,d", ".hidden", "été", '"); import os', "$(id)"]


@pytest.mark.parametrize("name", RUN_IDS)
def test_a_run_is_reached_by_every_id_that_the_sdk_lets_through(world: World, name: str) -> None:
    graphql = GraphQL(world.keys["alice"])
    given = {"name": name, "modelName": "mnist", "entityName": "acme"}
    assert graphql.data(UPSERT, input=given)["upsertBucket"]["bucket"]["name"] == name
    run = Run.objects.get(name=name)
    browser = Client()
    browser.force_login(world.users["alice"])
    page = browser.get(run.get_absolute_url())
    assert (page.status_code, page.context["run"]) == (200, run)
    assert (
        browser.get(f"/api/v1/projects/acme/mnist/runs/{run.get_absolute_url().rpartition('/')[2]}").status_code == 200
    )


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_is_reached_by_every_name_that_the_sdk_lets_through(world: World, name: str) -> None:
    graphql = GraphQL(world.keys["alice"])
    given = {"name": "r1", "modelName": name, "entityName": "acme"}
    made = graphql.data(UPSERT, input=given)["upsertBucket"]["bucket"]["project"]["name"]
    assert made == name
    browser = Client()
    browser.force_login(world.users["alice"])
    run = Run.objects.get()
    assert browser.get(run.project.get_absolute_url()).context["project"] == run.project
    assert browser.get(run.get_absolute_url()).context["run"] == run


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\nb", "a\x00", "\u2028", "x" * 129])
def test_what_no_address_or_log_can_hold_is_refused(name: str) -> None:
    for check, said in ((project_name, "is no usable name"), (run_id, "is no usable run id")):
        with pytest.raises(ValidationError, match=said):
            check(name)


@pytest.mark.parametrize("name", [" a", "a ", "a:b", "a;b", "a,b", "a#b", "a?b", "a'b", "50%"])
def test_what_the_sdk_refuses_of_a_run_id_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="is no usable run id"):
        run_id(name)


@pytest.mark.parametrize("name", list("/\\#?%:"))
def test_what_the_sdk_refuses_of_a_project_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="is no usable name"):
        project_name(name)


def test_no_name_is_code_in_what_people_copy_from_an_empty_project(world: World) -> None:
    project = create_project(world.team, 'x"); print("$(id)`')
    browser = Client()
    browser.force_login(world.users["alice"])
    page = browser.get(f"{project.get_absolute_url()}/runs").content.decode()
    assert "project=&quot;x\\&quot;); print(\\&quot;$(id)`&quot;)" in page
    assert page.count("/projects/acme/x%22%29%3B%20print%28%22%24%28id%29%60/runs") == 2
