"""What scripts with the unchanged SDK do with artifacts, against a Runbell that really runs, with its worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.processes import wait_until
from tests.wandb_api.hook import Hook
from tests.wandb_api.sdk import PATIENCE, Runbell

pytestmark = pytest.mark.processes

LOG = """
import pathlib, wandb
def file(name, content):
    pathlib.Path(name).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(name).write_bytes(content)
    return name
def artifact(content, type="model", **more):
    made = wandb.Artifact(NAME, type=type, **more)
    made.add_file(file("m.txt", content), name="m.txt")
    return made
def logged(run, content, aliases=(), **more):
    return run.log_artifact(artifact(content, **more), aliases=list(aliases)).wait()
"""


def project_of(runbell: Runbell) -> str:
    """Each version of the SDK works in a project of its own."""
    return f"art-{runbell.variables.get('VERSION', 'newest')}"


def script_output(runbell: Runbell, name: str, code: str, **variables: str) -> Any:
    """Run a script that works on an artifact of this name, and give what it said."""
    done = runbell.script(f"NAME, ART = {name!r}, {project_of(runbell)!r}\n{LOG}\n{code}", **variables)
    assert done.exit_code == 0, done.printed
    return done.said


def versions(runbell: Runbell, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = runbell.ask_rest(f"projects/acme/{project_of(runbell)}/collections/{name}/versions")[
        "results"
    ]
    return found


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    receiver = Hook()
    yield receiver
    receiver.shutdown()


def test_what_is_logged_is_used_and_downloaded(any_sdk: Runbell) -> None:
    said = script_output(
        any_sdk,
        "whole",
        """
with wandb.init(entity="acme", project=ART, id="maker") as run:
    made = artifact(b"hello", description="d", metadata={"acc": 0.9, "nan": float("nan")})
    made.add_dir(str(pathlib.Path(file("d/deep/x.bin", bytes(3_000_000))).parent.parent), name="sub")
    made.add_reference("https://example.test/far.bin", name="far.bin", checksum=False)
    made = run.log_artifact(made, aliases=["best"], tags=["europe"]).wait()
    first = [made.version, made.aliases, made.tags, made.size, made.description, made.metadata["acc"]]
with wandb.init(entity="acme", project=ART, id="user") as run:
    used = run.use_artifact("whole:best")
    root = pathlib.Path("here")
    for part in ("sub", "m.txt"):
        used.download(str(root), path_prefix=part, skip_cache=True)
    one = pathlib.Path(used.get_entry("m.txt").download("alone", skip_cache=True)).read_text()
    by_digest = wandb.Api().artifact(f"acme/{ART}/whole:{used.digest}").version
    say([first, one, sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()),
         (root / "sub/deep/x.bin").stat().st_size, used.manifest.entries["far.bin"].ref,
         used.logged_by().id, [r.id for r in used.used_by()], by_digest, [f.name for f in used.files()],
         [a.name for a in wandb.Api().run(f"acme/{ART}/maker").logged_artifacts()],
         [a.name for a in wandb.Api().run(f"acme/{ART}/user").used_artifacts()]])
""",
    )
    first, one, files, size, reference, made_by, used_by, by_digest, listed, outputs, inputs = said
    assert first == ["v0", ["latest", "best"], ["europe"], 3_000_005, "d", 0.9]
    assert (one, files, size) == ("hello", ["m.txt", "sub/deep/x.bin"], 3_000_000)
    assert reference == "https://example.test/far.bin"
    assert (made_by, used_by, by_digest) == ("maker", ["user"], "v0")
    assert sorted(listed) == ["far.bin", "m.txt", "sub/deep/x.bin"]
    assert (outputs, inputs) == (["whole:v0"], ["whole:v0"])


def test_the_same_files_are_no_new_version_and_other_files_are(any_sdk: Runbell) -> None:
    said = script_output(
        any_sdk,
        "again",
        """
with wandb.init(entity="acme", project=ART) as run:
    say([logged(run, content, aliases=[alias]).version for content, alias in
         ((b"one", "a"), (b"two", "b"), (b"one", "c"))])
