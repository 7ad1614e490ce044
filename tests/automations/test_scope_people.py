"""Who may listen where, and what is said of a scope that cannot be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from artifacts.services import add_collection_tags
from automations.definitions.scope_type import registry as scope_types
from automations.models import Automation, Execution
from automations.tasks import work
from events.models import Event
from projects.runs.lifecycle import finish_run
from projects.services import create_project
from registries.models import RegistryMember, RegistryRole
from registries.services import set_role_of_user
from teams.accounts.api_key import store_key
from teams.models import Membership, Organization, Role, Team, User
from tests.automations.places import AUTOMATIONS, NAMES, OF_REGISTRIES, Places, listen
from tests.conftest import as_person
from tests.world import FAILED, World

SCOPES = [scope.key for scope in scope_types]
SHARED = [scope.key for scope in scope_types if scope.shared]
PEOPLE = ("anonymous", "charlie", "vera", "bob", "alice", "olga")
# Olga administers the organization and is on no team; charlie administers another team of it.
# By the words of docs/automations.md in the column "who may make one".
DECIDED_BY = {
    "members of the team": (401, 404, 403, 201, 201, 404),
    "the team's admins": (401, 404, 403, 403, 201, 404),
    "its members and admins": (401, 404, 403, 201, 201, 404),
    "its admins": (401, 403, 403, 403, 201, 404),
}
_ROW = re.compile(r"^\| `(\w+)` \| `[\w/]+` \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
DECIDES = dict(_ROW.findall((Path(__file__).parents[2] / "docs/automations.md").read_text()))


@pytest.fixture
def olga(places: Places) -> User:
    olga = User.objects.create_user("olga")
    places.world.keys["olga"] = "o" * 44
    store_key(olga, "test", "o" * 44)
    places.world.team.organization.admins.add(olga)
    return olga


def client_of(world: World, person: str) -> APIClient:
    return APIClient() if person == "anonymous" else as_person(world.keys[person])


def wrong(answer: Any) -> tuple[int, str, Any, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error["field"], error["value"], error["message"]


def test_every_scope_has_its_row() -> None:
    assert DECIDES.keys() == set(SCOPES)


@pytest.mark.parametrize("scope", SCOPES)
def test_only_who_decides_there_makes_an_automation(places: Places, olga: User, scope: str) -> None:
    answers = []
    for person in PEOPLE:
        before = Automation.objects.count()
        answers.append(listen(client_of(places.world, person), scope, "ADD_COLLECTION_TAG", name=person).status_code)
        assert Automation.objects.count() - before == (answers[-1] == 201)
    assert tuple(answers) == DECIDED_BY[DECIDES[scope]]


@pytest.mark.parametrize("scope", SCOPES)
def test_only_who_may_make_it_may_change_switch_and_delete_it(
    places: Places, api: APIClient, olga: User, scope: str
) -> None:
    number = listen(api, scope, "ADD_COLLECTION_TAG").json()["id"]
    one = f"{AUTOMATIONS}/{number}"
    for person, status in zip(PEOPLE, DECIDED_BY[DECIDES[scope]], strict=True):
        client = client_of(places.world, person)
        # Who is not on its team does not see it.
        expected = {201: 200, 403: 404 if person == "charlie" else 403}.get(status, status)
        changed = client.patch(one, {"description": "x"}, format="json")
        assert [changed.status_code, client.post(f"{one}/disable").status_code] == [expected, expected], person
        if expected != 200:
            assert client.delete(one).status_code == expected
    assert Automation.objects.get().deleted_at is None


@pytest.mark.parametrize("scope", OF_REGISTRIES)
def test_a_member_of_the_team_who_only_views_the_registry_is_refused(places: Places, scope: str) -> None:
    set_role_of_user(places.registry, "bob", RegistryRole.VIEWER)
    answer = listen(as_person(places.world.keys["bob"]), scope, "LINK_MODEL")
    assert wrong(answer)[0] == 403
    assert wrong(answer)[3] == (
        "This takes the role member in the registry models; yours is viewer. Ask one of its admins."
    )
    RegistryMember.objects.filter(user=places.world.users["bob"]).delete()
    assert listen(as_person(places.world.keys["bob"]), scope, "LINK_MODEL").status_code == 404


@pytest.mark.parametrize("scope", OF_REGISTRIES)
def test_a_member_of_the_registry_who_only_views_the_team_is_refused(places: Places, scope: str) -> None:
    set_role_of_user(places.registry, "vera", RegistryRole.MEMBER)
    assert wrong(listen(as_person(places.world.keys["vera"]), scope, "LINK_MODEL"))[0] == 403


@pytest.mark.parametrize("scope", SHARED)
def test_an_admin_of_everything_who_is_not_on_the_acting_team_is_a_stranger(places: Places, scope: str) -> None:
    places.world.team.organization.admins.add(places.world.users["charlie"])
    charlie = as_person(places.world.keys["charlie"])
    name = NAMES[scope]["name"]
    assert wrong(listen(charlie, scope, "ADD_COLLECTION_TAG")) == (
        404, "scope.name", name,
        f"There is no {scope} {name!r} for the team 'acme' here, or you are not on its team.",
    )  # fmt: skip
    places.world.webhook("http://127.0.0.1:8009/", team=places.world.other_team)
    own = listen(charlie, scope, "ADD_COLLECTION_TAG", scope={"type": scope, "name": name, "team": "other"})
    assert (own.status_code, Automation.objects.get().team) == (201, places.world.other_team)


@pytest.mark.parametrize("scope", SHARED)
def test_an_automation_of_a_shared_scope_is_seen_by_its_acting_team_only(
    places: Places, api: APIClient, olga: User, scope: str
) -> None:
    set_role_of_user(places.registry, "charlie", RegistryRole.ADMIN)
    places.world.team.organization.admins.add(places.world.users["charlie"])
    number = listen(api, scope, "LINK_MODEL").json()["id"]
    places.link_new()
    work()
    seen = {}
    for person in PEOPLE[1:]:
        client = client_of(places.world, person)
        lists = [client.get(f"/api/v1/{name}").json()["results"] for name in ("automations", "executions")]
        pages = [f"{AUTOMATIONS}/{number}", f"/api/v1/executions/{Execution.objects.get().pk}"]
        seen[person] = [len(rows) for rows in lists] + [client.get(page).status_code for page in pages]
    nothing, everything = [0, 0, 404, 404], [1, 1, 200, 200]
    assert seen == {
        "charlie": nothing, "vera": everything, "bob": everything, "alice": everything, "olga": nothing,
    }  # fmt: skip


def test_only_an_admin_of_the_organization_backtests_over_all_its_teams(places: Places) -> None:
    scope = {"type": "organization", "name": "research", "team": "other"}
    places.world.webhook("http://127.0.0.1:8009/", team=places.world.other_team)
    body = {"name": "spy", "scope": scope, "event": "RUN_STATE", "conditions": [FAILED],
            "action": {"type": "send_webhook", "webhook": "hook"}}  # fmt: skip
    charlie = as_person(places.world.keys["charlie"])
    assert charlie.post(f"{AUTOMATIONS}/backtest", body, format="json").status_code == 403
    places.world.team.organization.admins.add(places.world.users["charlie"])
    assert charlie.post(f"{AUTOMATIONS}/backtest", body, format="json").status_code == 200


@pytest.mark.parametrize(
    ("scope", "event", "statuses"),
    [
        ("organization", "RUN_STATE", {"vera": 403, "bob": 403, "alice": 200, "charlie": 404}),
        ("registry", "LINK_MODEL", {"vera": 404, "bob": 200, "alice": 200, "charlie": 404}),
        ("registry_collection", "LINK_MODEL", {"vera": 404, "bob": 200, "alice": 200, "charlie": 404}),
        ("team", "RUN_STATE", {"vera": 200, "bob": 200, "alice": 200, "charlie": 404}),
    ],
    ids=["organization", "registry", "registry_collection", "team"],
)
def test_a_saved_automation_shows_what_it_hears_only_to_who_may_see_all_of_it(
    places: Places, api: APIClient, scope: str, event: str, statuses: dict[str, int]
) -> None:
    RegistryMember.objects.filter(user=places.world.users["vera"]).delete()
    number = listen(api, scope, event, *([FAILED] if event == "RUN_STATE" else [])).json()["id"]
    finish_run(places.world.run(), 1)
    happened = Event.objects.latest("id").pk
    for person, status in statuses.items():
        client, page = client_of(places.world, person), Client()
        page.force_login(places.world.users[person])
        answers = [
            client.post(f"{AUTOMATIONS}/{number}/backtest?days=365"),
            client.get(f"{AUTOMATIONS}/{number}/explain?event={happened}"),
            page.get(f"/automations/{number}/explain"),
        ]
        assert [answer.status_code for answer in answers] == [status] * 3, person
        if status == 403:
            assert "run1" not in "".join(answer.content.decode() for answer in answers)


@pytest.mark.parametrize("happen", ["tag", "link"])
@pytest.mark.parametrize("door", ["teams/acme/integrations/webhook/hook/preview", "automations/preview"])
def test_what_happened_in_a_registry_is_previewed_only_by_who_sees_that(places: Places, happen: str, door: str) -> None:
    if happen == "tag":
        add_collection_tags(places.production, ["eu"])
    else:
        places.link_new()
    event = Event.objects.filter(kind="collection.tag_added" if happen == "tag" else "artifact.linked").latest("id")
    assert event.team == places.world.team
    sent: dict[str, Any] = {"event": "ADD_COLLECTION_TAG" if happen == "tag" else "LINK_MODEL", "event_id": event.pk}
    payload = '{"of": "${artifact_collection_name}"}'
    if door == "automations/preview":
        sent |= {"team": "acme", "action": {"type": "send_webhook", "webhook": "hook", "payload": payload}}
    else:
        sent["payload"] = payload
    bob = as_person(places.world.keys["bob"])
    seen = bob.post(f"/api/v1/{door}", sent, format="json")
    assert (seen.status_code, "production" in seen.content.decode()) == (200, True)
    RegistryMember.objects.filter(user=places.world.users["bob"]).delete()
    hidden = bob.post(f"/api/v1/{door}", sent, format="json")
    assert wrong(hidden)[:2] == (400, "event_id")
    assert wrong(hidden)[3] == f"There is no event {event.pk} in the team acme."


# Scopes that cannot be -----------------------------------------------------------------------------


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("change", ["{}/more", "{}/", "/{}", "/"])
def test_a_name_of_another_form_is_refused_with_the_right_one(
    places: Places, api: APIClient, scope: str, change: str
) -> None:
    example = scope_types.get(scope).example
    name = change.format(NAMES.get(scope, {"name": "acme/mnist/model"})["name"])
    sent = {**NAMES.get(scope, {}), "type": scope, "name": name}
    assert wrong(listen(api, scope, "ADD_COLLECTION_TAG", scope=sent)) == (
        400, "scope.name", name, f"{name!r} names no {scope}; write it like {example}.",
    )  # fmt: skip
    assert not Automation.objects.exists()


@pytest.mark.parametrize("scope", SHARED)
def test_a_shared_scope_needs_a_team(places: Places, api: APIClient, scope: str) -> None:
    sent = {"type": scope, "name": NAMES[scope]["name"]}
    assert wrong(listen(api, scope, "ADD_COLLECTION_TAG", scope=sent)) == (
        400, "scope.team", None,
        "Say whose integrations and secrets the action uses: the name of one of your teams.",
    )  # fmt: skip


@pytest.mark.parametrize("scope", SHARED)
@pytest.mark.parametrize("team", ["nobody", "them", "other"])
def test_a_team_that_cannot_act_there_is_as_if_it_were_not_there(
    places: Places, api: APIClient, scope: str, team: str
) -> None:
    """Alice is on them, but it is of another organization; on the team other she is not."""
    them = Team.objects.create(organization=Organization.objects.create(name="elsewhere"), name="them")
    Membership.objects.create(team=them, user=places.world.users["alice"], role=Role.ADMIN)
    name = NAMES[scope]["name"]
    assert wrong(listen(api, scope, "ADD_COLLECTION_TAG", scope={"type": scope, "name": name, "team": team})) == (
        404, "scope.name", name,
        f"There is no {scope} {name!r} for the team {team!r} here, or you are not on its team.",
    )  # fmt: skip
    assert not Automation.objects.exists()


@pytest.mark.parametrize("scope", [scope.key for scope in scope_types if not scope.shared])
def test_a_scope_of_a_team_takes_no_other_team(places: Places, api: APIClient, scope: str) -> None:
    sent = {"type": scope, **NAMES.get(scope, {"name": "acme/mnist/model"}), "team": "other"}
    assert wrong(listen(api, scope, "ADD_COLLECTION_TAG", scope=sent)) == (
        400, "scope.team", "other", "'other' is not the team of this scope, acme. Leave it out.",
    )  # fmt: skip
    own = listen(api, scope, "ADD_COLLECTION_TAG", scope={**sent, "team": "acme"})
    assert own.status_code == 201


@pytest.mark.parametrize("scope", SCOPES)
def test_an_automation_stays_where_it_is(places: Places, api: APIClient, scope: str) -> None:
    shown = listen(api, scope, "ADD_COLLECTION_TAG").json()
    one, there = f"{AUTOMATIONS}/{shown['id']}", shown["scope"]
    assert api.patch(one, {"scope": there}, format="json").status_code == 200
    assert api.patch(one, {"scope": {**there, "team": "acme"}}, format="json").status_code == 200
    create_project(places.world.team, "more")
    another = {"type": "project" if scope != "project" else "team", "name": "acme/more", "team": "other"}
    for field, value in another.items():
        now = there.get(field, "acme")
        assert wrong(api.patch(one, {"scope": {field: value}}, format="json")) == (
            400, f"scope.{field}", value,
            f"{value!r} is not where it stands ({now}). Make a new automation there.",
        )  # fmt: skip
    assert api.get(one).json()["scope"] == there
