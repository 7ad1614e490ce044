"""What every plug-in owes to those who read of it: its schema, its example and its place, over the registries.

Each stands in the catalog and in the OpenAPI document, REST accepts its example, and what is wrong with it is refused
by both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django import forms
from django.db import transaction
from django.test import override_settings
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers

from artifacts.services import create_version, get_or_create_collection
from automations.actions import action as actions
from automations.actions.action import Action, actions_of
from automations.api import plugin_schemas
from automations.api.catalog import catalog as catalog_of
from automations.conditions import condition as conditions
from automations.conditions.condition import Condition
from automations.definitions import scope_type
from automations.definitions.scope_type import ScopeType
from automations.models import Automation
from automations.parameters import Parameters
from common.http.form_schema import field_schema
from common.http.serializers import OnlyKnownFields
from common.plugins import Plugin
from events import event_types
from events.event_types import EventType
from integrations.kind import registry as kinds
from integrations.models import Integration
from integrations.rest.catalog import CatalogWithKinds
from integrations.slack.models import SlackChannel
from integrations.stored_kind import StoredKind
from outbound.provider import Provider
from outbound.provider import registry as providers
from registries.services import create_registry, link
from tests.access.place import with_key
from tests.json_schema import check_schema, dialect, validator
from tests.world import World, make_world

# What plug-ins say of themselves, and what REST makes of it: the same whichever database stores it.
pytestmark = pytest.mark.any_database

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

ACTIONS, CONDITIONS = list(actions.registry), list(conditions.registry)
EVENTS, SCOPES = list(event_types.registry), list(scope_type.registry)
REGISTRIES = {
    "events": EVENTS,
    "scopes": SCOPES,
    "conditions": CONDITIONS,
    "actions": ACTIONS,
    "kinds": list(CatalogWithKinds().kinds()),
}
PLUGINS = [pytest.param(group, one, id=f"{group}-{one.key}") for group, listed in REGISTRIES.items() for one in listed]
# Those a person writes parameters for.
WITH_FORM = [*CONDITIONS, *ACTIONS, *(kind for kind in REGISTRIES["kinds"] if hasattr(kind, "Form"))]
FIELDS = [(one, name) for one in WITH_FORM for name in one.Form.base_fields]
# Where OpenAPI tells by `type` what stands there, and what may.
UNIONS = {"AutomationCondition": CONDITIONS, "AutomationAction": ACTIONS, "AutomationScope": SCOPES}


def key_of(value: Any) -> str | None:
    return getattr(value, "key", None)


def catalog() -> dict[str, list[dict[str, Any]]]:
    return catalog_of(CatalogWithKinds().kinds())


def entry(group: str, plugin: type[Plugin]) -> dict[str, Any]:
    return next(one for one in catalog()[group] if one["key"] == plugin.key)


def document() -> dict[str, Any]:
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return document()


def event_of(action: type[Action]) -> type[EventType]:
    """Give an event that the action fits."""
    return next(event for event in EVENTS if action in actions_of(event.key))


def component(openapi: dict[str, Any], name: str) -> Draft202012Validator:
    return validator({"$ref": f"#/components/schemas/{name}", "components": openapi["components"]})


# Where it stands -----------------------------------------------------------------------------------


@pytest.mark.parametrize("group", REGISTRIES)
def test_the_catalog_has_every_key_once(group: str) -> None:
    assert sorted(one["key"] for one in catalog()[group]) == sorted(one.key for one in REGISTRIES[group])


@pytest.mark.parametrize("direction", ["", "Request"])
@pytest.mark.parametrize("name", UNIONS)
def test_openapi_tells_every_key_by_its_type(openapi: dict[str, Any], name: str, direction: str) -> None:
    schemas = openapi["components"]["schemas"]
    union = schemas[name + direction]
    assert union["discriminator"]["propertyName"] == "type"
    assert list(union["discriminator"]["mapping"]) == [one.key for one in UNIONS[name]]
    assert union["oneOf"] == [{"$ref": place} for place in union["discriminator"]["mapping"].values()]
    for key, place in union["discriminator"]["mapping"].items():
        assert schemas[place.rpartition("/")[2]]["properties"]["type"]["const"] == key


def test_openapi_names_every_event_and_every_kind(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    assert schemas["EventName"]["enum"] == [event.wire for event in EVENTS]
    assert [event.key for event in EVENTS if f"({event.key})" not in schemas["EventName"]["description"]] == []
    assert sorted(schemas["IntegrationKind"]["enum"]) == sorted(kind.key for kind in REGISTRIES["kinds"])


@pytest.mark.parametrize("name", ["Automation", "AutomationRequest", "PatchedAutomationRequest"])
def test_an_automation_refers_to_them(openapi: dict[str, Any], name: str) -> None:
    fields, direction = openapi["components"]["schemas"][name]["properties"], "Request" * name.endswith("Request")
    places = {
        "AutomationScope": fields["scope"],
        "AutomationCondition": fields["conditions"]["items"],
        "AutomationAction": fields["action"]["allOf"][0],
        "EventName": fields["event"]["allOf"][0],
    }
    assert places == {key: {"$ref": f"#/components/schemas/{key}{direction}"} for key in places}


@pytest.mark.parametrize(("group", "plugin"), PLUGINS)
def test_it_says_what_people_read_of_it(group: str, plugin: type[Plugin]) -> None:
    found = entry(group, plugin)
    assert (found["label"], found["help"].split()) == (str(plugin.label), (plugin.__doc__ or "").split())
    assert found["label"] and found["help"]


@pytest.mark.parametrize("event", EVENTS, ids=key_of)
def test_what_belongs_to_an_event_is_said_on_both_sides(event: type[EventType]) -> None:
    found, all_of_it = entry("events", event), catalog()
    assert found["wire"] == event.wire
    for group in ("scopes", "conditions"):
        assert sorted(found[group]) == sorted(one["key"] for one in all_of_it[group] if event.key in one["events"])
    assert found["defined_by"] == [one["key"] for one in all_of_it["conditions"] if event.key in one["defines"]]


@pytest.mark.parametrize("action", ACTIONS, ids=key_of)
def test_an_action_and_its_kind_name_each_other(action: type[Action]) -> None:
    found = entry("actions", action)
    assert (found["wire"], found["kind"]) == (action.wire, action.kind)
    assert [kind["key"] for kind in catalog()["kinds"] if action.key in kind["actions"]] == [action.kind]


# Its schema and its example ------------------------------------------------------------------------


@pytest.mark.parametrize(("plugin", "name"), FIELDS, ids=key_of)
def test_every_field_of_its_form_has_a_schema(plugin: Any, name: str) -> None:
    check_schema(field_schema(plugin.Form.base_fields[name]))


@pytest.mark.parametrize(("group", "plugin"), PLUGINS)
def test_its_example_fits_its_schema(group: str, plugin: type[Plugin]) -> None:
    found = entry(group, plugin)
    if found["schema"] is None:
        assert not hasattr(plugin, "Form") and not hasattr(plugin, "sent_serializer")
        return
    check_schema(found["schema"])
    assert found["schema"]["$schema"] == dialect()
    validator(found["schema"]).validate(found["example"])


@pytest.fixture(scope="module")
def shared(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Everything that the examples name."""
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=[hasher]), transaction.atomic():
        world = make_world()
        world.team.organization.admins.add(world.users["alice"])
        world.webhook("http://127.0.0.1:8009/", name="retrain-hook")
        SlackChannel.objects.create(team=world.team, name="alerts", webhook_url="http://127.0.0.1:8009/")
        for kind in kinds:
            if issubclass(kind, StoredKind):
                Integration.objects.create(team=world.team, kind=kind.key, name=kind.example["name"])
        made, _new = get_or_create_collection(world.project, "model", "model")
        registry = create_registry(world.team.organization, "model")
        link(create_version(made, "d0").entry.version, registry, "production")
        yield world
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def mail_is_set_up(settings: Any) -> None:
    settings.EMAIL_HOST = "127.0.0.1"


