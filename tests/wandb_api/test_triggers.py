"""Automations through the SDK's own operations, in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest
from wandb.automations import Automation as Read
from wandb.automations._generated import TriggerFields
from wandb.automations._inputs import prepare_to_update

from automations.models import Automation, Cooldown
from integrations.slack.models import SlackChannel
from integrations.webhook.models import Webhook
from integrations.webhook.sharing import set_sharing
from projects.services import create_project
from registries.services import create_registry
from teams.models import AuditEvent, Membership, Role, Team
from tests.automations.places import Places, make_places
from tests.wandb_api.conftest import GraphQL
from tests.wandb_api.triggers import DOCUMENTS, INPUTS
from tests.world import FAILED, World, threshold
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.projects import sdk_project_view

NO_OP = {"triggeredActionType": "NO_OP", "triggeredActionConfig": {"noOpActionInput": {"noOp": True}}}
FAILS = {
    "triggeringEventType": "RUN_STATE",
    "eventFilter": '{"run_filter":"{\\"$and\\":[]}","run_state_filter":{"states":["FAILED"]}}',
}
PAYLOAD = '{"event":"${event_type}"}'


@pytest.fixture
def places(world: World) -> Places:
    world.webhook("http://hooks.test/hook")
    SlackChannel.objects.create(team=world.team, name="alerts", webhook_url="https://hooks.slack.com/services/T/B/x")
    return make_places(world)


@pytest.fixture
def ids(places: Places) -> dict[str, str]:
    """The ids of every scope, as the SDK gets them."""
    world = places.world
    return {
        "Project": global_id("Project", world.project.pk),
        "Registry": sdk_project_view(places.registry).id,
        "ArtifactSequence": global_id("ArtifactCollection", places.made.pk),
        "ArtifactPortfolio": global_id("ArtifactCollection", places.production.pk),
        "Entity": global_id("Entity", world.team.pk),
        "Organization": global_id("OrganizationEntity", world.team.organization_id),
    }


def calling(name: str = "hook", payload: str | None = PAYLOAD) -> dict[str, Any]:
    id = global_id("Webhook", Webhook.objects.get(name=name).pk)
    config = {"genericWebhookActionInput": {"integrationID": id, "requestPayload": payload}}
    return {"triggeredActionType": "GENERIC_WEBHOOK", "triggeredActionConfig": config}


def notifying() -> dict[str, Any]:
    id = global_id("SlackChannel", SlackChannel.objects.get().pk)
    said = {"integrationID": id, "title": "T", "message": "${run_name}", "severity": "WARN"}
    return {"triggeredActionType": "NOTIFICATION", "triggeredActionConfig": {"notificationActionInput": said}}


def trigger_input(scope_id: str, **changes: Any) -> dict[str, Any]:
    return {"name": "bell", "enabled": True, "scopeType": "PROJECT", "scopeID": scope_id, **FAILS, **NO_OP, **changes}


def create(graphql: GraphQL, scope_id: str, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = graphql.data(DOCUMENTS["CreateAutomation"], input=trigger_input(scope_id, **changes))[
        "result"
    ]["trigger"]
    return made


def refused(graphql: GraphQL, document: str, **variables: Any) -> tuple[int, str]:
    status, body = graphql.send(DOCUMENTS[document], **variables)
    return status, body["errors"][0]["message"]


def triggers_listed(graphql: GraphQL, entity: str = "acme", **more: Any) -> list[dict[str, Any]]:
    found = graphql.data(DOCUMENTS["GetEntityAutomations"], entity=entity, **more)
    return [edge["node"] for edge in found["scope"]["triggers"]["edges"]]


def changed(graphql: GraphQL, trigger: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Do what `api.update_automation(automation, ...)` does, with the SDK's own code."""
    read = Read.model_validate(TriggerFields.model_validate_json(json.dumps(trigger)))
    sent = prepare_to_update(read, **changes).model_dump()
    made: dict[str, Any] = graphql.data(DOCUMENTS["UpdateAutomation"], input=sent)["result"]["trigger"]
    return made


def _audit_rows() -> Any:
    return AuditEvent.objects.filter(verb__startswith="automation.").order_by("pk")


