"""The world in which the SDK was recorded: its runs, artifacts and registry, by the names and ids they had there."""

from __future__ import annotations

from artifacts.lineage import record_use
from artifacts.models import Collection, Registry, Upload, Version
from artifacts.services import add_collection_tags, get_or_create_collection
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.scopes import place_named
from automations.definitions.services import create_automation
from automations.models import Automation
from integrations.slack.models import SlackChannel, SlackWorkspace
from projects.history.row_batch import RowBatch
from projects.models import Project, Run
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from projects.runs.lifecycle import RunDetails, start_run
from projects.services import get_or_create_project
from registries.services import create_registry, link
from tests.artifacts.sending import sent
from tests.world import World
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.projects import sdk_project_view

# Names of the recorded world, as ours says them.
NAMES = {"acme-org": "research", "acme-org-entity": "org.research", "alice": "acme"}
_RUNS = (
    "api-20038",
    "api-20064",
    "api-20804",
    "fast-20753",
    "xr5j0mp8",
    "art-20056",
    "au-20127",
    "use-20029",
    "use-20795",
)
_CALL = {"type": "send_webhook", "webhook": "my-hook", "payload": '{"event": "${event_type}"}'}
_COLLECTIONS = ("lm-20034", "mymodel-20056", "automodel", "am-20804", "am-20038", "run-link-20800-m2.txt", "lm-20800")


def recorded_world(world: World) -> dict[str, str]:
    """Make it, and give what stands in the recorded variables by what it is here."""
    world.team.organization.admins.add(world.users["alice"])
    project = get_or_create_project(world.team, "demo")
    runs = {name: _run(world, project, name) for name in _RUNS}
    made = {name: _version(project, name, runs["api-20804"]) for name in _COLLECTIONS}
    other = _version(project, "am-20038", runs["api-20038"], digest="other")
    for version in (*made.values(), other):
        record_use(version, runs["use-20029"])
    registry = create_registry(world.team.organization, "model")
    linked = link(made["lm-20800"], registry, "my-collection", aliases=["production"]).entry
    add_collection_tags(made["lm-20800"].collection, ["coll-tag"])
    last = global_id("Run", runs["art-20056"].pk)
    return {
        **NAMES,
        "UnVuOjU=": last,
        "UnVuOjE1": last,
        **_automations(world, project, registry, linked.collection),
        # What is being sent is known by this id before and after.
        global_id("Artifact", 1): global_id("ArtifactUpload", Upload.objects.get(version=made["mymodel-20056"]).pk),
        global_id("Artifact", 3): global_id("Artifact", made["lm-20800"].pk),
        global_id("Artifact", 4): global_id("Artifact", made["run-link-20800-m2.txt"].pk),
        global_id("ArtifactCollection", 1): _id(linked.collection),
        global_id("ArtifactCollection", 3): _id(made["lm-20800"].collection),
        '{"id":1}': f'{{"id":{sdk_project_view(registry).number}}}',
    }


def _automations(world: World, project: Project, registry: Registry, collection: Collection) -> dict[str, str]:
    """Make a Slack channel, a webhook, and an automation in each place that was asked about."""
    workspace = SlackWorkspace.objects.create(team=world.team, slack_id="T001", name="acme-ws", token="xoxb-1")
    channel = SlackChannel.objects.create(team=world.team, name="alerts", workspace=workspace, channel_id="C002")
    webhook = world.webhook("http://hooks.test/hook", name="my-hook")
    notify = {"type": "notify_slack", "channel": "alerts", "title": "T", "text": "body"}
    sequence = Collection.objects.get(name="automodel")
    asked = [
        ("link_project-20043", {"name": "acme/demo"}, "LINK_MODEL", {"type": "do_nothing"}),
        ("link_project-20810", {"name": "acme/demo"}, "LINK_MODEL", {"type": "do_nothing"}),
        ("link_project-20127", {"name": "acme/demo"}, "LINK_MODEL", {"type": "do_nothing"}),
        ("alias_registry", _shared("registry", registry.name), "ADD_ARTIFACT_ALIAS", _CALL),
        ("link_rcoll", _shared("registry_collection", f"{registry.name}/{collection.name}"), "LINK_MODEL", notify),
    ]
    for name, scope, event, action in asked:
        place = place_named(scope)
        assert place is not None
        create_automation(place, AutomationDraft(name, event, [], action, f"desc {name}"), by=world.users["alice"])
    project_scoped = Automation.objects.get(name="link_project-20043")
    return {
        global_id("Integration", 1): global_id("SlackChannel", channel.pk),
        global_id("Integration", 2): global_id("Webhook", webhook.pk),
        global_id("Project", 2): global_id("Project", project.pk),
        global_id("ArtifactCollection", 8): _id(sequence),
        global_id("ArtifactCollection", 2): _id(sequence),
        **{global_id("Trigger", key): global_id("Trigger", project_scoped.pk) for key in (1, 22, 25)},
    }


def _shared(type_of: str, name: str) -> dict[str, str]:
    return {"type": type_of, "name": f"research/{name}", "team": "acme"}


def _run(world: World, project: Project, name: str) -> Run:
    rows = [{"_step": step, "_runtime": 0.1, "_timestamp": 1.79e9, "loss": step} for step in range(20)]
    system = RowBatch(0, [{"system.cpu": 1.5}])
    post = FileStreamPost(history=RowBatch(0, rows), system=system, output=(0, ["printed"]), uploaded=["config.yaml"])
    details = RunDetails(
        config={"lr": 0.1}, telemetry={"t": {"4": "3.11"}}, tags=["t1"], notes="n", group="g", job_type="t"
    )
    return ingest_file_stream(start_run(project, name, details, user=world.users["alice"]).run, post)


def _version(project: Project, name: str, run: Run, digest: str = "d1") -> Version:
    collection = get_or_create_collection(project, name, "model", description="cd")[0]
    return sent(
        collection,
        {"m.txt": b"weights"},
        digest,
        client_id=f"{name}-{digest}",
        description="d",
        metadata={"acc": 0.9},
        aliases=["prod-src"],
        tags=["tag-a"],
        history_step=20,
        run=run,
    )


def _id(collection: Collection) -> str:
    return global_id("ArtifactCollection", collection.pk)
