"""The addresses that the SDK prints lead to our pages."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.world import World

LINKS = {
    "/acme/mnist/workspace": "/acme/mnist/runs",
    "/acme/mnist/artifacts/model/my-model/v3/overview": "/acme/mnist/artifacts/model/my-model/v3",
    "/acme/mnist/artifacts/a%20b/my%20model/v3/files": "/acme/mnist/artifacts/a%20b/my%20model/v3",
    "/orgs/research/registry/model": "/registry/research/model",
    "/orgs/research/registry/model?selectionPath=org.research%2Fwandb-registry-model%2Fchosen&view=membership"
    "&version=v0": "/registry/research/model/collections/chosen/v0",
    "/orgs/research/registry/model?version=v0": "/registry/research/model",
    "/orgs/research/registry/model?selectionPath=%2F%2Fevil.test%2F..%2Fx": "/registry/research/model/collections/x",
}


@pytest.mark.parametrize("address", LINKS)
def test_a_link_leads_to_our_page(client: Client, address: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (302, LINKS[address])


def test_a_runs_link_is_its_page(client: Client, world: World) -> None:
    world.run("x7k2p9")
    client.login(username="vera", password="vera-password")
    assert client.get("/acme/mnist/runs/x7k2p9").status_code == 200
    assert client.get("/acme/mnist").status_code == 200


def test_authorize_shows_where_to_make_a_key(client: Client, world: World) -> None:
    answer = client.get("/authorize")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in?next=/authorize")
    client.login(username="vera", password="vera-password")
    page = client.get("/authorize").content.decode()
    assert "API keys" in page and '<form method="post"' in page