@pytest.mark.parametrize("name", INPUTS)
def test_every_recorded_automation_is_made_and_reads_back_as_it_was_sent(
    name: str, graphql: GraphQL, ids: dict[str, str]
) -> None:
    case = INPUTS[name]
    is_registry, is_organization = "_registry" in name, name.startswith("org_")
    scope = "Registry" if is_registry else "Organization" if is_organization else case["scope"]
    action = {"GENERIC_WEBHOOK": calling, "NOTIFICATION": notifying, "NO_OP": lambda: NO_OP}[case["actionType"]]()
    event = {"triggeringEventType": case["eventType"], "eventFilter": case["eventFilter"]}
    made = create(graphql, ids[scope], scopeType=case["scopeType"], **event, **action)
    assert made["event"] == {
        "__typename": "FilterEventTriggeringCondition", "eventType": case["eventType"],
        "filter": case["eventFilter"] if case["eventType"].startswith("RUN_")
        else json.dumps({"filter": case["eventFilter"]}, separators=(",", ":")),
    }  # fmt: skip
    assert (made["scope"]["__typename"], made["scope"]["id"]) == (case["scope"], ids[scope])
    assert made["enabled"] is True and made["description"] is None and made["createdAt"]
    assert [one["id"] for one in triggers_listed(graphql)] == [made["id"]]


def test_actions_read_back_as_sent(graphql: GraphQL, ids: dict[str, str]) -> None:
    called = create(graphql, ids["Project"], **calling())["action"]
    assert called["requestPayload"] == PAYLOAD
    assert (called["integration"]["name"], called["integration"]["urlEndpoint"]) == ("hook", "http://hooks.test/hook")
    told = create(graphql, ids["Project"], **{"name": "slack", **notifying()})["action"]
    assert (told["title"], told["message"], told["severity"]) == ("T", "${run_name}", "WARN")
    assert (told["integration"]["channelName"], told["integration"]["teamName"]) == ("#alerts", "")
    assert create(graphql, ids["Project"], name="none")["action"] == {"__typename": "NoOpTriggeredAction", "noOp": True}


def test_no_payload_of_its_own_stays_none(graphql: GraphQL, ids: dict[str, str]) -> None:
    made = create(graphql, ids["Project"], **calling(payload=None))
    assert made["action"]["requestPayload"] is None
    assert changed(graphql, made, name="other")["action"]["requestPayload"] is None
    assert "${event_type}" in Automation.objects.get().action["payload"]


def test_a_name_that_is_taken_is_a_conflict_and_only_in_its_scope(graphql: GraphQL, ids: dict[str, str]) -> None:
    create(graphql, ids["Project"])
    status, message = refused(graphql, "CreateAutomation", input=trigger_input(ids["Project"]))
    assert (status, message) == (409, "name: There is an automation 'bell' here already. Choose another name.")
    create(graphql, ids["Entity"], scopeType="ENTITY")
    assert Automation.objects.count() == 2


def test_what_is_not_there_is_not_found(graphql: GraphQL, ids: dict[str, str]) -> None:
    unknown = global_id("Trigger", 999)
    assert refused(graphql, "UpdateAutomation", input={**trigger_input(ids["Project"]), "id": unknown})[0] == 404
    assert refused(graphql, "DeleteAutomation", id=unknown)[0] == 404
    for id in (global_id("Project", 999), global_id("Run", 1), "x"):
        assert refused(graphql, "CreateAutomation", input=trigger_input(id))[0] == 404
    assert not Automation.objects.exists()


@pytest.mark.parametrize(("person", "status"), [("bob", 200), ("vera", 403), ("charlie", 404)])
def test_members_change_automations_viewers_do_not_and_strangers_see_none(
    world: World, ids: dict[str, str], person: str, status: int
) -> None:
    there = global_id("Trigger", world.automation(FAILED).pk)
    theirs = GraphQL(world.keys[person])
    codes = [
        theirs.send(DOCUMENTS["CreateAutomation"], input=trigger_input(ids["Project"]))[0],
        theirs.send(DOCUMENTS["UpdateAutomation"], input={"id": there, "name": "other"})[0],
        theirs.send(DOCUMENTS["DeleteAutomation"], id=there)[0],
    ]
    assert codes == [status] * 3
    assert Automation.objects.filter(deleted_at=None).count() == 1


def test_a_webhook_of_another_team_is_not_there_or_where_its_team_forbids_it_not_to_be_used(
    world: World, graphql: GraphQL, ids: dict[str, str]
) -> None:
    Webhook.objects.create(team=world.other_team, name="theirs", url="http://hooks.test/theirs")
    assert refused(graphql, "CreateAutomation", input=trigger_input(ids["Project"], **calling("theirs")))[0] == 404
    Membership.objects.create(team=world.other_team, user=world.users["alice"], role=Role.MEMBER)
    set_sharing(world.other_team, False)
    status, message = refused(graphql, "CreateAutomation", input=trigger_input(ids["Project"], **calling("theirs")))
    assert (status, message) == (
        422, "action: 'theirs' belongs to the team other, and here the team acme acts. Use one of its own.",
    )  # fmt: skip
    assert not Automation.objects.exists()