""",
    )
    assert said == ["v0", "v1", "v0"]
    assert {one["version"]: sorted(one["aliases"]) for one in versions(any_sdk, "again")} == {
        "v1": ["b", "latest"],
        "v0": ["a", "c"],
    }


def test_aliases_tags_and_words_are_changed_and_versions_and_collections_deleted(any_sdk: Runbell) -> None:
    said = script_output(
        any_sdk,
        "changing",
        """
ART += "-changes"
with wandb.init(entity="acme", project=ART) as run:
    first, second = logged(run, b"one", aliases=["old"]), logged(run, b"two")
    kept = wandb.Artifact("kept", type="model")
    kept.add_file("m.txt")
    run.log_artifact(kept).wait()
api = wandb.Api()
second = api.artifact(f"acme/{ART}/changing:latest")
second.aliases.append("production"); second.tags.extend(["a", "b"])
second.description, second.metadata = "new words", {"acc": 1}
second.save()
second.tags.remove("a"); second.aliases.remove("production"); second.save()
again = api.artifact(f"acme/{ART}/changing:v1")
collection = api.artifact_collection("model", f"acme/{ART}/changing")
collection.description, collection.tags = "ours", ["x", "y"]
collection.save()
collection.tags = ["y"]; collection.name = "renamed"; collection.save()
found = api.artifact_collection("model", f"acme/{ART}/renamed")
words = [again.aliases, again.tags, again.description, again.metadata]
state = words + [found.description, found.tags, sorted(found.aliases)]
try:
    api.artifact(f"acme/{ART}/renamed:v0").delete()
except Exception as error:
    refused = str(error)
api.artifact(f"acme/{ART}/renamed:v0").delete(delete_aliases=True)
left = [one.version for one in api.artifacts("model", f"acme/{ART}/renamed")]
found.delete()
left_over = [one.name for one in api.artifact_collections(f"acme/{ART}", "model")]
say([state, refused, left, left_over])
""",
    )
    state, refused, left, left_over = said
    assert state == [["latest"], ["b"], "new words", {"acc": 1}, "ours", ["y"], ["latest", "old"]]
    assert f"acme/{project_of(any_sdk)}-changes/renamed:v0 has the aliases old" in refused
    assert (left, left_over) == (["v1"], ["kept"])


def test_links_to_registries_and_portfolios_are_made_and_taken_back(any_sdk: Runbell) -> None:
    said = script_output(
        any_sdk,
        "linking",
        """
LINKED = f"linked-{ART}"
with wandb.init(entity="acme", project=ART) as run:
    made = logged(run, b"one")
    in_registry = run.link_artifact(made, f"wandb-registry-models/{LINKED}", aliases=["candidate"])
    in_project = run.link_artifact(made, f"{ART}/portfolio", aliases=["here"])
    model = run.link_model(file("weights/w.bin", b"w"), f"trained-{ART}", name="linked-model", aliases=["first"])
api = wandb.Api()
again = made.link(f"wandb-registry-models/{LINKED}", aliases=["again"])
names = sorted(one.qualified_name for one in api.artifact(f"acme/{ART}/linking:v0").linked_artifacts)
fetched = api.artifact(f"research/wandb-registry-models/{LINKED}:again")
words = [fetched.version, sorted(fetched.aliases), fetched.source_artifact.qualified_name, fetched.is_link]
root = pathlib.Path(fetched.download("here", skip_cache=True))
fetched.unlink()
left = [one.name for one in api.registry("models", "research").collections() if one.name == LINKED]
entries = [one.name for one in api.registry("models", "research").versions() if one.name.startswith(LINKED)]
say([in_registry.aliases, in_project.qualified_name, model.qualified_name, names, words,
     (root / "m.txt").read_text(), left, entries])
""",
    )
    in_registry, in_project, model, names, words, content, left, entries = said
    art = project_of(any_sdk)
    assert sorted(in_registry) == ["candidate", "latest"]
    assert (in_project, model) == (f"acme/{art}/portfolio:v0", f"acme/model-registry/trained-{art}:v0")
    assert names == [f"acme/{art}/portfolio:v0", f"org.research/wandb-registry-models/linked-{art}:v0"]
    assert words == ["v0", ["again", "candidate", "latest"], f"acme/{art}/linking:v0", True]
    assert (content, left, entries) == ("one", [f"linked-{art}"], [])


def test_collections_are_filtered_ordered_and_counted_and_so_are_files(any_sdk: Runbell) -> None:
    said = script_output(
        any_sdk,
        "sorted-b",
        """
