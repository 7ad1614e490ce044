"""Names of files: hostile ones are refused at every door, and those that are stored are served under safe ones."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.test import Client

from artifacts.models import Collection, Version, VersionFile
from artifacts.services import get_or_create_collection
from common.data.file_names import is_file_name, safe_file_name
from projects.models import Run, RunFile, StoredFile
from registries.version_listing import files_of
from tests.artifacts.sending import b64_md5, begun, manifest_of, send_manifest, sent, store
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql.schema import schema
from wandb_api.lookup.versions import id_of

HOSTILE = [
    "", "/", "/etc/passwd", "//server/share/x", "..", "../x", "a/../../x", "a/..", "./x", "a/./x", "a//x", "a/",
    "C:\\x", "C:/x", "c:x", "a/C:/x", "\\\\server\\share\\x", "..\\x", "a\\b", "a\0b", "a\nb", "a\r\nSet-Cookie: x=1",
    "a\x1b[2J", "a\x7f", "a\x85b", "a\u2028b", "photo\u202egpj.exe", "CON", "nul", "NUL.txt", "sub/aux.c", "com1",
    "LPT9.log", "COM\u00b9", "CONIN$", "nul:", "nul .txt", "...", ".. ", "a/.. /x", " ", "a/ /x", "x" * 2000,
]  # fmt: skip
HONEST = [
    "model.bin", "sub/model.bin", "media/images/val/loss_0_ab12.png", "Über uns.txt", "模型.pt", ".gitignore", "a..b",
    "..a", "console.log", "auxiliary.py", "v1.", "media/images/a:b_0.png", "loss?.png", "👩‍👩‍👧.png", "x" * 200,
]  # fmt: skip
CREATE = """mutation($files: [String!]!) { createRunFiles(input: {
    entityName: "acme", projectName: "mnist", runName: "run1", files: $files}) { files { name } } }"""
MARK = """mutation($files: [String!]!) { markRunFilesUploaded(input: {
    entityName: "acme", projectName: "mnist", runName: "run1", files: $files}) { success } }"""
SEND = """mutation($files: [CreateArtifactFileSpecInput!]!) { createArtifactFiles(input: {artifactFiles: $files}) {
    files { edges { node { name } } } } }"""
MANIFEST = """mutation($id: ID!, $name: String!) { createArtifactManifest(input: {artifactID: $id, digest: "",
    name: $name, entityName: "acme", projectName: "mnist", runName: "run1", type: FULL}) {
    artifactManifest { id } } }"""
COMMIT = "mutation($id: ID!) { commitArtifact(input: {artifactID: $id}) { artifact { id } } }"
RUN_FILES = """query($names: [String]) { project(name: "mnist", entityName: "acme") { run(name: "run1") {
    files(names: $names) { edges { node { name directUrl } } } } } }"""
VERSION_FILES = """query($id: ID!, $names: [String!]) { artifact(id: $id) {
    currentManifest { file { directUrl } } files(names: $names) { edges { node { name directUrl } } } } }"""
Door = Callable[[World, GraphQL, str], tuple[int, str]]


@pytest.fixture(autouse=True)
def run(world: World) -> None:
    world.run("run1")


@pytest.fixture
def model(world: World) -> Collection:
    return get_or_create_collection(world.project, "model", "model")[0]


def upload_id(world: World) -> str:
    return id_of(begun(get_or_create_collection(world.project, "model", "model")[0]))


def status_and_errors(graphql: GraphQL, query: str, **variables: Any) -> tuple[int, str]:
    status, body = graphql.send(query, **variables)
    return status, body.get("errors", [{"message": ""}])[0]["message"]


def file_stream(world: World, graphql: GraphQL, name: str) -> tuple[int, str]:
    answer = graphql.client.post(
        "/files/acme/mnist/run1/file_stream", {"uploaded": [name]}, "application/json", headers=graphql.headers
    )
    return answer.status_code, str(answer.json().get("errors", [{"message": ""}])[0]["message"])


def manifest_entry(world: World, graphql: GraphQL, name: str) -> tuple[int, str]:
    upload = begun(get_or_create_collection(world.project, "model", "model")[0])
    store(world.team, b"x")
    send_manifest(upload, manifest_of({name: b"x"}))
    return status_and_errors(graphql, COMMIT, id=id_of(upload))


DOORS: dict[str, Door] = {
    "createRunFiles": lambda world, graphql, name: status_and_errors(graphql, CREATE, files=[name]),
    "markRunFilesUploaded": lambda world, graphql, name: status_and_errors(graphql, MARK, files=[name]),
    "createArtifactFiles": lambda world, graphql, name: status_and_errors(
        graphql, SEND, files=[{"artifactID": upload_id(world), "name": name, "md5": b64_md5(b"x")}]
    ),
    "createArtifactManifest": lambda world, graphql, name: status_and_errors(
        graphql, MANIFEST, id=upload_id(world), name=name
    ),
    "commitArtifact": manifest_entry,
    "file_stream": file_stream,
}


@pytest.mark.parametrize("door", sorted(DOORS.keys() - {"file_stream"}))
def test_a_name_that_is_none_is_refused_at_every_door(world: World, graphql: GraphQL, door: str) -> None:
    for name in HOSTILE:
        status, message = DOORS[door](world, graphql, name)
        assert (status, "is no usable name of a file" in message) == (422, True), (name, status, message)
    assert (RunFile.objects.count(), VersionFile.objects.count(), Version.objects.count()) == (0, 0, 0)


def test_the_file_stream_goes_on_without_a_name_that_is_none_and_the_run_says_so(
    world: World, graphql: GraphQL
) -> None:
    """At a 4xx the SDK would give up the stream for good, with all rows that come after."""
    for name in HOSTILE:
        assert file_stream(world, graphql, name)[0] == 200
    assert RunFile.objects.count() == 0
    assert "is no usable name of a file" in str(Run.objects.get().left_out)


@pytest.mark.parametrize("door", DOORS)
def test_names_that_people_give_to_files_are_taken_at_every_door(world: World, graphql: GraphQL, door: str) -> None:
    assert {name: DOORS[door](world, graphql, name)[0] for name in HONEST} == dict.fromkeys(HONEST, 200)


def test_a_file_with_a_bad_name_lets_none_of_its_neighbours_in(world: World, graphql: GraphQL) -> None:
    assert status_and_errors(graphql, CREATE, files=["good", "../bad"])[0] == 422
    assert RunFile.objects.count() == 0


def test_the_walk_knows_every_mutation_that_names_files() -> None:
    """A new one with `files`, or a name among artifact files, has to be put on the list of doors."""
    mutation = schema.mutation_type
    assert mutation is not None
    found = set()
    for name, field in mutation.fields.items():
        sent: Any = [getattr(argument.type, "of_type", argument.type) for argument in field.args.values()]
        inner = {key for kind in sent for key in getattr(kind, "fields", {})}
        if inner & {"files", "artifactFiles", "manifest", "path", "paths", "fileName"} or "Manifest" in name:
            found.add(name)
    # By ids; and one whose manifest has its name already.
    assert found - {"deleteFiles", "updateArtifactManifest"} <= set(DOORS), found


@pytest.mark.parametrize("name", [name for name in HOSTILE if name])
def test_a_safe_name_stays_below_its_folder_on_every_system(name: str) -> None:
    safe = safe_file_name(name)
    assert is_file_name(safe)
    assert safe_file_name(safe) == safe
    assert os.path.normpath(f"/root/{safe}").startswith("/root/")
    windows = PureWindowsPath("D:/root", *PureWindowsPath(safe).parts)
    assert (windows.is_relative_to("D:/root"), ".." in windows.parts, windows.is_reserved()) == (True, False, False)
    assert len(PurePosixPath(safe).name) <= 255


def test_no_two_names_become_one() -> None:
    names = [*HOSTILE, *HONEST, "x"]
    assert len({safe_file_name(name) for name in names}) == len(names)


def saved_as(address: str) -> str:
    """Fetch the address, and give the name that a browser is told."""
    answer = Client().get(urlsplit(address).path)
    assert answer.status_code == 200
    return unquote(answer["Content-Disposition"].partition("''")[2])


@pytest.mark.parametrize("name", ["../../x.py", "/etc/cron.d/x", "C:\\x.bat", "NUL.txt", "a\nb"])
def test_what_a_run_stored_before_is_served_under_a_safe_name(world: World, graphql: GraphQL, name: str) -> None:
    store(world.team, b"x")
    run = world.project.runs.get()
    RunFile.objects.create(run=run, name=name, content=StoredFile.objects.get(), uploaded_at=run.created_at)
    answer = graphql.data(RUN_FILES, names=None)["project"]["run"]["files"]["edges"][0]["node"]
    assert answer["name"] == safe_file_name(name)
    assert unquote(answer["directUrl"]).endswith(f"/{answer['name']}")
    assert saved_as(answer["directUrl"]) == answer["name"].rpartition("/")[2]
    again = graphql.data(RUN_FILES, names=[answer["name"]])["project"]["run"]["files"]["edges"]
    assert [edge["node"]["name"] for edge in again] == [answer["name"]]


def committed_before(model: Collection, name: str) -> Version:
    """A version as an older Runbell took it: the name stands in its list of files, and in its rows."""
    version = sent(model, {"good": b"x"})
    listed = manifest_of({name: b"x", "good": b"x"})
    store(model.project.team, listed)  # type: ignore[union-attr]
    version.manifest = StoredFile.objects.latest("pk")
    version.save(update_fields=["manifest"])
    content = version.files.get().content
    VersionFile.objects.create(version=version, path=name, content=content, digest=b64_md5(b"x"), size=1)
    return version


@pytest.mark.parametrize("name", ["../../x.py", "/etc/cron.d/x", "C:\\x.bat", "NUL.txt", "a\nb"])
def test_what_a_version_stored_before_is_served_under_a_safe_name(
    world: World, model: Collection, graphql: GraphQL, name: str
) -> None:
    version, safe = committed_before(model, name), safe_file_name(name)
    found = graphql.data(VERSION_FILES, id=id_of(version))["artifact"]
    named = {edge["node"]["name"]: edge["node"]["directUrl"] for edge in found["files"]["edges"]}
    assert set(named) == {"good", safe}
    assert saved_as(named[safe]) == safe.rpartition("/")[2]
    # The SDK writes files by the names in the list itself.
    answer: Any = Client().get(urlsplit(found["currentManifest"]["file"]["directUrl"]).path)
    assert set(json.loads(answer.content)["contents"]) == {"good", safe}
    assert answer["Content-Disposition"].startswith("attachment")
    again = graphql.data(VERSION_FILES, id=id_of(version), names=[safe])["artifact"]["files"]["edges"]
    assert [edge["node"]["name"] for edge in again] == [safe]
    assert {file.path for file in files_of(version, by=world.users["alice"])} == {"good", safe}


def test_a_list_of_honest_names_is_served_as_it_was_sent(model: Collection, graphql: GraphQL) -> None:
    version = sent(model, {"good": b"x"})
    address = graphql.data(VERSION_FILES, id=id_of(version))["artifact"]["currentManifest"]["file"]["directUrl"]
    for _ in range(2):
        answer: Any = Client().get(urlsplit(address).path)
        assert b"".join(answer.streaming_content) == manifest_of({"good": b"x"})


def test_a_link_with_another_name_behind_it_is_saved_under_a_safe_one(world: World, model: Collection) -> None:
    store(world.team, b"x")
    version = sent(model, {"good": b"x"})
    address = urlsplit(files_of(version, by=world.users["alice"])[0].url).path.rpartition("/")[0]
    for written in ("..%2F..%2Fx", "C:%5Cx", "..", "NUL", "a%09b", "/etc/passwd"):
        answer = Client().get(f"{address}/{written}")
        assert answer.status_code == 200, written
        assert is_file_name(unquote(answer["Content-Disposition"].partition("''")[2])), written