def test_a_webhook_of_another_team_is_listed_and_used_by_who_belongs_to_both(
    world: World, graphql: GraphQL, ids: dict[str, str]
) -> None:
    Webhook.objects.create(team=world.other_team, name="theirs", url="http://hooks.test/theirs")
    Membership.objects.create(team=world.other_team, user=world.users["alice"], role=Role.MEMBER)
    listed = graphql.data(DOCUMENTS["IntegrationsByEntity"], entity="acme", perPage=10)["entity"]["integrations"]
    assert [edge["node"].get("name") for edge in listed["edges"]][-2:] == ["hook", "theirs"]
    made = create(graphql, ids["Project"], **calling("theirs"))
    assert made["action"]["integration"]["name"] == "theirs"
    changed(graphql, made, description="new")
    graphql.data(DOCUMENTS["UpdateAutomation"], input={"id": made["id"], **calling("hook")})
    row = Automation.objects.get()
    assert (row.description, row.team, row.shared_with) == ("new", world.team, None)
    graphql.data(DOCUMENTS["UpdateAutomation"], input={"id": made["id"], **calling("theirs")})
    row.refresh_from_db()
    assert (row.team, row.shared_from, row.shared_with) == (world.team, world.other_team, world.users["alice"])
    assert triggers_listed(GraphQL(world.keys["bob"]))[0]["name"] == "bell"


def test_in_a_shared_scope_the_team_of_the_webhook_acts_and_else_ones_own(
    world: World, graphql: GraphQL, ids: dict[str, str]
) -> None:
    Membership.objects.create(team=world.other_team, user=world.users["alice"], role=Role.MEMBER)
    Webhook.objects.create(team=world.other_team, name="theirs", url="http://hooks.test/theirs")
    linked = {"triggeringEventType": "LINK_MODEL", "eventFilter": "{}"}
    create(graphql, ids["Registry"], **linked, **calling("theirs"))
    create(graphql, ids["Registry"], **{"name": "none", **linked})
    assert {row.name: row.team.name for row in Automation.objects.all()} == {"bell": "other", "none": "acme"}


def test_refusals_are_those_of_pages_and_rest(graphql: GraphQL, ids: dict[str, str]) -> None:
    wrong = {
        "unknown variable": calling(payload='{"a": "${no_such}"}'),
        "event": {"triggeringEventType": "LINK_MODEL", "scopeType": "ENTITY", "eventFilter": '{"alais": "x"}'},
        "no metric": {"triggeringEventType": "RUN_METRIC", "eventFilter": "{}"},
        "no JSON": {"eventFilter": "{"},
        "operator": {
            "eventFilter": '{"run_filter": {"name": {"$where": 1}}, "run_state_filter": {"states": ["FAILED"]}}'
        },
        "action": {"triggeredActionType": "ARIA", "triggeredActionConfig": {"ariaActionInput": {"prompt": "x"}}},
    }
    said = {
        name: refused(graphql, "CreateAutomation", input=trigger_input(ids["Project"], **one))
        for name, one in wrong.items()
    }
    assert {status for status, _ in said.values()} == {422}, said
    assert "no_such" in said["unknown variable"][1] and said["unknown variable"][1].startswith("action.payload: ")
    assert "'alais' is no field here" in said["event"][1]
    assert said["no metric"][1].startswith("conditions: RUN_METRIC needs the condition metric_threshold")
    assert said["no JSON"][1].startswith("eventFilter: ") and "$where" in said["operator"][1]
    assert "'ARIA' is no action here" in said["action"][1]
    assert not Automation.objects.exists()


def test_a_rename_by_the_sdk_leaves_everything_that_it_has_no_words_for(
    world: World, graphql: GraphQL, places: Places
) -> None:
    made = world.automation(
        threshold(comparison="not_finite"), {"type": "run_user", "username": "bob"}, event="RUN_METRIC",
        description="Why", cooldown_seconds=60, rate_limit=7, notify_on_recovery=True,
        action={"payload": '["${run_name}"]'},
    )  # fmt: skip
    Cooldown.objects.create(automation=made, subject="run:1", fired_at=made.created_at)
    before = Automation.objects.values().get()
    said = changed(graphql, triggers_listed(graphql)[0], name="renamed")
    after = Automation.objects.values().get()
    assert said["name"] == after["name"] == "renamed"
    assert {name for name in before if before[name] != after[name]} == {"name", "updated_at"}
    assert Cooldown.objects.filter(automation=made).exists()


