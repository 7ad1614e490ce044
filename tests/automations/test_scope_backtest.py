"""Backtest, explain and automations as code, for artifacts and for scopes beyond a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from artifacts import services as artifacts
from automations.definitions import as_code, scopes
from automations.definitions.scope_type import registry as scope_types
from automations.models import Automation, Execution
from automations.tasks import work
from events import event_types
from events.models import Event
from projects.runs.lifecycle import finish_run
from projects.services import create_project
from registries.models import RegistryRole
from registries.services import link, set_role_of_user
from tests.automations.places import AUTOMATIONS, CAUSES, NAMES, Places, listen
from tests.conftest import as_person
from tests.world import FAILED

PRODUCTION = {"type": "alias", "pattern": "^production$"}
SCOPES = [scope.key for scope in scope_types]
SHARED = [scope.key for scope in scope_types if scope.shared]
HEARD = [
    pytest.param(event.wire, scope, id=f"{event.wire}-{scope}")
    for event in event_types.registry
    for scope in SCOPES
    if scope in event.scopes
]


def body(scope: Mapping[str, str], event: str, *conditions: dict[str, Any], name: str = "bell") -> dict[str, Any]:
    action = {"type": "send_webhook", "webhook": "hook"}
    return {"name": name, "scope": scope, "event": event, "conditions": list(conditions), "action": action}


def scope_named(places: Places, scope: str, event: str = "ADD_ARTIFACT_ALIAS") -> dict[str, str]:
    collection = {"name": str(CAUSES[event].collection(places, scope))}
    return {"type": scope, **NAMES.get(scope, collection)}


# Backtest -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("event", "scope"), HEARD)
def test_a_backtest_finds_what_live_judgement_found(places: Places, api: APIClient, event: str, scope: str) -> None:
    cause, sent = CAUSES[event], scope_named(places, scope, event)
    made = api.post(AUTOMATIONS, body(sent, event, *cause.conditions), format="json").json()
    cause.happen(places, cause.collection(places, scope))
    work()
    live = list(Execution.objects.values_list("subject_label", "why"))
    assert len(live) == 1
    draft = body(sent, event, *cause.conditions, name="draft")
    for address, sent_body in ((f"{made['id']}/backtest", None), ("backtest", draft)):
        found = api.post(f"{AUTOMATIONS}/{address}", sent_body, format="json").json()
        # What happened before it was made counts in a backtest: versions and tags of the places themselves.
        assert live[0] in [(one["subject_label"], one["why"]) for one in found["firings"]]
        assert found["failures"] == []


def test_a_backtest_judges_aliases_and_tags_as_they_were(places: Places, api: APIClient) -> None:
    first = places.first(places.production)
    artifacts.add_aliases(first, ["production"])
    artifacts.remove_alias(first, "production")
    draft = body(scope_named(places, "registry"), "ADD_ARTIFACT_ALIAS", PRODUCTION)
    found = api.post(f"{AUTOMATIONS}/backtest", draft, format="json").json()
    assert [(one["subject_label"], one["why"]) for one in found["firings"]] == [
        ("research/wandb-registry-models/production:v0", "the alias production matches ^production$")
    ]
    # That of the first link is `latest`.
    assert found["judged"] == 2
    assert not Automation.objects.exists()


@pytest.mark.parametrize("columns", [{"conditions": [{"type": "moon"}]}, {"event_type": "artifact.exploded"}])
def test_what_cannot_be_read_is_refused(places: Places, api: APIClient, columns: dict[str, Any]) -> None:
    number = listen(api, "registry", "LINK_MODEL").json()["id"]
    Automation.objects.update(**columns)
    places.link_new()
    event = Event.objects.filter(kind="artifact.linked").latest("id").pk
    one = f"{AUTOMATIONS}/{number}"
    for answer in (api.post(f"{one}/backtest"), api.get(f"{one}/explain?event={event}")):
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["field"]) == (400, "automation")
        assert "Choose one of: " in error["message"]


# Explain -------------------------------------------------------------------------------------------


def explained(api: APIClient, number: int, kind: str) -> Any:
    event = Event.objects.filter(kind=kind).latest("id")
    return api.get(f"{AUTOMATIONS}/{number}/explain?event={event.pk}").json()


@pytest.mark.parametrize("scope", SCOPES)
def test_an_explanation_says_which_alias_did_not_match(places: Places, api: APIClient, scope: str) -> None:
    cause, sent = CAUSES["ADD_ARTIFACT_ALIAS"], scope_named(places, scope)
    number = api.post(AUTOMATIONS, body(sent, "ADD_ARTIFACT_ALIAS", PRODUCTION), format="json").json()["id"]
    cause.happen(places, cause.collection(places, scope))
    work()
    (found,) = explained(api, number, "artifact.alias_added")
    assert found["outcome"] == "It did not fire: no alias of champion matches ^production$."
    assert [one["holds"] for one in found["conditions"]] == [False]


@pytest.mark.parametrize("scope", SHARED)
def test_what_another_team_did_in_a_shared_scope_is_explained(places: Places, api: APIClient, scope: str) -> None:
    number = listen(api, scope, "LINK_MODEL").json()["id"]
    project = create_project(places.world.other_team, "theirs")
    theirs, _new = artifacts.get_or_create_collection(project, "model", "model")
    link(artifacts.create_version(theirs, "a").entry.version, places.registry, "production")
    work()
    assert Event.objects.latest("id").team == places.world.other_team
    (found,) = explained(api, number, "artifact.linked")
    assert (found["outcome"], found["execution_id"]) == (
        "It fired: every condition held.",
        Execution.objects.get().pk,
    )


def test_what_did_not_happen_in_the_scope_is_not_explained(places: Places, api: APIClient) -> None:
    number = listen(api, "registry", "ADD_ARTIFACT_ALIAS").json()["id"]
    artifacts.add_aliases(places.first(places.made), ["production"])
    assert explained(api, number, "artifact.alias_added") == []


def test_a_run_is_no_question_beyond_a_project(places: Places, api: APIClient) -> None:
    number = listen(api, "team", "RUN_STATE", FAILED).json()["id"]
    finish_run(places.world.run(), 1)
    (error,) = api.get(f"{AUTOMATIONS}/{number}/explain?run=run1").json()["errors"]
    assert (error["field"], error["message"]) == ("event", "'' is no event's number. Give event=123.")


# As code -------------------------------------------------------------------------------------------


def document(places: Places, *names: str) -> dict[str, Any]:
    return {
        "automations": [
            body(scope_named(places, scope), "ADD_ARTIFACT_ALIAS", PRODUCTION, name=f"of {scope}") for scope in names
        ]
    }


def verbs(document: Any, **options: Any) -> list[str]:
    return [step.verb for step in as_code.apply(document, scopes.place_named, by=None, **options)]


def test_a_document_makes_automations_in_every_scope_and_a_second_time_changes_nothing(places: Places) -> None:
    everywhere = document(places, *SCOPES)
    assert verbs(everywhere) == ["create"] * len(SCOPES)
    assert verbs(everywhere) == ["unchanged"] * len(SCOPES)
    exported = yaml.safe_load(yaml.safe_dump(as_code.export(Automation.objects.order_by("id"))))
    assert [one["scope"] for one in exported["automations"]] == [one["scope"] for one in everywhere["automations"]]
    Automation.objects.all().delete()
    assert verbs(exported) == ["create"] * len(SCOPES)


def test_a_filter_document_is_exported_and_applied_whole(places: Places) -> None:
    where = {"type": "artifact_filter", "document": {"$or": [{"$and": [{"alias": {"$in": ["a", "b"]}}]}]}}
    one = body(scope_named(places, "registry"), "LINK_MODEL", where)
    assert verbs({"automations": [one]}) == ["create"]
    exported = as_code.export(Automation.objects.all())
    assert exported["automations"][0]["conditions"] == [where]
    assert verbs(exported) == ["unchanged"]


@pytest.mark.parametrize("scope", SHARED)
def test_over_rest_nobody_changes_or_prunes_what_another_team_has_there(
    places: Places, api: APIClient, scope: str
) -> None:
    listen(api, scope, "LINK_MODEL", name="of acme")
    set_role_of_user(places.registry, "charlie", RegistryRole.ADMIN)
    places.world.team.organization.admins.add(places.world.users["charlie"])
    places.world.webhook("http://127.0.0.1:8009/", team=places.world.other_team)
    charlie = as_person(places.world.keys["charlie"])
    apply = f"{AUTOMATIONS}/apply?prune=true"
    theirs = {"type": scope, "name": NAMES[scope]["name"], "team": "other"}
    taken = charlie.post(apply, {"automations": [body(theirs, "LINK_MODEL", name="of acme")]}, format="json")
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (400, "automations.0.name")
    assert taken.json()["errors"][0]["message"] == (
        "There is an automation 'of acme' here already, of another team. Choose another name."
    )
    own = charlie.post(apply, {"automations": [body(theirs, "LINK_MODEL", name="of other")]}, format="json")
    assert [step["verb"] for step in own.json()] == ["create"]
    assert Automation.objects.get(name="of acme").deleted_at is None


@pytest.mark.parametrize(
    ("scope", "path", "said"),
    [
        ("acme", "scope.name", "'acme' names no project; write it like acme/mnist."),
        ({"type": "moon", "name": "x"}, "scope.type", "'moon' is no scope. Choose one of: project, "),
        ({"type": "registry", "name": "research/models"}, "scope.team", "Say whose integrations and secrets"),
        ({"type": "team", "name": "acme", "teem": "x"}, "scope.teem", "There is no field 'teem'. Fields are: name, "),
        (
            {"type": "registry", "name": "research/no", "team": "acme"},
            "scope",
            "There is no registry 'research/no' for the team 'acme' here. Write it like research/model.",
        ),
        ({"type": "registry", "name": "research/models", "team": "acme"}, "event", "RUN_STATE does not happen in a"),
    ],
    ids=["form", "type", "no team", "unknown field", "none", "event"],
)
def test_a_scope_that_cannot_be_is_refused_with_its_line(
    places: Places, tmp_path: Any, scope: Any, path: str, said: str
) -> None:
    file = tmp_path / "automations.yaml"
    file.write_text(yaml.safe_dump({"automations": [body(scope, "RUN_STATE", FAILED)]}))
    with pytest.raises(CommandError) as refused:
        call_command("automations", "apply", str(file))
    assert f": automations.0.{path}: {said}" in str(refused.value)
    assert not Automation.objects.exists()
