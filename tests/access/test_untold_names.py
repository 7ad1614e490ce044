"""Which user names exist is not told outside the organization: a foreign one gets the words of one that nobody has.

Every door that takes a person is found in what describes the doors: OpenAPI, the GraphQL schema, the forms of pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.forms import BaseForm
from drf_spectacular.generators import SchemaGenerator
from graphql import GraphQLInputObjectType

from artifacts.models import Registry
from registries.forms import MemberForm
from registries.models import RegistryMember
from teams.models import Membership, Organization, Team, User
from tests.access.place import everything, with_key, with_session
from tests.architecture.source_tree import APPS
from tests.conftest import forget_refusals
from tests.world import World
from wandb_api.graphql.global_ids import global_id
from wandb_api.graphql.schema import schema

pytestmark = pytest.mark.any_database

# Of elsewhere: a colleague of nobody here, one on no team, one switched off. NOBODY has no account at all.
FOREIGN = ("olga", "sam", "dora-of-other")
NOBODY = "zed"
Answer = tuple[int, str]


@pytest.fixture
def people(place: World) -> World:
    them = Team.objects.create(organization=Organization.objects.create(name="elsewhere"), name="them")
    Membership.objects.create(team=them, user=User.objects.create_user("olga"))
    User.objects.create_user("sam")
    Membership.objects.create(
        team=place.other_team, user=User.objects.create_user("dora-of-other", is_active=False)
    )  # fmt: skip
    forget_refusals()
    return place


def pk_of(name: str) -> int:
    return User.objects.filter(username=name).values_list("pk", flat=True).first() or 10**9


def rest_door(method: str, route: str, **body: Any) -> Callable[[World, str], Answer]:
    def send(place: World, name: str) -> Answer:
        sent = {key: value.replace("NAME", name) for key, value in body.items()}
        client = with_key(place, "alice")
        answer = getattr(client, method)(f"/api/v1/{route.replace('NAME', name)}", sent, format="json")
        return answer.status_code, answer.content.decode()

    return send


def page(address: str, **body: str) -> Callable[[World, str], Answer]:
    def send(place: World, name: str) -> Answer:
        sent = {key: value.replace("NAME", name).replace("TEAM", str(place.team.pk)) for key, value in body.items()}
        answer = with_session(place, "alice").post(address, sent)
        return answer.status_code, re.sub(r"nonce=\"[^\"]*\"|csrf[^>]*>|CSRF[^>]*>", "", answer.content.decode())

    return send


def mutation(field: str, input: str, *, success: str = "success") -> Callable[[World, str], Answer]:
    def send(place: World, name: str) -> Answer:
        registry = global_id("Registry", Registry.objects.get(name="models").pk)
        said = input.replace("REGISTRY", registry).replace("PERSON", global_id("User", pk_of(name)))
        query = f"mutation {{ {field}(input: {{ {said} }}) {{ {success} }} }}"
        answer = with_key(place, "alice").post("/graphql", {"query": query}, format="json")
        return answer.status_code, answer.content.decode().replace(global_id("User", pk_of(name)), "ID")

    return send


def query(document: str) -> Callable[[World, str], Answer]:
    def send(place: World, name: str) -> Answer:
        sent = {"query": document.replace("NAME", name)}
        answer = with_key(place, "alice").post("/graphql", sent, format="json")
        return answer.status_code, answer.content.decode()

    return send


REGISTRY = "registries/research/models/members"
DOORS: dict[str, Callable[[World, str], Answer]] = {
    "createInvite username": query(
        'mutation { createInvite(input: {entityName: "acme", username: "NAME"}) { invite { name } } }'
    ),
    "POST teams/{team}/members username": rest_door("post", "teams/acme/members", username="NAME"),
    "DELETE teams/{team}/members/{username}": rest_door("delete", "teams/acme/members/NAME"),
    "POST registries/{organization}/{registry}/members username": rest_door("post", REGISTRY, username="NAME"),
    "createProjectMembers userIds": mutation("createProjectMembers", 'projectId: "REGISTRY", userIds: ["PERSON"]'),
    "deleteProjectMembers userIds": mutation("deleteProjectMembers", 'projectId: "REGISTRY", userIds: ["PERSON"]'),
    "updateProjectMember userId": mutation(
        "updateProjectMember", 'projectId: "REGISTRY", userId: "PERSON", userProjectRole: "admin"'
    ),
    "updateUser id": mutation("updateUser", 'id: "PERSON", defaultEntity: "acme"', success="user { username }"),
    "POST teams admin": rest_door("post", "teams", organization="research", name="vision", admin="NAME"),
    "PATCH teams/{team}/members/{username}": rest_door("patch", "teams/acme/members/NAME", role="viewer"),
    **{
        f"{method.upper()} organizations/{{organization}}/admins/{{username}}": rest_door(
            method, "organizations/research/admins/NAME"
        )
        for method in ("put", "delete")
    },
    **{
        f"{method} teams/{{team}}/service-accounts/{{username}}{rest}": rest_door(
            method.lower(), f"teams/acme/service-accounts/NAME{rest.replace('{id}', '1')}", **body
        )
        for method, rest, body in (
            ("PATCH", "", {"description": "new"}),
            ("DELETE", "", {}),
            ("GET", "/keys", {}),
            ("DELETE", "/keys/{id}", {}),
        )
    },
    "people page": page("/teams/acme/people", who="NAME", role="viewer"),
    "users query": query('{ users(query: "NAME") { edges { node { username } } } }'),
    "page NewMemberForm": page("/settings/teams/membership/add/", team="TEAM", username="NAME", role="viewer"),
    "page MemberForm": page("/registry/research/models/members", kind="person", name="NAME", role="viewer"),
}
# Doors that name a person to whom the asker is, or that only narrow a list which is theirs.
OTHERS = {
    # A holder of an invitation learns of few names: tests/teams/test_invitations.py.
    "page NewPersonForm",
    # Who signs in: nobody and a wrong password get the same words, tests/pages/test_signing_in.py.
    "page SignInForm",
    # A yes or no: tests/wandb_api/test_people.py.
    "createInvite admin",
    "createUser admin",
    # Among the service accounts of one's own team: tests/teams/test_service_accounts.py.
    "POST teams/{team}/service-accounts/{username}/keys",
    # The first sign-in, when there is nobody else: tests/sample/test_first_names.py.
    "page FirstNamesForm",
    # Compares with the name that a run has; nobody is looked up.
    "page RunUserForm",
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("door", DOORS)
def test_a_foreign_user_name_is_as_unknown_as_one_that_nobody_has(people: World, door: str, name: str) -> None:
    send, before = DOORS[door], everything()
    foreign, unknown = send(people, name), send(people, NOBODY)
    assert foreign[0] == unknown[0]
    assert foreign[1].replace(name, "NAME") == unknown[1].replace(NOBODY, "NAME")
    assert everything() == before


def rest_doors() -> Iterator[str]:
    """Every place of OpenAPI that a user name is sent to."""
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    for address, methods in document["paths"].items():
        route = address.removeprefix("/api/v1/")
        for method, operation in methods.items():
            if "{username}" in route:
                yield f"{method.upper()} {route}"
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            fields = document["components"]["schemas"].get(name, {}).get("properties", {})
            yield from (f"{method.upper()} {route} {field}" for field in fields if is_about_a_person(field))


def graphql_doors() -> Iterator[str]:
    """Every argument and input field of the GraphQL schema that names a person."""
    for mutation_name, field in schema.mutation_type.fields.items():  # type: ignore[union-attr]
        for argument in field.args.values():
            kind = getattr(argument.type, "of_type", argument.type)
            assert isinstance(kind, GraphQLInputObjectType)
            names = [name for name in kind.fields if is_about_a_person(name)]
            names += ["id"] if mutation_name == "updateUser" else []
            yield from (f"{mutation_name} {name}" for name in names)
    for name, field in schema.query_type.fields.items():  # type: ignore[union-attr]
        if "user" in name.lower():
            yield from (f"{name} {argument}" for argument in field.args)


def is_about_a_person(field: str) -> bool:
    return bool(re.fullmatch(r"(?i)user_?(name|ids?)s?|person|people|member|admins?", field))


def page_doors(kind: type[BaseForm] = BaseForm) -> Iterator[str]:
    """Every form of ours that has a field for a user name; of registries it is called a name."""
    for form in kind.__subclasses__():
        is_ours = form.__module__.partition(".")[0] in APPS
        if is_ours and (form is MemberForm or any(map(is_about_a_person, getattr(form, "base_fields", ())))):
            yield f"page {form.__name__}"
        yield from page_doors(form)


def test_every_door_that_takes_a_person_is_walked() -> None:
    # Of a form's fields this one holds a name or an address.
    found = {*rest_doors(), *graphql_doors(), *page_doors(), "people page"}
    assert len(found) >= 9
    assert found - OTHERS == DOORS.keys(), "Add the door to DOORS in tests/access/test_untold_names.py."


def test_those_of_the_organization_are_told_and_added(people: World) -> None:
    """Else the test above could not fail."""
    for door, send in DOORS.items():
        if door.startswith(("POST", "create", "page")):
            assert send(people, "charlie")[0] in (200, 201, 302), door
    assert RegistryMember.objects.filter(user__username="charlie").exists()
    assert Membership.objects.filter(team=people.team, user__username="charlie").exists()


def test_a_user_search_finds_only_those_of_ones_own_organizations(people: World) -> None:
    for name in FOREIGN:
        assert DOORS["users query"](people, name)[1] == '{"data": {"users": {"edges": []}}}'
    assert "charlie" in DOORS["users query"](people, "charlie")[1]


def test_a_team_of_elsewhere_is_as_unknown_as_one_that_is_nowhere(people: World) -> None:
    registry = global_id("Registry", Registry.objects.get(name="models").pk)
    answers = []
    for pk in (Team.objects.get(name="them").pk, 10**9):
        id = global_id("Entity", pk)
        sent = f'projectId: "{registry}", teamIds: ["{id}"]'
        document = f"mutation {{ createProjectMembers(input: {{ {sent} }}) {{ success }} }}"
        answer = with_key(people, "alice").post("/graphql", {"query": document}, format="json")
        answers.append((answer.status_code, answer.content.decode().replace(id, "ID")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