def test_an_event_and_an_action_of_our_own_survive_the_sdk(
    world: World, graphql: GraphQL, places: Places, settings: Any
) -> None:
    settings.EMAIL_HOST = "127.0.0.1"
    world.automation(event="RUN_ALERT", action={"type": "send_email", "to": ["ada@acme.test"], "subject": "S"})
    before = Automation.objects.get().action
    shown = triggers_listed(graphql)[0]
    assert (shown["event"]["eventType"], shown["action"]["__typename"]) == ("RUN_STATE", "NoOpTriggeredAction")
    changed(graphql, shown, name="renamed", enabled=False)
    kept = Automation.objects.get()
    assert (kept.name, kept.enabled, kept.event_type, kept.conditions) == ("renamed", False, "run.alert", [])
    assert (kept.action_type, kept.action) == ("send_email", before)


@pytest.mark.parametrize(
    ("agent", "listed", "left_out"),
    [
        ("W&B Public Client 0.25.1", {"failed"}, 2),
        ("W&B Public Client 0.26.1", {"failed"}, 2),
        ("W&B Public Client 0.27.2", {"failed", "tagged"}, 1),
        ("W&B Public Client 0.28.2", {"failed", "tagged", "of the team"}, 0),
        ("W&B Public Client 0.31.0", {"failed", "tagged", "of the team"}, 0),
        ("wandb-core", {"failed", "tagged", "of the team"}, 0),
    ],
)
def test_what_a_version_cannot_read_is_left_out_of_its_answer_and_counted_in_the_log(
    world: World, ids: dict[str, str], agent: str, listed: set[str], left_out: int, caplog: pytest.LogCaptureFixture
) -> None:
    newest = GraphQL(world.keys["alice"])
    tagged = {"triggeringEventType": "ADD_ARTIFACT_TAG", "eventFilter": '{"filter": "{\\"$and\\": []}"}'}
    create(newest, ids["Project"], name="failed")
    create(newest, ids["Project"], name="tagged", **tagged)
    create(newest, ids["Entity"], name="of the team", scopeType="ENTITY")
    asking = GraphQL(world.keys["alice"], agent)
    assert {one["name"] for one in triggers_listed(asking)} == listed
    told = [record.getMessage() for record in caplog.records if "cannot read" in record.getMessage()]
    assert told == (
        [f"{agent} cannot read {left_out} automations of a newer kind: left out of its answer"] * (left_out > 0)
    )


def test_an_automation_whose_webhook_is_gone_is_read_and_can_be_turned_off(
    world: World, graphql: GraphQL, places: Places
) -> None:
    made = world.automation(FAILED)
    Webhook.objects.all().delete()
    shown = triggers_listed(graphql)[0]
    assert changed(graphql, shown, enabled=False)["enabled"] is False
    made.refresh_from_db()
    assert (made.enabled, made.conditions) == (False, [FAILED])


def test_an_update_changes_what_it_says_and_is_audited(graphql: GraphQL, ids: dict[str, str]) -> None:
    made = create(graphql, ids["Project"], description="old", **calling())
    sent = {
        "id": made["id"], "name": "other", "description": None, "enabled": False, "scopeType": "PROJECT",
        "scopeID": ids["Project"], "triggeringEventType": "RUN_METRIC_ZSCORE",
        "eventFilter": INPUTS["z_gt"]["eventFilter"], **notifying(),
    }  # fmt: skip
    said = graphql.data(DOCUMENTS["UpdateAutomation"], input=sent)["result"]["trigger"]
    assert (said["name"], said["description"], said["enabled"]) == ("other", None, False)
    assert (said["event"]["eventType"], said["event"]["filter"]) == ("RUN_METRIC_ZSCORE", INPUTS["z_gt"]["eventFilter"])
    assert said["action"]["message"] == "${run_name}"
    assert list(_audit_rows().values_list("verb", "actor", "door")) == [
        ("automation.create", "alice", "sdk"), ("automation.change", "alice", "sdk"),
    ]  # fmt: skip


