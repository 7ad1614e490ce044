"""Automations through the unchanged SDK, against a Runbell that really runs, with its worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.processes import wait_until
from tests.slack_server import TOKEN, SlackServer
from tests.wandb_api.hook import Hook
from tests.wandb_api.sdk import PATIENCE, Runbell
from tests.wandb_api.triggers import INPUTS

pytestmark = pytest.mark.processes

BEFORE = """
import pathlib, wandb
from wandb.automations import *
from wandb.automations.events import *
api = wandb.Api()
def hook(name="retrain"):
    return next(one for one in api.webhook_integrations("acme") if one.name == name)
def alerts():
    return next(api.slack_integrations(entity="acme"))
def refused(call):
    try:
        call()
    except Exception as error:
        return [type(error).__name__, str(error)]
"""


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    receiver = Hook()
    yield receiver
    receiver.shutdown()


@pytest.fixture(scope="module")
def connected(shared_runbell: Runbell, hook: Hook) -> None:
    """The team has a webhook and a Slack channel."""
    shared_runbell.ask_rest("teams/acme/integrations/webhook", name="retrain", url=hook.url)
    shared_runbell.ask_rest("teams/acme/integrations/slack", name="alerts", channel_id="C002", token=TOKEN)


@pytest.fixture
def team(runbell: Runbell, connected: None) -> Runbell:
    return runbell


def said(runbell: Runbell, code: str, person: str = "alice", **variables: str) -> Any:
    done = runbell.script(f"{BEFORE}\n{code}", person, **variables)
    assert done.exit_code == 0, done.printed
    return done.said


# The recorded cases, by the SDK's own objects.
CASES = """
with wandb.init(entity="acme", project="auto") as run:
    pathlib.Path("m.txt").write_text("weights")
    made = wandb.Artifact("automodel", type="model")
    made.add_file("m.txt")
    run.log_artifact(made).wait()
    run.link_artifact(made, "wandb-registry-models/my-collection")
