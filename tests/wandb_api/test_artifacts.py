"""Artifacts over GraphQL, in this process: who may, and that a repeat changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from artifacts.models import Collection, Registry, Upload
from artifacts.services import create_version, get_or_create_collection
from artifacts.time_to_live import set_policy
from projects.models import Project
from registries.services import create_registry, link
from tests.artifacts.making import aliases_of, events_after
from tests.artifacts.sending import b64_md5, manifest_of, sent, store
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.versions import id_of

CREATE = """mutation($input: CreateArtifactInput!) { createArtifact(input: $input) {
    artifact { id state digest artifactSequence { latestArtifact { id } } } } }"""
MANIFEST = """mutation($id: ID!, $digest: String!) { createArtifactManifest(input: {artifactID: $id, digest: $digest,
    name: "wandb_manifest.json", entityName: "acme", projectName: "mnist", runName: "r", type: FULL}) {
    artifactManifest { id file { id uploadUrl uploadHeaders } } } }"""
FILES = """mutation($files: [CreateArtifactFileSpecInput!]!) { createArtifactFiles(input: {artifactFiles: $files}) {
    files { edges { node { uploadUrl artifact { id } } } } } }"""
COMMIT = "mutation($id: ID!) { commitArtifact(input: {artifactID: $id}) { artifact { id digest } } }"
ADD = """mutation($id: ID!, $aliases: [ArtifactCollectionAliasInput!]!) {
    addAliases(input: {artifactID: $id, aliases: $aliases}) { success } }"""
REMOVE = ADD.replace("addAliases", "deleteAliases")
LINK = """mutation($input: LinkArtifactInput!) { linkArtifact(input: $input) {
    versionIndex artifactMembership { aliases { alias } artifactCollection { __typename name project { name } } } } }"""
BY_ID = """query($id: ID!) { artifact(id: $id) { id state versionIndex tags { name } aliases { alias }
    artifactSequence { name project { name } } } }"""
UPDATE = "mutation($input: UpdateArtifactInput!) { updateArtifact(input: $input) { artifact { id } } }"


@pytest.fixture
def model(world: World) -> Collection:
    return get_or_create_collection(world.project, "model", "model")[0]


def draft(**values: Any) -> dict[str, Any]:
    given = {
        "entityName": "acme", "projectName": "mnist", "artifactCollectionName": "model", "artifactTypeName": "model",
        "digest": "d1", "digestAlgorithm": "MANIFEST_MD5", "clientID": "c1",
    }  # fmt: skip
    return {**given, **values}


def place(alias: str, collection: str = "model") -> dict[str, str]:
    return {"entityName": "acme", "projectName": "mnist", "artifactCollectionName": collection, "alias": alias}


def uploaded(graphql: GraphQL, world: World, **values: Any) -> str:
    """Send a version without files, and give its id."""
    id = graphql.data(CREATE, input=draft(**values))["createArtifact"]["artifact"]["id"]
    manifest = manifest_of({})
    graphql.data(MANIFEST, id=id, digest=b64_md5(manifest))
    store(world.team, manifest)
    found: str = graphql.data(COMMIT, id=id)["commitArtifact"]["artifact"]["id"]
    return found


def test_the_id_from_before_the_commit_goes_on_to_be_known(graphql: GraphQL, world: World) -> None:
    pending = graphql.data(CREATE, input=draft())["createArtifact"]["artifact"]
    assert pending["state"] == "PENDING"
    id = uploaded(graphql, world)
    assert graphql.data(BY_ID, id=pending["id"])["artifact"]["id"] == id


def test_what_a_client_calls_it_leads_to_it(graphql: GraphQL, world: World) -> None:
    id = uploaded(graphql, world)
    assert graphql.data('{ clientIDMapping(clientID: "c1") { serverID } }') == {"clientIDMapping": {"serverID": id}}
    assert GraphQL(world.keys["charlie"]).data('{ clientIDMapping(clientID: "c1") { serverID } }') == {
        "clientIDMapping": None
    }


def test_each_step_that_is_repeated_changes_and_tells_nothing(graphql: GraphQL, world: World) -> None:
    uploaded(graphql, world, aliases=[{"artifactCollectionName": "model", "alias": "best"}])
    before = events_after()
    answer = graphql.data(CREATE, input=draft())["createArtifact"]["artifact"]
    assert answer["state"] == "COMMITTED"
    graphql.data(COMMIT, id=graphql_id(Upload.objects.get()))
    assert (events_after(), Upload.objects.count()) == (before, 1)


def graphql_id(upload: Upload) -> str:
    return id_of(upload)


def test_aliases_by_each_of_the_four_ways_are_told_once(graphql: GraphQL, world: World, model: Collection) -> None:
    id = uploaded(graphql, world)
    ways = [
        (CREATE, {"input": draft(aliases=[{"artifactCollectionName": "model", "alias": "one"}], clientID="c2")}),
        (ADD, {"id": id, "aliases": [place("two"), place("latest")]}),
        (UPDATE, {"input": {"artifactID": id, "aliases": [place(a) for a in ("one", "two", "three")]}}),
    ]
    for way in ways[:2]:
        for _ in range(2):
            graphql.data(way[0], **way[1])
    said = [{"artifactCollectionName": "model", "alias": alias} for alias in ("one", "two", "three")]
    for _ in range(2):
        graphql.data(UPDATE, input={"artifactID": id, "aliases": said})
    assert [alias for kind, alias in events_after() if kind == "artifact.alias_added"] == [
        "latest",
        "one",
        "two",
        "three",
    ]
    portfolio = {"artifactID": id, "entityName": "acme", "projectName": "mnist", "artifactPortfolioName": "best"}
    for _ in range(2):
        graphql.data(LINK, input={**portfolio, "aliases": [{"artifactCollectionName": "best", "alias": "four"}]})
    assert events_after()[-3:] == [
        ("artifact.linked", ""),
        ("artifact.alias_added", "latest"),
        ("artifact.alias_added", "four"),
    ]


def test_an_alias_moves_away_from_the_version_that_had_it(graphql: GraphQL, world: World, model: Collection) -> None:
    first, second = uploaded(graphql, world), uploaded(graphql, world, digest="d2", clientID="c2")
    for id in (first, second):
        graphql.data(ADD, id=id, aliases=[place("production")])
    assert aliases_of(model) == {"latest": "v1", "production": "v1"}
    graphql.data(REMOVE, id=second, aliases=[place("production")])
    assert aliases_of(model) == {"latest": "v1"}


def test_a_version_says_its_number_in_each_collection_among_its_aliases(
    graphql: GraphQL, world: World, model: Collection
) -> None:
    first, second = (create_version(model, digest).entry.version for digest in ("d1", "d2"))
    registry = create_registry(world.team.organization, "models")
    for version in (second, first):
        link(version, registry, "production")
    query = """query($id: ID!) { artifact(id: $id) { aliases { id alias artifactCollection { name } }
        artifactMemberships { edges { node { versionIndex aliases { alias } } } } } }"""
    found = graphql.data(query, id=id_of(first))["artifact"]
    assert [(one["alias"], one["artifactCollection"]["name"]) for one in found["aliases"]] == [
        ("v0", "model"),
        ("latest", "production"),
        ("v1", "production"),
    ]
    assert len({one["id"] for one in found["aliases"]}) == 3
    # Where a collection's own answer gives the number, it stands beside the aliases.
    assert [edge["node"] for edge in found["artifactMemberships"]["edges"]] == [
        {"versionIndex": 0, "aliases": []},
        {"versionIndex": 1, "aliases": [{"alias": "latest"}]},
    ]


def test_what_stays_by_itself_is_neither_added_nor_taken_and_refuses_nothing_else(
    graphql: GraphQL, world: World, model: Collection
) -> None:
    id = uploaded(graphql, world, aliases=[{"artifactCollectionName": "model", "alias": "old"}])
    for query in (ADD, REMOVE):
        graphql.data(query, id=id, aliases=[place("v0"), place("latest")])
        assert aliases_of(model) == {"latest": "v0", "old": "v0"}
    graphql.data(REMOVE, id=id, aliases=[place("latest"), place("old"), place("v7")])
    said = [{"artifactCollectionName": "model", "alias": alias} for alias in ("v0", "new")]
    graphql.data(UPDATE, input={"artifactID": id, "aliases": said})
    assert aliases_of(model) == {"latest": "v0", "new": "v0"}
    # Another version's number is no name for this one.
    assert graphql.send(ADD, id=id, aliases=[place("v7")])[0] == 422


@pytest.mark.parametrize(("person", "status"), [("vera", 403), ("charlie", 404)])
def test_who_may_not_log_is_told_so_and_nothing_is_made(world: World, person: str, status: int) -> None:
    answer, _body = GraphQL(world.keys[person]).send(CREATE, input=draft())
    assert (answer, Collection.objects.count(), Upload.objects.count()) == (status, 0, 0)


@pytest.mark.parametrize(("person", "status"), [("vera", 403), ("charlie", 404)])
def test_nobody_else_changes_a_version(
    graphql: GraphQL, world: World, model: Collection, person: str, status: int
) -> None:
    id = uploaded(graphql, world)
    before = events_after()
    other = GraphQL(world.keys[person])
    for query, variables in (
        (ADD, {"id": id, "aliases": [place("mine")]}),
        (REMOVE, {"id": id, "aliases": [place("latest")]}),
        (UPDATE, {"input": {"artifactID": id, "tagsToAdd": [{"tagName": "mine"}]}}),
        ("mutation($id: ID!) { deleteArtifact(input: {artifactID: $id, deleteAliases: true}) { artifact { id } } }",
         {"id": id}),
        (LINK, {"input": {"artifactID": id, "entityName": "acme", "projectName": "mnist",
                          "artifactPortfolioName": "mine"}}),
        (COMMIT, {"id": graphql_id(Upload.objects.get())}),
        (FILES, {"files": [{"artifactID": graphql_id(Upload.objects.get()), "name": "m", "md5": b64_md5(b"")}]}),
    ):  # fmt: skip
        assert other.send(query, **variables)[0] == status, query
    assert (events_after(), aliases_of(model)) == (before, {"latest": "v0"})


def test_who_sees_a_version_in_a_registry_alone_sees_but_the_names_of_where_it_was_made(
    world: World, model: Collection
) -> None:
    version = create_version(model, "d1", aliases=["inner"], tags=["inner"]).entry.version
    charlie = GraphQL(world.keys["charlie"])
    assert charlie.send(BY_ID, id=id_of(version))[0] == 404
    link(version, create_registry(world.team.organization, "models"), "production", aliases=["outer"])
    assert charlie.data(BY_ID, id=id_of(version))["artifact"] == {
        "id": id_of(version),
        "state": "COMMITTED",
        "versionIndex": 0,
        "tags": [],
        "aliases": [{"alias": "latest"}, {"alias": "outer"}, {"alias": "v0"}],
        "artifactSequence": {"name": "model", "project": {"name": "mnist"}},
    }


def test_link_model_makes_the_teams_model_registry(graphql: GraphQL, world: World) -> None:
    id = uploaded(graphql, world)
    given = {"artifactID": id, "entityName": "acme", "projectName": "model-registry", "artifactPortfolioName": "best"}
    found = graphql.data(LINK, input=given)["linkArtifact"]
    assert found["artifactMembership"]["artifactCollection"] == {
        "__typename": "ArtifactPortfolio", "name": "best", "project": {"name": "model-registry"},
    }  # fmt: skip


def test_a_project_that_is_linked_into_is_made(graphql: GraphQL, world: World) -> None:
    given = {"artifactID": uploaded(graphql, world), "entityName": "acme", "artifactPortfolioName": "best"}
    for person, status in (("vera", 403), ("charlie", 404)):
        assert GraphQL(world.keys[person]).send(LINK, input={**given, "projectName": "fresh"})[0] == status
    assert not Project.objects.filter(name="fresh").exists()
    found = graphql.data(LINK, input={**given, "projectName": "fresh"})["linkArtifact"]["artifactMembership"]
    assert found["artifactCollection"]["project"] == {"name": "fresh"}


def test_each_organization_has_a_registry_called_model(graphql: GraphQL, world: World) -> None:
    query = """{ project(name: "wandb-registry-model", entityName: "org.research") { id name } }"""
    found = graphql.data(query)["project"]
    assert (found, graphql.data(query)["project"]) == ({**found, "name": "wandb-registry-model"}, found)
    world.team.organization.admins.add(world.users["alice"])
    given = {"artifactID": uploaded(graphql, world), "entityName": "org.research", "artifactPortfolioName": "best"}
    graphql.data(LINK, input={**given, "projectName": "wandb-registry-model"})
    assert Registry.objects.get().collections.get().name == "best"


def test_a_file_says_where_it_is_stored(graphql: GraphQL, model: Collection) -> None:
    version = sent(model, {"sub/m.txt": b"m"})
    query = "query($id: ID!) { artifact(id: $id) { files { edges { node { name storagePath } } } } }"
    found = graphql.data(query, id=id_of(version))["artifact"]["files"]["edges"]
    assert found == [{"node": {"name": "sub/m.txt", "storagePath": "sub/m.txt"}}]


def test_an_artifact_cannot_be_logged_to_a_registry(graphql: GraphQL) -> None:
    status, body = graphql.send(CREATE, input=draft(projectName="wandb-registry-models"))
    assert (status, "Use link_artifact" in body["errors"][0]["message"]) == (422, True)


def test_an_end_before_all_parts_have_come_is_answered_so_that_the_sdk_tries_again(graphql: GraphQL) -> None:
    graphql.data(CREATE, input=draft(distributedID="job", clientID="late"))
    id = graphql.data(CREATE, input=draft(distributedID="job"))["createArtifact"]["artifact"]["id"]
    status, body = graphql.send(COMMIT, id=id)
    assert (status, "upsert_artifact(…).wait()" in body["errors"][0]["message"]) == (503, True)
    assert graphql.data(BY_ID, id=id)["artifact"]["state"] == "PENDING"


def test_a_region_that_is_not_ours_is_refused(graphql: GraphQL) -> None:
    status, body = graphql.send(CREATE, input=draft(storageRegion="eu-west"))
    assert (status, body["errors"][0]["message"]) == (
        422, "storageRegion: 'eu-west' is no region of this Runbell. Leave out storage_region.",
    )  # fmt: skip
    assert not Upload.objects.exists()
    graphql.data(CREATE, input=draft(storageRegion="default"))


def test_a_refused_region_stands_on_the_page_of_the_run(graphql: GraphQL, world: World, client: Client) -> None:
    run = world.run("run1")
    for person in ("vera", "alice"):
        refused = GraphQL(world.keys[person]).send(CREATE, input=draft(storageRegion="eu-west", runName="run1"))
        assert refused[0] == 422
        run.refresh_from_db()
        assert bool(run.left_out) == (person == "alice")
    client.force_login(world.users["alice"])
    page = client.get("/acme/mnist/runs/run1").content.decode()
    assert "is no region of this Runbell. Leave out storage_region." in page


TTL = "query($id: ID!) { artifact(id: $id) { ttlDurationSeconds ttlIsInherited } }"


def ttl(graphql: GraphQL, id: str) -> tuple[int, bool]:
    found = graphql.data(TTL, id=id)["artifact"]
    return found["ttlDurationSeconds"], found["ttlIsInherited"]


def test_a_time_to_live_is_kept_and_given_back(graphql: GraphQL, world: World) -> None:
    set_policy(world.team, default_seconds=600, members_may_set=True)
    assert ttl(graphql, uploaded(graphql, world, ttlDurationSeconds=60)) == (60, False)
    id = uploaded(graphql, world, digest="d2", clientID="c2")
    assert ttl(graphql, id) == (600, True)
    for said, given in ((90, (90, False)), (None, (90, False)), (-2, (-2, False)), (-1, (600, True))):
        graphql.data(UPDATE, input={"artifactID": id, "ttlDurationSeconds": said})
        assert ttl(graphql, id) == given


@pytest.mark.parametrize("seconds", [-3, 2**62], ids=str)
def test_a_time_to_live_that_is_none_is_refused(graphql: GraphQL, world: World, seconds: int) -> None:
    status, body = graphql.send(CREATE, input=draft(ttlDurationSeconds=seconds))
    assert (status, "ttlDurationSeconds: " in body["errors"][0]["message"]) == (422, True)
    assert not Upload.objects.exists()


def test_where_only_admins_set_a_time_to_live_a_member_is_refused(graphql: GraphQL, world: World) -> None:
    id = uploaded(graphql, world)
    set_policy(world.team, default_seconds=None, members_may_set=False)
    bob = GraphQL(world.keys["bob"])
    given = {"artifactID": id, "ttlDurationSeconds": 60}
    for query, variables in ((CREATE, draft(ttlDurationSeconds=60, clientID="c2")), (UPDATE, given)):
        status, body = bob.send(query, input=variables)
        assert (status, "only admins set artifact.ttl" in body["errors"][0]["message"]) == (403, True)
    assert (ttl(graphql, id), Upload.objects.count()) == ((-2, True), 1)
    graphql.data(UPDATE, input=given)
    assert ttl(graphql, id) == (60, False)


def test_a_second_version_says_what_came_before_and_is_taken(graphql: GraphQL, world: World) -> None:
    first = uploaded(graphql, world)
    second = graphql.data(CREATE, input=draft(digest="d2", clientID="c2"))["createArtifact"]["artifact"]
    assert second["artifactSequence"] == {"latestArtifact": {"id": first}}
    with_base = MANIFEST.replace("type: FULL", f'type: FULL, baseArtifactID: "{first}"')
    found = graphql.data(with_base, id=second["id"], digest=b64_md5(b""))["createArtifactManifest"]
    assert "/files/send/" in found["artifactManifest"]["file"]["uploadUrl"]


def test_a_version_is_deleted_with_its_aliases_only(graphql: GraphQL, world: World, model: Collection) -> None:
    id = uploaded(graphql, world)
    delete = "mutation($input: DeleteArtifactInput!) { deleteArtifact(input: $input) { artifact { id } } }"
    status, body = graphql.send(delete, input={"artifactID": id, "deleteAliases": False})
    assert (status, "has the aliases latest" in body["errors"][0]["message"]) == (409, True)
    assert model.versions.count() == 1
    found = graphql.data(delete, input={"artifactID": id, "deleteAliases": True})
    assert (found["deleteArtifact"]["artifact"]["id"], model.versions.count()) == (id, 0)


@pytest.mark.parametrize(("kind", "holds_links"), [("Sequence", False), ("Portfolio", True)])
def test_a_collection_is_deleted_and_says_so(graphql: GraphQL, world: World, kind: str, holds_links: bool) -> None:
    found = get_or_create_collection(world.project, "gone", "model", holds_links=holds_links)[0]
    delete = f"""mutation($id: ID!) {{ deleteArtifact{kind}(input: {{artifact{kind}ID: $id}}) {{
        artifactCollection {{ __typename state }} }} }}"""
    assert graphql.data(delete, id=global_id("ArtifactCollection", found.pk)) == {
        f"deleteArtifact{kind}": {"artifactCollection": {"__typename": f"Artifact{kind}", "state": "DELETED"}}
    }
    assert Collection.objects.count() == 0


@pytest.mark.parametrize("change", ["updateArtifactSequence", "moveArtifactSequence"])
def test_a_collection_is_changed_by_who_may(graphql: GraphQL, world: World, model: Collection, change: str) -> None:
    more = 'description: "ours"' if change == "updateArtifactSequence" else 'destinationArtifactTypeName: "dataset"'
    query = f"""mutation($id: ID!) {{ {change}(input: {{artifactSequenceID: $id, {more}}}) {{
        artifactCollection {{ description defaultArtifactType {{ name }} }} }} }}"""
    id = global_id("ArtifactCollection", model.pk)
    assert GraphQL(world.keys["vera"]).send(query, id=id)[0] == 403
    assert GraphQL(world.keys["charlie"]).send(query, id=id)[0] == 404
    graphql.data(query, id=id)
    model.refresh_from_db()
    assert (model.description, model.type) in (("ours", "model"), (None, "dataset"))
