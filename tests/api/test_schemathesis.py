"""What the OpenAPI document allows, and what it forbids, is sent to each operation: no answer is a server error."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from django.test import override_settings
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core import NotSet

from tests.access.place import NAMED, make_place, name_in, number_in, with_key
from tests.examples import profile
from tests.world import World

# What a database takes otherwise than another stands in tests/hostile_values.py, and is sent on both.
pytestmark = [pytest.mark.hypothesis, pytest.mark.any_database]
EXAMPLES = profile().per_operation
PEOPLE = ("bob", "alice")


def _operations() -> dict[str, Any]:
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document, default=str)))
    found = (result.ok() for result in schema.get_all_operations())
    return {f"{one.method.upper()} {one.path.removeprefix('/api/v1/')}": one for one in found}


OPERATIONS = _operations()


@pytest.fixture(scope="module")
def shared_place(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=[hasher]), transaction.atomic():
        yield make_place()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def nothing_is_asked_of_the_network(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    resolve = socket.getaddrinfo

    def only_this_machine(host: Any, *args: Any, **options: Any) -> Any:
        if host not in ("127.0.0.1", "localhost"):
            raise socket.gaierror(f"{host!r} is not asked for in tests")
        return resolve(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", only_this_machine)
    settings.SLACK_API_URL = "http://127.0.0.1:9/api/"


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_ends_in_a_server_error(shared_place: World, db: None, name: str, person: str) -> None:
    operation = OPERATIONS[name]
    kinds = [operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    client = with_key(shared_place, person)
    allowed = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=allowed)
    @given(case=st.one_of(kinds), is_there=st.booleans())
    def send(case: Case, is_there: bool) -> None:
        if is_there:
            case.path_parameters = {**(case.path_parameters or {}), **_named(name)}
        with transaction.atomic():
            # What is raised is not answered: it comes out here, with its traceback.
            answer = _sent(client, case)
            transaction.set_rollback(True)
        assert answer.status_code < 500

    send()


def _named(name: str) -> dict[str, Any]:
    """Give what is really there for the path, so that what lies behind it is reached."""
    route = name.partition(" ")[2]
    named = {**NAMED, "name": name_in(route)}
    number = {"id": number_in(route), "pk": number_in(route)} if "{id}" in route or "{pk}" in route else {}
    return {key: value for key, value in {**named, **number}.items() if f"{{{key}}}" in route}


def _sent(client: Any, case: Case) -> Any:
    headers = {f"HTTP_{key.upper().replace('-', '_')}": str(value) for key, value in (case.headers or {}).items()}
    headers.pop("HTTP_AUTHORIZATION", None)
    body = "" if isinstance(case.body, NotSet) else case.body
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    query = {key: value for key, value in (case.query or {}).items() if value is not None}
    return client.generic(
        case.method, case.formatted_path, data, content_type="application/json", query_params=query, **headers
    )