with wandb.init(entity="acme", project=f"{ART}-sorted") as run:
    made = logged(run, b"one")
    for NAME, kind in (("sorted-a", "model"), ("sorted-c", "model"), ("sorted-d", "dataset")):
        logged(run, b"two", type=kind)
api = wandb.Api()
project, kind = api.project(f"{ART}-sorted", "acme"), api.artifact_type("model", f"acme/{ART}-sorted")
def names(found):
    return [one.name for one in found if one.name.startswith("sorted-")]
some = {"name": {"$in": ["sorted-a", "sorted-d"]}}
say([names(project.collections(order="-name")), names(project.collections(some)),
     names(kind.collections(order="+name")), names(kind.collections({"name": "sorted-c"}, order="name", per_page=1)),
     len(kind.collections({"name": "sorted-c"})), len(made.files()),
     made.commit_hash == api.artifact(f"acme/{ART}-sorted/sorted-b:latest").commit_hash])
""",
    )
    names = ["sorted-d", "sorted-c", "sorted-b", "sorted-a"]
    assert said == [names, ["sorted-a", "sorted-d"], names[:0:-1], ["sorted-c"], 1, 1, True]


def test_versions_listed_from_a_linked_collection_are_numbered_as_there(any_sdk: Runbell) -> None:
    said = script_output(
        any_sdk,
        "numbered",
        """
LINKED = f"numbered-{ART}"
with wandb.init(entity="acme", project=ART) as run:
    versions = [logged(run, content) for content in (b"zero", b"one")]
    for made in reversed(versions):
        run.link_artifact(made, f"wandb-registry-models/{LINKED}")
found = {}
for one in wandb.Api().artifacts("model", f"org.research/wandb-registry-models/{LINKED}"):
    def read():
        return (pathlib.Path(one.download(f"dl-{one.digest}", skip_cache=True)) / "m.txt").read_text()
    listed = [one.name, one.version, one.source_version, sorted(one.aliases), read()]
    one.aliases = ["replaced-" + listed[4]]
    one.description = "words"
    one.save()
    found[one.name.partition(":")[2]] = [listed[1:], [one.version, sorted(one.aliases), read()]]
say([found, wandb.Api().artifact(f"acme/{ART}/numbered:v0").description])
""",
    )
    assert said == [
        {
            "v0": [["v0", "v1", [], "one"], ["v0", ["replaced-one"], "one"]],
            "v1": [["v1", "v0", ["latest"], "zero"], ["v1", ["latest", "replaced-zero"], "zero"]],
        },
        "words",
    ]


def test_a_version_a_link_and_an_alias_reach_a_webhook_and_a_table_does_not(runbell: Runbell, hook: Hook) -> None:
    runbell.ask_rest("teams/acme/integrations/webhook", name="bells", url=hook.url)
    runbell.ask_rest("projects/acme", name="bells")
    project, registry = {"type": "project", "name": "acme/bells"}, {"type": "registry", "name": "research/models"}
    for event, scope, conditions in (
        ("CREATE_ARTIFACT", project, []),
        ("LINK_MODEL", {**registry, "team": "acme"}, []),
        ("ADD_ARTIFACT_ALIAS", project, [{"type": "alias", "pattern": "^production$"}]),
    ):
        payload = '{"event": "${event_type}", "collection": "${artifact_collection_name}"}'
        action = {"type": "send_webhook", "webhook": "bells", "payload": payload}
        runbell.ask_rest("automations", name=event, event=event, scope=scope, conditions=conditions, action=action)
    script_output(
        runbell,
        "belled",
        """
with wandb.init(entity="acme", project="bells") as run:
    # Silently, the SDK logs an artifact of its own for this one.
    run.log({"table": wandb.Table(columns=["a"], data=[[1]])})
    made = logged(run, b"one")
    run.link_artifact(made, "wandb-registry-models/belled")
