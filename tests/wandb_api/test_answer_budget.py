"""How large an answer may be: counted while it is made."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import LazySettings

from projects.models import Run
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql.limits import answer_budget

RUNS = (
    '{ project(name: "mnist", entityName: "acme") { runs(first: 5000) { edges { node { name config '
    "project { runs(first: 5000) { edges { node { name config } } } } } } } } }"
)
ONE_LIST = '{ project(name: "mnist", entityName: "acme") { runs(first: 5000) { edges { node { name config } } } } }'


@pytest.fixture
def many_runs(world: World) -> int:
    project = world.run("first").project
    Run.objects.bulk_create(
        Run(project=project, name=f"r{number}", config={"text": "x" * 2000}) for number in range(300)
    )
    return 300


def test_an_answer_that_grows_too_large_is_stopped_early(
    graphql: GraphQL, many_runs: int, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ANSWER_LIMIT = 2**20
    counted: list[int] = []
    count = answer_budget.BudgetedExecutor._count

    def noted(self: Any, size: int) -> None:
        counted.append(size)
        count(self, size)

    monkeypatch.setattr(answer_budget.BudgetedExecutor, "_count", noted)
    status, body = graphql.send(RUNS)
    assert (status, body) == (
        413,
        {
            "errors": [
                {
                    "message": "The answer has more than 1 MiB (RUNBELL_ANSWER_LIMIT_MB). Ask for fewer rows with "
                    "`first`, or for fewer fields.",
                    "extensions": {"code": "TOO_LARGE"},
                }
            ]
        },
    )
    assert 2**20 < sum(counted) < 2**20 + 10_000


def test_an_answer_within_its_bounds_is_given_whole(graphql: GraphQL, many_runs: int, settings: LazySettings) -> None:
    settings.ANSWER_LIMIT = 2**20
    assert len(graphql.data(ONE_LIST)["project"]["runs"]["edges"]) == many_runs + 1


def test_an_answer_that_takes_too_much_computing_is_stopped(
    graphql: GraphQL, many_runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_budget, "MOST_CPU_SECONDS", 0.5)
    begun = time.thread_time()
    status, body = graphql.send(RUNS)
    assert (status, "s to compute" in body["errors"][0]["message"]) == (413, True)
    assert time.thread_time() - begun < 5


def test_long_answers_wait_for_each_other_and_few_may_wait(
    graphql: GraphQL, many_runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_budget, "LONG_CPU_SECONDS", 0.0)
    monkeypatch.setattr(answer_budget, "MOST_WAITING", 0)
    assert graphql.send(ONE_LIST)[0] == 429
    monkeypatch.setattr(answer_budget, "MOST_WAITING", 1)
    for _ in range(2):
        # The turn is given back, whatever became of the answer.
        assert graphql.send(ONE_LIST)[0] == 200
    monkeypatch.setattr(answer_budget, "MOST_CPU_SECONDS", 0.0)
    assert graphql.send(ONE_LIST)[0] == 413
    monkeypatch.setattr(answer_budget, "MOST_CPU_SECONDS", 10.0)
    body = {"query": ONE_LIST}
    monkeypatch.setattr(answer_budget, "MOST_WAITING", 0)
    refused = graphql.client.post("/graphql", body, content_type="application/json", headers=graphql.headers)
    assert refused["Retry-After"] == "5"
    assert refused.json()["errors"][0]["message"].startswith("Other queries that take long are being answered.")


def test_who_has_computed_much_is_refused_long_answers_and_nobody_else_is(
    world: World, many_runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_budget, "SHORT_CPU_SECONDS", 0.001)
    monkeypatch.setattr(answer_budget, "ALLOWED_CPU_SECONDS", 0.001)
    monkeypatch.setattr(answer_budget, "ALLOWED_SHARE", 0.0)
    greedy, other = GraphQL(world.keys["alice"]), GraphQL(world.keys["bob"])
    assert [greedy.send(ONE_LIST)[0], greedy.send(ONE_LIST)[0]] == [200, 429]
    assert [greedy.send("{ viewer { id } }")[0], other.send(ONE_LIST)[0]] == [200, 200]


@pytest.fixture(autouse=True)
def _nothing_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_budget, "_allowance", answer_budget._Allowance())


def test_a_history_is_not_read_a_hundred_times_for_one_query(graphql: GraphQL, world: World) -> None:
    world.run("run1")
    query = 'query($specs: [JSONString!]!) { project(name: "mnist", entityName: "acme") { run(name: "run1") '
    status, body = graphql.send(query + "{ sampledHistory(specs: $specs) } } }", specs=['{"keys": ["loss"]}'] * 21)
    assert status == 422
    assert body["errors"][0]["message"].startswith("specs: There are 21; 20 is the most.")
