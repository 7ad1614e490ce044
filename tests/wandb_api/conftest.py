from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.slack_server import SlackServer
from tests.wandb_api.sdk import ENDS, Runbell, running, with_sdk
from tests.world import World


@pytest.fixture(scope="session")
def shared_slack() -> Iterator[SlackServer]:
    """The Slack that the Runbell below posts to."""
    with SlackServer() as slack:
        yield slack


@pytest.fixture(scope="session")
def shared_runbell(tmp_path_factory: pytest.TempPathFactory, shared_slack: SlackServer) -> Iterator[Runbell]:
    with running(tmp_path_factory.mktemp("runbell"), SLACK_API_URL=shared_slack.api_url) as started:
        yield started


@pytest.fixture
def runbell(shared_runbell: Runbell, tmp_path: Path) -> Runbell:
    """A Runbell that runs; each test has a folder of its own for its script, and names its own runs."""
    return Runbell(shared_runbell.url, shared_runbell.environment, tmp_path, shared_runbell.keys)


@pytest.fixture(params=ENDS)
def any_sdk(runbell: Runbell, request: pytest.FixtureRequest) -> Runbell:
    """The oldest version of the SDK that we promise, and the newest: what each does is in test_sdk_matrix.py."""
    return with_sdk(runbell, request.param)


class GraphQL:
    """Sends documents as the SDK does, in this process."""

    def __init__(self, key: str | None, agent: str = "") -> None:
        self.client = Client()
        self.headers = {
            **({"Authorization": f"Bearer {key}"} if key else {}),
            **({"User-Agent": agent} if agent else {}),
        }

    def send(self, query: str, **variables: Any) -> tuple[int, dict[str, Any]]:
        body = {"query": query, "variables": variables}
        answer = self.client.post("/graphql", body, content_type="application/json", headers=self.headers)
        return answer.status_code, answer.json()

    def data(self, query: str, **variables: Any) -> Any:
        status, body = self.send(query, **variables)
        assert status == 200, body
        return body["data"]


@pytest.fixture
def graphql(world: World) -> GraphQL:
    """GraphQL as alice."""
    return GraphQL(world.keys["alice"])
