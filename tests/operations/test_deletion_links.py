"""What leads to a project that waits for its deletion from what stays: links of its versions, uses, signed URLs."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from artifacts.lineage import record_use
from artifacts.models import Entry
from artifacts.services import create_version, get_or_create_collection
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.scopes import place_named
from automations.definitions.services import create_automation
from automations.engine import worker_loop
from automations.insight.suggestions import past_events, runs_in
from automations.models import Execution
from events.event_types import by_wire_name
from operations.deletion.scheduling import undo
from projects.file_storage.services import store_run_file
from projects.file_storage.signed_links import download_url
from projects.models import Run, RunFile
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import RunDetails, finish_run, start_run
from projects.services import create_project
from registries.services import create_registry, link
from tests.operations.test_deletion import delete
from tests.world import FAILED, World

pytestmark = pytest.mark.any_database

USED = """{ project(name: "other", entityName: "acme") { run(name: "user") { inputArtifacts { edges { node {
    versionIndex createdBy { ... on Run { name } }
    artifactSequence { name project { name } } } } } } } }"""
ALONG = USED.replace("project { name }", "project { name runs { edges { node { name } } } }")
UPLOAD = """mutation { createRunFiles(input: {
    entityName: "acme", projectName: "mnist", runName: "secretrun", files: ["a.txt"]
}) { files { uploadUrl } } }"""


@pytest.fixture
def linked(world: World) -> Entry:
    """A version of mnist's run secretrun, linked into a registry, and used by a run of another project."""
    run = world.run("secretrun")
    made, _created = get_or_create_collection(world.project, "model", "model")
    version = create_version(made, "d0", run=run).entry.version
    user = start_run(create_project(world.team, "other"), "user", RunDetails(), user=world.users["alice"]).run
    record_use(version, user)
    return link(version, create_registry(world.team.organization, "models"), "model").entry


def response_to(api: APIClient, query: str) -> str:
    return str(api.post("/graphql", {"query": query}, format="json").content.decode())


def test_a_version_that_is_linked_leads_to_no_run_of_it(world: World, linked: Entry, api: APIClient) -> None:
    assert "secretrun" in response_to(api, USED)
    assert "secretrun" in response_to(api, ALONG)
    delete(world)
    said = response_to(api, USED)
    assert ('"versionIndex": 0' in said, "secretrun" in said) == (True, False)
    assert "secretrun" not in response_to(api, ALONG)


def test_a_version_that_is_linked_nowhere_is_not_there(world: World, linked: Entry, api: APIClient) -> None:
    linked.delete()
    assert '"versionIndex": 0' in response_to(api, USED)
    delete(world)
    assert '"versionIndex"' not in response_to(api, USED)


@pytest.mark.parametrize("is_hidden", [False, True])
def test_pages_and_rest_tell_no_run_of_it(
    world: World, linked: Entry, api: APIClient, client: Client, is_hidden: bool
) -> None:
    if is_hidden:
        delete(world)
    client.force_login(world.users["alice"])
    page = linked.get_absolute_url()
    for found in (page, page.rpartition("/")[0]):
        assert ("secretrun" in client.get(found).content.decode()) is not is_hidden, found
    address = f"/api/v1/registries/{world.team.organization.name}/models/collections/model/versions"
    assert [one["run"] for one in api.get(address).json()["results"]] == ["" if is_hidden else "secretrun"]


def test_a_signed_url_stores_nothing_in_it(world: World, linked: Entry, api: Any, client: Client) -> None:
    made = api.post("/graphql", {"query": UPLOAD}, format="json").json()
    address = urlsplit(made["data"]["createRunFiles"]["files"][0]["uploadUrl"]).path
    delete(world)
    assert client.put(address, b"late", content_type="text/plain").status_code == 403
    assert not RunFile.objects.filter(content__isnull=False).exists()


@pytest.mark.parametrize("wire", ["RUN_STATE", "RUN_METRIC"])
def test_what_the_whole_team_watches_tells_of_none_of_its_runs(world: World, linked: Entry, wire: str) -> None:
    place = place_named({"type": "team", "name": "acme"})
    assert place is not None
    world.webhook("http://127.0.0.1:9/hook")
    for run in Run.objects.all():
        ingest_rows(run, 0, [{"loss": 1.0}], "history")
        finish_run(run, 1)
    watched = by_wire_name(wire)
    response_to = (place.key, timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1))
    for names in ({"secretrun", "user"}, {"user"}):
        assert {context.subject.label for context in watched.replay(*response_to)} == names
        assert {run.name for run in runs_in(place)} == names
        assert {past.label for past in past_events(place, watched)} <= names
        if len(names) == 2:
            delete(world)


def test_a_link_to_a_file_dies_with_the_deletion_and_comes_back_with_it(world: World, client: Client) -> None:
    file = RunFile.objects.create(run=world.run("secretrun"), name="config.yaml")
    store_run_file(file, io.BytesIO(b"a: 1\n"), length=5)
    assert file.content is not None
    address = urlsplit(download_url(file.content, "config.yaml", by=world.users["alice"])).path
    assert client.get(address).status_code == 200
    deletion = delete(world)
    assert client.get(address).status_code == 403
    undo(deletion)
    assert client.get(address).status_code == 200


def test_what_nobody_had_judged_yet_fires_nothing_of_the_whole_team(world: World) -> None:
    place = place_named({"type": "team", "name": "acme"})
    assert place is not None
    draft = AutomationDraft("all", "RUN_STATE", [FAILED], {"type": "do_nothing"})
    create_automation(place, draft, by=world.users["alice"])
    finish_run(world.run("secretrun"), 1)
    deletion = delete(world)
    worker_loop.run()
    assert not Execution.objects.exists()
    undo(deletion)
    finish_run(world.run("other"), 1)
    worker_loop.run()
    assert {one.subject_label for one in Execution.objects.all()} == {"other"}