def test_an_update_moves_an_automation_to_another_scope(graphql: GraphQL, ids: dict[str, str]) -> None:
    linked = {"triggeringEventType": "LINK_MODEL", "eventFilter": "{}"}
    made = create(graphql, ids["Project"], **linked, **calling())
    sent = {"id": made["id"], "scopeType": "ARTIFACT_COLLECTION", "scopeID": ids["ArtifactPortfolio"]}
    said = graphql.data(DOCUMENTS["UpdateAutomation"], input=sent)["result"]["trigger"]
    assert said["scope"]["id"] == ids["ArtifactPortfolio"]
    moved = Automation.objects.get()
    assert (moved.scope_type, moved.scope_name, moved.project) == (
        "registry_collection", "research/models/production", None,
    )  # fmt: skip
    assert moved.scope == moved.collection.scopes[0]


def test_integrations_are_those_of_the_team(world: World, graphql: GraphQL, places: Places) -> None:
    Webhook.objects.create(team=world.other_team, name="theirs", url="http://hooks.test/theirs")
    page = {"entity": "acme", "perPage": 1}
    found = graphql.data(DOCUMENTS["IntegrationsByEntity"], **page)["entity"]["integrations"]
    assert [edge["node"]["__typename"] for edge in found["edges"]] == ["SlackIntegration"]
    more = {**page, "cursor": found["pageInfo"]["endCursor"]}
    rest = graphql.data(DOCUMENTS["IntegrationsByEntity"], **more)["entity"]["integrations"]
    assert [edge["node"]["name"] for edge in rest["edges"]] == ["hook"]
    assert rest["pageInfo"]["hasNextPage"] is False


def test_a_webhook_is_made_by_an_admin_and_nobody_else(world: World, graphql: GraphQL) -> None:
    asked_for = {"entityName": "acme", "name": "new", "urlEndpoint": "https://hooks.test/new"}
    made = graphql.data(DOCUMENTS["CreateGenericWebhookIntegration"], input=asked_for)
    assert "new" in json.dumps(made) and Webhook.objects.get().name == "new"
    assert refused(graphql, "CreateGenericWebhookIntegration", input=asked_for)[0] == 409
    for person, status in (("bob", 403), ("charlie", 404)):
        theirs = GraphQL(world.keys[person])
        assert refused(theirs, "CreateGenericWebhookIntegration", input={**asked_for, "name": "x"})[0] == status


def test_lists_are_paged_filtered_and_hold_what_the_person_sees(
    world: World, graphql: GraphQL, ids: dict[str, str]
) -> None:
    for number in range(3):
        create(graphql, ids["Project"], name=f"a{number}")
    create(graphql, ids["Registry"], name="r", **{"triggeringEventType": "LINK_MODEL", "eventFilter": "{}"})
    create(graphql, ids["Organization"], name="o", scopeType="ENTITY")
    assert [one["name"] for one in triggers_listed(graphql, perPage=2)] == ["a0", "a1"]
    assert [one["name"] for one in triggers_listed(graphql, filters='{"name":"a2"}')] == ["a2"]
    assert [one["name"] for one in triggers_listed(graphql, entity="org.research")] == ["r", "o"]
    walked = graphql.data(DOCUMENTS["GetAutomationsLegacy"])["scope"]["projects"]["edges"]
    assert sorted(one["name"] for edge in walked for one in edge["node"]["triggers"]) == ["a0", "a1", "a2", "r"]
    theirs = GraphQL(world.keys["charlie"]).data(DOCUMENTS["GetAutomationsLegacy"])["scope"]["projects"]["edges"]
    assert not [one for edge in theirs for one in edge["node"]["triggers"]]


def test_every_project_of_all_teams_and_every_registry_is_walked(world: World, graphql: GraphQL) -> None:
    third = Team.objects.create(organization=world.team.organization, name="third")
    Membership.objects.create(team=third, user=world.users["alice"], role=Role.VIEWER)
    create_project(third, "seen")
    create_project(world.other_team, "hidden")
    create_registry(world.team.organization, "models")
    query = "{ viewer { projects(first: 50) { edges { node { name } } } } }"
    names = [edge["node"]["name"] for edge in graphql.data(query)["viewer"]["projects"]["edges"]]
    assert sorted(names) == ["mnist", "seen", "wandb-registry-models"]


def test_a_list_costs_the_same_number_of_queries_however_long(
    graphql: GraphQL, ids: dict[str, str], django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        create(graphql, ids["Project"], name=f"a{number}", **(calling() if number % 2 else notifying()))
    with django_assert_max_num_queries(20):
        assert len(triggers_listed(graphql)) == 8
