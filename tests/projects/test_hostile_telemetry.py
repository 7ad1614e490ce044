"""What clients say of themselves and of where a run comes from may be anything: refused, or no page breaks on it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client

from projects.models import Run
from projects.runs.lifecycle import RunDetails, start_run
from tests.world import World

SAID: list[Any] = [None, "", "x", 1, float("nan"), True, [], [1], {}, {"c1": 1}, {"c1": {"os": [1]}}, {"a": {"b": []}}]
NAMES = ("e", "m", "t", "cli_version", "python_version", "branch_point", "start_time", "is_jupyter_run", "framework")
PARENTS = ["", "a/b", "..", ".", "a?b", " x", "x" * 128, "\u202ex", "%2e", "é"]


def look_at(client: Client, run: Run) -> None:
    for tail in ("", "/artifacts", "/panels", "/metrics"):
        assert client.get(f"/acme/mnist/runs/{run.name}{tail}").status_code < 500, tail


@pytest.mark.parametrize("writer", ["", "c1"])
def test_no_telemetry_of_a_client_is_a_server_error(world: World, client: Client, writer: str) -> None:
    client.force_login(world.users["alice"])
    for at, said in enumerate(SAID):
        for name in NAMES:
            with transaction.atomic():
                with suppress(ValidationError):
                    for _twice in range(2):
                        details = RunDetails(telemetry={name: said})
                        start_run(world.project, "run1", details, user=world.users["alice"], writer=writer)
                if run := Run.objects.filter(name="run1").first() if name in ("e", NAMES[at % len(NAMES)]) else None:
                    look_at(client, run)
                transaction.set_rollback(True)


@pytest.mark.parametrize("parent", PARENTS)
def test_no_parent_of_an_imported_fork_breaks_its_page(world: World, api: Any, client: Client, parent: str) -> None:
    client.force_login(world.users["alice"])
    body = {"name": "child", "started_at": "2026-01-01T00:00:00Z", "fork": {"run": parent, "step": 1}}
    answer = api.post("/api/v1/projects/acme/mnist/import", body, format="json")
    assert answer.status_code in (201, 400)
    if answer.status_code == 201:
        look_at(client, Run.objects.get(name="child"))
