"""Many scripts post at once to a server that really runs: nothing is lost, and nobody is sent away."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.wandb_api.sdk import Runbell

SCRIPTS, POSTS, ROWS = 24, 10, 50


@pytest.mark.processes
def test_many_scripts_that_post_at_once_lose_nothing(runbell: Runbell) -> None:
    headers = {"Authorization": f"Bearer {runbell.keys['bob']}"}
    names = [f"many-{number}" for number in range(SCRIPTS)]
    for name in names:
        runbell.ask_rest("projects/acme/mnist/runs", person="bob", name=name)

    def post_all(name: str) -> list[int]:
        with requests.Session() as session:
            address = f"{runbell.url}/files/acme/mnist/{name}/file_stream"
            return [
                session.post(address, json=body(post), headers=headers, timeout=60).status_code
                for post in posts_sent_twice()
            ]

    with ThreadPoolExecutor(SCRIPTS) as scripts:
        statuses = [status for found in scripts.map(post_all, names) for status in found]
    assert statuses == [200] * len(statuses)
    for name in names:
        assert [row["_step"] for row in runbell.rows(name)] == list(range(POSTS * ROWS))
        assert runbell.run(name)["state"] == "finished"


def posts_sent_twice() -> list[int]:
    """Each twice: an answer may be lost on its way."""
    return [number for number in range(POSTS) for _ in range(2)]


def body(number: int) -> dict[str, object]:
    steps = range(number * ROWS, (number + 1) * ROWS)
    content = [json.dumps({"_step": step, "loss": 1 / (step + 1)}) for step in steps]
    over = {"complete": True, "exitcode": 0} if number == POSTS - 1 else {}
    return {"files": {"wandb-history.jsonl": {"offset": steps.start, "content": content}}, **over}