project, registry = api.project("auto", "acme"), api.registry("models", "research")
coll = api.artifact_collection("model", "acme/auto/automodel")
rcoll = api.artifact_collection("model", "org.research/wandb-registry-models/my-collection")
team, org = api.team("acme"), api.organization("research")
payload = {"event_type": "${event_type}", "author": "${event_author}", "nested": {"a": [1, "${artifact_version}"]}}
call = SendWebhook.from_integration(hook(), payload=payload)
bare = SendWebhook.from_integration(hook())
tell = SendNotification.from_integration(alerts(), title="T", text="body ${run_url}", level="WARN")
none, loss, E, A = DoNothing(), RunEvent.metric("loss"), RunEvent, ArtifactEvent
cases = {
    "thr_gt": OnRunMetric(scope=project, filter=loss.gt(10)) >> tell,
    "thr_avg": OnRunMetric(scope=project, filter=E.metric("val/acc").avg(5).gte(0.95)) >> call,
    "thr_min_lt": OnRunMetric(scope=project, filter=loss.min(3).lt(0.001)) >> none,
    "thr_max_lte": OnRunMetric(scope=project, filter=loss.max(3).lte(7)) >> none,
    "thr_with_run": OnRunMetric(scope=project, filter=loss.gt(10) & (E.name == "my-run")) >> call,
    "thr_run_regex": OnRunMetric(scope=project, filter=loss.gt(1.5)
                                 & (E.name.matches_regex("prod-.*") & ~E.name.contains("test"))) >> call,
    "chg_any_abs": OnRunMetric(scope=project, filter=loss.changes_by(diff=0.5)) >> none,
    "chg_inc_rel": OnRunMetric(scope=project, filter=loss.avg(10).increases_by(frac=0.25)) >> none,
    "chg_dec_abs": OnRunMetric(scope=project, filter=loss.mean(4).decreases_by(diff=2)) >> none,
    "z_abs": OnRunMetric(scope=project, filter=loss.zscore(30).abs().gt(3)) >> none,
    "z_gt": OnRunMetric(scope=project, filter=loss.zscore(20).gt(2.5)) >> none,
    "z_lt": OnRunMetric(scope=project, filter=loss.zscore(20).lt(-2)) >> none,
    "state_eq": OnRunState(scope=project, filter=E.state == "failed") >> tell,
    "state_in": OnRunState(scope=project, filter=E.state.in_(["running", "finished", "failed"])) >> call,
    "state_run": OnRunState(scope=project, filter=E.state.eq("finished") & E.name.in_(["a", "b"])) >> call,
    "create_coll": OnCreateArtifact(scope=coll) >> call,
    "create_coll_filter": OnCreateArtifact(scope=coll, filter=A.tag.eq("prod")) >> call,
    "alias_coll": OnAddArtifactAlias(scope=coll, filter=A.alias.eq("production")) >> call,
    "alias_coll_regex": OnAddArtifactAlias(scope=coll, filter=A.alias.matches_regex("^prod")) >> bare,
    "alias_project": OnAddArtifactAlias(scope=project, filter=A.alias.in_(["a", "b"])) >> call,
    "alias_registry": OnAddArtifactAlias(scope=registry, filter=A.alias.eq("production")) >> call,
    "alias_rcoll_or": OnAddArtifactAlias(scope=rcoll, filter=A.alias.eq("a") | A.alias.eq("b")) >> call,
    "link_registry": OnLinkArtifact(scope=registry) >> tell,
    "link_rcoll": OnLinkArtifact(scope=rcoll, filter=A.alias.eq("prod")) >> tell,
    "link_project": OnLinkArtifact(scope=project) >> none,
    "unlink_rcoll": OnUnlinkArtifact(scope=rcoll) >> none,
    "tag_coll": OnAddArtifactTag(scope=coll, filter=A.tag.eq("ok")) >> none,
    "untag_coll": OnRemoveArtifactTag(scope=coll) >> none,
    "ctag": OnAddCollectionTag(scope=project, filter=A.tag.eq("ok")) >> none,
    "cuntag": OnRemoveCollectionTag(scope=coll) >> none,
    "link_rcoll_iter": OnLinkArtifact(scope=next(iter(registry.collections()))) >> none,
    "team_state": OnRunState(scope=team, filter=E.state == "failed") >> none,
    "org_state": OnRunState(scope=org, filter=E.state == "failed") >> none,
    "sm": OnRunMetric(scope=project, filter=loss.avg(3).gt(1)) >> call,
    "sl": OnLinkArtifact(scope=coll) >> tell,
    "sc": OnCreateArtifact(scope=coll) >> none,
    "sa": OnAddArtifactAlias(scope=coll, filter=A.alias.eq("p")) >> none,
}
"""


def test_everything_the_sdk_can_say_is_made_read_back_changed_and_deleted(team: Runbell) -> None:
    found = said(
        team,
        CASES
        + """
from wandb.automations._inputs import prepare_event_filter_input as text
for name, case in cases.items():
    api.create_automation(case, name=name, description="desc " + name)
def state():
    listed = {one.name.removeprefix("x "): one for one in api.automations("acme", per_page=10)}
    return {name: [one.event.event_type.value, text(one.event.filter), one.scope.typename__,
                   one.action.action_type.value, one.enabled, one.description]
            for name, one in listed.items() if name in cases}
first = state()
payloads = [api.automation("thr_avg", entity="acme").action.request_payload == payload,
            api.automation("alias_coll_regex", entity="acme").action.request_payload]
told = api.automation("thr_gt", entity="acme").action
for one in [*api.automations("acme")]:
    if one.name in cases:
        api.update_automation(one, name="x " + one.name)
second = state()
legacy = sorted(one.name.removeprefix("x ") for one in api.automations() if one.name.removeprefix("x ") in cases)
for one in [*api.automations("acme")]:
    if one.name.startswith("x "):
        api.delete_automation(one)
say({"first": first, "second": second == first, "payloads": payloads, "legacy": legacy, "left": state(),
     "told": [told.title, told.message, told.severity.value]})
