"""Hot requests: what scripts send many times a second asks the database at most four things, counted exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.access.place import with_key
from tests.world import World

pytestmark = pytest.mark.django_db
Send = Callable[[APIClient, int], Any]
RUN = "/api/v1/projects/acme/mnist/runs/hot"


def log_a_row(client: APIClient, number: int) -> Any:
    return client.post(f"{RUN}/history", {"offset": number, "rows": [{"_step": number, "loss": 0.5}]}, format="json")


def post_to_the_file_stream(client: APIClient, number: int) -> Any:
    rows = {"offset": number, "content": [json.dumps({"_step": number, "loss": 0.5})]}
    body = {"files": {"wandb-history.jsonl": rows}}
    return client.post("/files/acme/mnist/hot/file_stream", body, format="json")


def say_that_it_is_alive(client: APIClient, number: int) -> Any:
    return client.post(f"{RUN}/heartbeat")


def say_so_to_the_file_stream(client: APIClient, number: int) -> Any:
    return client.post("/files/acme/mnist/hot/file_stream", {"files": {}}, format="json")


# Beside the transaction's BEGIN and COMMIT.
MOST = {log_a_row: 4, post_to_the_file_stream: 4, say_that_it_is_alive: 4, say_so_to_the_file_stream: 3}


@pytest.mark.parametrize("send", MOST, ids=lambda send: send.__name__)
def test_a_hot_request_asks_the_database_few_things(world: World, send: Send) -> None:
    world.run("hot")
    client = with_key(world, "alice")
    for number in range(3):
        assert send(client, number).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        send(client, 3)
    statements = [one["sql"] for one in asked if one["sql"].split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")]
    assert len(statements) == MOST[send], "\n".join(statements)