made = wandb.Api().artifact("acme/bells/belled:v0")
made.aliases.append("production")
made.save()
say([one.type for one in wandb.Api().run(f"acme/bells/{run.id}").logged_artifacts()])
""",
    )
    wait_until(lambda: len(hook.arrived) >= 3, PATIENCE, "three deliveries")
    arrived = [(body["event"], body["collection"]) for _at, body in hook.arrived]
    assert sorted(arrived) == [
        ("ADD_ARTIFACT_ALIAS", "belled"),
        ("CREATE_ARTIFACT", "belled"),
        ("LINK_ARTIFACT", "belled"),
    ]
    assert "run_table" in {kind["type"] for kind in runbell.ask_rest("projects/acme/bells/collections")["results"]}


def test_an_offline_run_brings_its_artifacts_once(runbell: Runbell) -> None:
    script_output(
        runbell,
        "offline",
        """
with wandb.init(entity="acme", project=ART, id="of", mode="offline") as run:
    run.log_artifact(artifact(b"one"), aliases=["best"])
say("done")
""",
    )
    (folder,) = (runbell.folder / "sdk" / "wandb").glob("offline-run-*")
    assert runbell.command("sync", "--include-synced", str(folder)).exit_code == 0
    (version,) = versions(runbell, "offline")
    assert (version["version"], sorted(version["aliases"]), version["run"]) == ("v0", ["best", "latest"], "of")


def test_who_may_only_look_logs_no_artifact(runbell: Runbell) -> None:
    logging = 'with wandb.init(entity="acme", project=ART) as run:\n    say(logged(run, b"one").version)'
    assert script_output(runbell, "seen", logging) == "v0"
    done = runbell.script(
        """
        import wandb
        try:
            artifact = wandb.Api().artifact("acme/art-newest/seen:v0")
            artifact.aliases.append("mine")
            artifact.save()
        except Exception as error:
            say([artifact.version, str(error)])
        """,
        person="vera",
    )
    assert done.said[0] == "v0"
    assert done.said[1] == "This takes the role member in the team acme; yours is viewer. Ask one of its admins."


def test_increments_and_parts_of_several_runs_are_stored(runbell: Runbell) -> None:
    said = script_output(
        runbell,
        "grown",
        """
def part(name, **more):
    made = wandb.Artifact("shards", type="dataset", **more)
    made.add_file(file(name, name.encode()), name=name)
    return made
with wandb.init(entity="acme", project=ART, id="increments") as run:
    table = wandb.Table(columns=["x"], log_mode="INCREMENTAL")
    for x in range(3):
        table.add_data(x)
        run.log({"table": table})
    for name in ("a", "b"):
        made = wandb.Artifact("grown", type="model", incremental=True)
        made.add_file(file(name, name.encode()), name=name)
        run.log_artifact(made).wait()
for rank in range(2):
    with wandb.init(entity="acme", project=ART, group="job") as run:
        run.upsert_artifact(part(f"rank{rank}")).wait()
with wandb.init(entity="acme", project=ART, group="job") as run:
    done = run.finish_artifact(part("last")).wait()
    try:
        run.log_artifact(part("far", storage_region="eu-west")).wait()
    except Exception as error:
        refused = str(error)
api = wandb.Api()
tables = api.artifact(f"acme/{ART}/run-increments-incr-table:latest")
newest = max(tables.manifest.entries).removesuffix(".table.json")
say([
    sorted(api.artifact(f"acme/{ART}/grown:latest").manifest.entries), done.version, sorted(done.manifest.entries),
    tables.version, [row[0] for row in tables.get(newest).data], refused,
])
""",
    )
    grown, version, shards, increments, rows, refused = said
    assert (grown, version, shards) == (["a", "b"], "v0", ["last", "rank0", "rank1"])
    assert (increments, rows) == ("v2", [0, 1, 2])
    assert "'eu-west' is no region of this Runbell" in refused


def test_a_file_of_a_run_is_fetched_where_it_is_there(runbell: Runbell) -> None:
    said = script_output(
        runbell,
        "none",
        """
with wandb.init(entity="acme", project=ART, id="restored", settings=wandb.Settings(x_file_stream_no_gzip=False)) as run:
    run.log({"loss": 0.5})
run = wandb.Api().run(f"acme/{ART}/restored")
missing = wandb.restore("nope.h5", run_path=f"acme/{ART}/restored")
say([len(run.files(["config.yaml"])), missing, [row["loss"] for row in run.scan_history(keys=["loss"])]])
""",
    )
    assert said == [1, None, [0.5]]