""",
    )
    assert found["first"] == {
        name: [case["eventType"], case["eventFilter"], case["scope"], case["actionType"], True, f"desc {name}"]
        for name, case in INPUTS.items()
    }
    assert found["second"] is True
    assert found["payloads"] == [True, None]
    assert found["told"] == ["T", "body ${run_url}", "WARN"]
    # As at W&B: without an entity the SDK walks projects, and those of a team or an organization are in none.
    assert found["legacy"] == sorted(set(INPUTS) - {"team_state", "org_state"})
    assert found["left"] == {}


def test_duplicates_unknown_ones_and_those_of_others_are_refused(team: Runbell) -> None:
    found = said(
        team,
        """
with wandb.init(entity="acme", project="dup"):
    pass
new = OnRunState(scope=api.project("dup", "acme"), filter=RunEvent.state == "failed") >> DoNothing()
wrong = SendWebhook.from_integration(hook(), payload={"a": "${nope}"})
made = api.create_automation(new, name="only")
same = api.create_automation(new, name="only", fetch_existing=True)
twice = refused(lambda: api.create_automation(new, name="only"))
gone = api.create_automation(new, name="gone")
deleted = api.delete_automation(gone)
say({"same": same.id == made.id, "twice": twice, "deleted": deleted,
     "again": refused(lambda: api.delete_automation(gone)),
     "update": refused(lambda: api.update_automation(gone, name="x")),
     "unknown": refused(lambda: api.automation("gone", entity="acme")),
     "bad": refused(lambda: api.create_automation(new, name="bad", action=wrong))})
""",
    )
    assert (found["same"], found["deleted"]) == (True, True)
    assert found["twice"][1] == "Automation 'only' exists. Unable to create another with the same name."
    assert found["update"][1] == "Automation 'x' not found. Unable to edit it."
    assert "There is no automation" in found["again"][1]
    assert found["unknown"][1] == "No automations found"
    assert "Unknown variable at line 1, column 7, ${nope}" in found["bad"][1]
    code = """
theirs = next(one for one in api.automations("acme") if one.name == "only")
say(refused(lambda: api.update_automation(theirs, name="mine")))
"""
    assert "member" in said(team, code, "vera")[1]
    assert said(team, 'say(refused(lambda: list(api.automations("acme"))))', "charlie") is not None


def test_what_was_made_here_shows_in_the_sdk_and_survives_it(team: Runbell) -> None:
    said(team, 'wandb.init(entity="acme", project="both").finish()\nsay(1)')
    scope = {"type": "project", "name": "acme/both"}
    made = team.ask_rest(
        "automations", name="ours", scope=scope, event="RUN_METRIC", cooldown_seconds=60, rate_limit=7,
        notify_on_recovery=True,
        conditions=[
            {"type": "metric_threshold", "metric": "loss", "comparison": "not_finite"},
            {"type": "run_user", "username": "bob"},
        ],
        action={"type": "send_webhook", "webhook": "retrain", "payload": '["${run_name}"]'},
    )  # fmt: skip
    found = said(
        team,
        """
ours = api.automation("ours", entity="acme")
after = api.update_automation(ours, name="renamed", enabled=False)
new = OnRunState(scope=api.project("both", "acme"), filter=RunEvent.state == "failed")
api.create_automation(new >> SendWebhook.from_integration(hook()), name="theirs")
say([ours.event.event_type.value, ours.action.integration.id == hook().id, after.name, after.enabled])
""",
    )
    assert found == ["RUN_METRIC", True, "renamed", False]
    after = team.ask_rest(f"automations/{made['id']}")
    assert {name for name in made if made[name] != after[name]} == {"name", "enabled", "updated_at"}
    theirs = next(one for one in team.ask_rest("automations?project=acme/both")["results"] if one["name"] == "theirs")
    assert (theirs["event"], theirs["conditions"]) == ("RUN_STATE", [{"type": "run_state", "states": ["failed"]}])
    assert "fails, call retrain" in theirs["sentence"]


def test_a_script_that_fails_reaches_a_webhook_of_an_automation_made_by_the_sdk(team: Runbell, hook: Hook) -> None:
    done = team.script(
        f"""{BEFORE}