def save(
    world: World,
    event: type[EventType],
    *,
    scope: type[ScopeType] | None = None,
    narrowed_by: dict[str, Any] | None = None,
    action: dict[str, Any] | None = None,
) -> Any:
    """Post the event's example, with these in it."""
    body = plugin_schemas.example_of_event(event)
    if narrowed_by:
        body["conditions"] = [one for one in body["conditions"] if one["type"] != narrowed_by["type"]] + [narrowed_by]
    where = scope or scope_type.registry.get(event.scopes[0])
    body |= {
        "name": f"{event.key} there",
        "scope": plugin_schemas.example_of_scope(where),
        "action": plugin_schemas.example_of(actions.in_order()[-1]) if action is None else action,
    }
    return with_key(world, "alice").post("/api/v1/automations", body, format="json")


def accepted(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def events_with(condition: type[Condition]) -> list[type[EventType]]:
    return [event for event in EVENTS if condition in conditions.conditions_of(event.key)]


OF_EVENTS = [(event, condition) for condition in CONDITIONS for event in events_with(condition)]
IN_SCOPES = [(event, scope) for scope in SCOPES for event in EVENTS if scope.key in event.scopes]


@pytest.mark.parametrize(("event", "condition"), OF_EVENTS, ids=key_of)
def test_the_example_of_a_condition_is_accepted_wherever_it_belongs(
    shared: World, db: None, openapi: dict[str, Any], event: type[EventType], condition: type[Condition]
) -> None:
    sent = plugin_schemas.example_of(condition)
    component(openapi, "AutomationConditionRequest").validate(sent)
    shown = accepted(save(shared, event, narrowed_by=sent))["conditions"]
    (kept,) = (one for one in shown if one["type"] == condition.key)
    assert {name: kept[name] for name in sent} == sent
    component(openapi, "AutomationCondition").validate(kept)
    validator(plugin_schemas.of_event(event)).validate({"event": event.wire, "conditions": shown})


@pytest.mark.parametrize(("event", "scope"), IN_SCOPES, ids=key_of)
def test_the_example_of_a_scope_is_accepted_for_each_event_it_has(
    shared: World, db: None, openapi: dict[str, Any], event: type[EventType], scope: type[ScopeType]
) -> None:
    sent = plugin_schemas.example_of_scope(scope)
    component(openapi, "AutomationScopeRequest").validate(sent)
    made = accepted(save(shared, event, scope=scope))
    assert made["scope"] == sent
    component(openapi, "Automation").validate(made)


@pytest.mark.parametrize("action", ACTIONS, ids=key_of)
def test_the_example_of_an_action_is_accepted(
    shared: World, db: None, openapi: dict[str, Any], action: type[Action]
) -> None:
    sent = plugin_schemas.example_of(action)
    component(openapi, "AutomationActionRequest").validate(sent)
    made = accepted(save(shared, event_of(action), action=sent))
    assert {name: made["action"][name] for name in sent} == sent
    component(openapi, "AutomationAction").validate(made["action"])
    assert Automation.objects.get(pk=made["id"]).receiver_key.partition(":")[0] == action.kind


def test_an_action_whose_receiver_is_gone_still_fits_what_openapi_says(
    shared: World, db: None, openapi: dict[str, Any]
) -> None:
    for action in ACTIONS:
        number = accepted(save(shared, event_of(action), action=plugin_schemas.example_of(action)))["id"]
        Automation.objects.filter(pk=number).update(receiver_key=f"{action.kind}:0")
        shown = with_key(shared, "alice").get(f"/api/v1/automations/{number}").json()
        component(openapi, "Automation").validate(shown)
        Automation.objects.filter(pk=number).delete()


# What is wrong -------------------------------------------------------------------------------------


def spoiled(plugin: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the example with one thing wrong in it, for each thing that the schema can say."""
    example, schema = plugin_schemas.example_of(plugin), plugin_schemas.of_condition(plugin)
    yield "unknown field", {**example, "surprise": 1}
    for name in schema["required"]:
        yield f"no {name}", {key: value for key, value in example.items() if key != name}
    for name, values in schema["properties"].items():
        yield f"{name} of another type", {**example, name: {"surprise": 1} if _is_plain(values) else 5}
        for wrong, value in _out_of_range(values):
            yield f"{name} {wrong}", {**example, name: value}


def _is_plain(values: dict[str, Any]) -> bool:
    return "object" not in values["type"]


def _out_of_range(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if "minimum" in values:
        yield "too small", values["minimum"] - 1
    if "exclusiveMinimum" in values:
        yield "not above", values["exclusiveMinimum"]
    if "maximum" in values:
        yield "too large", values["maximum"] + 1
    if "minLength" in values:
        yield "empty", ""
    if "maxLength" in values:
        yield "too long", "x" * (values["maxLength"] + 1)
    if "minItems" in values:
        yield "an empty list", []
    if "maxItems" in values:
        yield "a list too long", [f"{number}@example.com" for number in range(values["maxItems"] + 1)]
    if "enum" in values:
        yield "no choice", "surprise"
    if "enum" in values.get("items", {}):
        yield "no choice", ["surprise"]


SPOILED = [
    pytest.param(plugin, body, id=f"{plugin.key}-{wrong}")
    for plugin in (*CONDITIONS, *ACTIONS)
    for wrong, body in spoiled(plugin)
]


@pytest.mark.parametrize(("plugin", "body"), SPOILED)
def test_what_is_wrong_is_refused_by_rest_and_by_the_schema(
    shared: World, db: None, plugin: Any, body: dict[str, Any]
) -> None:
    is_condition = issubclass(plugin, Condition)
    schema = plugin_schemas.of_condition(plugin) if is_condition else plugin_schemas.of_action(plugin)
    assert not validator(schema).is_valid(body)
    if is_condition:
        event = events_with(plugin)[0]
        answer = _with_only(shared, event, body)
    else:
        answer = save(shared, event_of(plugin), action=body)
    assert answer.status_code == 400, answer.json()
    assert {error["field"].partition(".")[0] for error in answer.json()["errors"]} <= {"conditions", "action"}
    assert not Automation.objects.exists()


def _with_only(world: World, event: type[EventType], condition: dict[str, Any]) -> Any:
    sent = {
        "name": "spoiled",
        "event": event.wire,
        "scope": plugin_schemas.example_of_scope(scope_type.registry.get(event.scopes[0])),
        "conditions": [condition],
        "action": plugin_schemas.example_of(actions.in_order()[-1]),
    }
    return with_key(world, "alice").post("/api/v1/automations", sent, format="json")


WRONG_SCOPES = {
    "no name": {"name": None},
    "a name of another shape": {"name": "a/b/c/d"},
    "a name that is empty": {"name": ""},
    "an unknown field": {"surprise": 1},
    "an unknown type": {"type": "nowhere"},
}


@pytest.mark.parametrize("wrong", WRONG_SCOPES)
@pytest.mark.parametrize("scope", SCOPES, ids=key_of)
def test_a_wrong_scope_is_refused_by_rest_and_by_the_schema(
    shared: World, db: None, scope: type[ScopeType], wrong: str
) -> None:
    mixed = {**plugin_schemas.example_of_scope(scope), **WRONG_SCOPES[wrong]}
    body = {name: value for name, value in mixed.items() if value is not None}
    assert not validator(plugin_schemas.of_scope(scope)).is_valid(body)
    event = next(event for event in EVENTS if scope.key in event.scopes)
    sent = {"name": "spoiled", "scope": body, "action": plugin_schemas.example_of(actions.in_order()[-1])}
    sent |= plugin_schemas.example_of_event(event)
    answer = with_key(shared, "alice").post("/api/v1/automations", sent, format="json")
    assert answer.status_code == 400, answer.json()
    assert {error["field"].partition(".")[0] for error in answer.json()["errors"]} == {"scope"}


def test_a_threshold_that_is_needed_is_asked_for_by_the_schema_too() -> None:
    """Not by its form's fields one by one: only one comparison goes without it."""
    needing = {one.key for one in CONDITIONS if "else" in plugin_schemas.of_condition(one)}
    assert needing
    for one in (conditions.registry.get(key) for key in needing):
        judge, example = validator(plugin_schemas.of_condition(one)), plugin_schemas.example_of(one)
        for wrong in ({}, {"threshold": None}):
            assert not judge.is_valid(
                {**{name: value for name, value in example.items() if name != "threshold"}, **wrong}
            )
        judge.validate({**example, "comparison": "not_finite", "threshold": None})


# What comes later ----------------------------------------------------------------------------------


class LaterForm(Parameters):
    level = forms.IntegerField(min_value=3)


def added(registry: Any, plugin: type[Plugin]) -> Iterator[type[Plugin]]:
    registry.register(plugin)
    yield plugin
    registry._classes.pop(plugin.key)


@pytest.fixture
def later_condition() -> Iterator[type[Plugin]]:
    class Later(Condition):
        """Registered after everything was read, as an app that starts late does."""

        key, label, about, Form, example = "later", "Later", ("run",), LaterForm, {"level": 3}

    yield from added(conditions.registry, Later)


@pytest.fixture
def later_scope() -> Iterator[type[Plugin]]:
    class Later(ScopeType):
        """A place that nobody knew of before."""

        key, label, example = "later", "Later", "a/b"

    yield from added(scope_type.registry, Later)


@pytest.fixture
def later_kind() -> Iterator[type[Plugin]]:
    class Later(Provider):
        """A kind with settings of its own."""

        key, label, Form, example = "later", "Later", LaterForm, {"level": 3}

    yield from added(providers, Later)


def test_a_condition_that_registers_later_is_in_both(later_condition: Any) -> None:
    assert entry("conditions", later_condition)["example"] == {"type": "later", "level": 3}
    runs = [event.key for event in EVENTS if event.about == "run"]
    assert entry("conditions", later_condition)["events"] == runs
    judge = component(document(), "AutomationConditionRequest")
    assert judge.is_valid({"type": "later", "level": 3})
    assert not judge.is_valid({"type": "later", "level": 2})


def test_a_scope_that_registers_later_is_in_both_and_asked_for(shared: World, db: None, later_scope: Any) -> None:
    assert entry("scopes", later_scope)["schema"]["properties"]["name"]["pattern"] == "^[^/]+/[^/]+$"
    assert component(document(), "AutomationScopeRequest").is_valid({"type": "later", "name": "a/b"})
    body = {"name": "n", "event": EVENTS[0].wire, "scope": {"type": "nowhere", "name": "a/b"}, "action": {}}
    answer = with_key(shared, "alice").post("/api/v1/automations", body, format="json")
    assert answer.json()["errors"][0]["message"].endswith(", later.")


def test_a_kind_that_registers_later_says_its_settings(later_kind: Any) -> None:
    found = entry("kinds", later_kind)
    assert found["schema"]["properties"] == {"level": {"type": "integer", "minimum": 3}}
    assert (found["example"], found["actions"]) == ({"level": 3}, [])
    assert "later" in document()["components"]["schemas"]["IntegrationKind"]["enum"]


def test_a_kind_whose_rows_a_serializer_takes_says_what_that_takes(later_kind: Any) -> None:
    class Sent(OnlyKnownFields, serializers.Serializer[Any]):
        topic = serializers.CharField(max_length=9)

    later_kind.sent_serializer = lambda *, new: Sent
    judge = validator(entry("kinds", later_kind)["schema"])
    assert judge.is_valid({"topic": "training"})
    assert [wrong for wrong in ({}, {"topic": "x" * 10}, {"topic": "t", "more": 1}) if judge.is_valid(wrong)] == []


# Over the wire -------------------------------------------------------------------------------------


def test_the_catalog_is_served_as_the_document_says(shared: World, db: None, openapi: dict[str, Any]) -> None:
    answer = with_key(shared, "vera").get("/api/v1/catalog")
    assert answer.status_code == 200
    component(openapi, "Catalog").validate(answer.json())
    assert answer.json() == catalog()


def test_the_catalog_asks_the_database_for_nothing_of_its_own(
    shared: World, db: None, django_assert_max_num_queries: Any
) -> None:
    """Who asks is looked up, and nothing else."""
    client = with_key(shared, "bob")
    client.get("/api/v1/catalog")
    with django_assert_max_num_queries(2):
        client.get("/api/v1/catalog")