wandb.init(entity="acme", project="fires").finish()
failed = (RunEvent.state == "failed") & RunEvent.name.matches_regex("^prod")
event = OnRunState(scope=api.project("fires", "acme"), filter=failed)
api.create_automation(event >> SendWebhook.from_integration(hook(), payload={{"run": "${{run_name}}"}}), name="fires")
for name in ("test-1", "prod-1"):
    try:
        with wandb.init(entity="acme", project="fires", name=name):
            raise RuntimeError(name)
    except RuntimeError:
        pass
"""
    )
    assert done.exit_code == 0, done.printed
    wait_until(lambda: hook.about("prod-1"), PATIENCE, "the webhook was called")
    assert not hook.about("test-1")


def test_a_metric_a_link_and_an_alias_reach_slack(team: Runbell, shared_slack: SlackServer) -> None:
    done = team.script(
        f"""{BEFORE}
def tell(title):
    text = "see ${{artifact_version_string}}"
    return SendNotification.from_integration(alerts(), title=title, text=text, level="ERROR")
wandb.init(entity="acme", project="tells").finish()
registry, project = api.registry("models", "research"), api.project("tells", "acme")
crossed = OnRunMetric(scope=project, filter=RunEvent.metric("loss").gt(5))
api.create_automation(crossed >> tell("metric crossed"), name="m")
api.create_automation(OnLinkArtifact(scope=registry) >> tell("version linked"), name="told of links")
api.create_automation(OnAddArtifactAlias(scope=registry, filter=ArtifactEvent.alias.eq("production"))
                      >> tell("in production"), name="told of aliases")
with wandb.init(entity="acme", project="tells", name="r") as run:
    run.log({{"loss": 9}})
    pathlib.Path("t.txt").write_text("told")
    made = wandb.Artifact("told", type="model")
    made.add_file("t.txt")
    run.log_artifact(made).wait()
    linked = run.link_artifact(made, "wandb-registry-models/told")
linked = api.artifact("org.research/wandb-registry-models/told:v0")
linked.aliases.append("production")
linked.save()
for one in api.automations("acme"):
    if one.name.startswith("told of"):
        api.delete_automation(one)
"""
    )
    assert done.exit_code == 0, done.printed
    for title in ("metric crossed", "version linked", "in production"):
        wait_until(lambda title=title: title in json.dumps(shared_slack.messages), PATIENCE, f"Slack was told: {title}")


def test_each_version_of_the_sdk_makes_changes_and_deletes_automations(any_sdk: Runbell, connected: None) -> None:
    version = any_sdk.variables["VERSION"]
    said(any_sdk, 'wandb.init(entity="acme", project="versions").finish()\nsay(1)')
    newer = f"newer than {version}"
    any_sdk.ask_rest(
        "automations", name=newer, scope={"type": "project", "name": "acme/versions"}, event="ADD_ARTIFACT_TAG",
        conditions=[], action={"type": "do_nothing"},
    )  # fmt: skip
    found = said(
        any_sdk,
        """
event = OnRunMetric(scope=api.project("versions", "acme"), filter=RunEvent.metric("loss").avg(3).gt(1))
call = SendWebhook.from_integration(hook(), payload={"a": "${run_name}"})
made = api.create_automation(event >> call, name=os.environ["VERSION"])
before = made.event.filter
after = api.update_automation(made, name="other " + made.name, enabled=False)
read = api.automation(after.name, entity="acme")
say([wandb.__version__, after.name, after.enabled, read.event.filter == before, read.action.request_payload,
     api.delete_automation(read),
     f"newer than {os.environ['VERSION']}" in [one.name for one in api.automations("acme")]])
""",
    )
    assert found[0].startswith(version)
    assert found[1:] == [f"other {version}", False, True, {"a": "${run_name}"}, True, version != "0.25"]
