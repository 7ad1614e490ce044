"""The shared template cases, as previews over REST: with the values of a past event, and secrets of the vault.

The product chooses the names of its variables, and a case has names of its own; so a case's values stand in the
metadata of a version, whose members payloads may name: `${a}` of a case is `${artifact_metadata.a}` here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rest_framework.test import APIClient

from events.models import Event
from tests.template_cases import cases
from tests.world import World

# What payloads call the access token, whatever the secret's name is.
NAMES = {"ACCESS_TOKEN": "TOKEN"}
VERSIONS = "/api/v1/projects/acme/mnist/collections/model/versions"
METADATA = "artifact_metadata."
# `$${` is no placeholder, whatever follows.
_PLACEHOLDER = re.compile(r"\$\$\{|\$\{([^{}]*)\}")


def previewed(case: dict[str, Any], api: APIClient, world: World) -> Any:
    granted = {NAMES.get(name, name): value for name, value in case.get("secrets", {}).items()}
    for name, value in {**granted, **case.get("team_secrets_not_granted", {})}.items():
        world.secret(name, value)
    token = next((name for name in NAMES.values() if name in granted), "")
    others = [name for name in granted if name != token]
    world.webhook("http://127.0.0.1:8099/hook", granted_secrets=others, access_token=token)
    payload = renamed(case["template"], case["variables"])
    event = {"event": "CREATE_ARTIFACT", "event_id": happened(case["variables"], api, world).pk}
    return api.post(
        "/api/v1/teams/acme/integrations/webhook/hook/preview", {"payload": payload, **event}, format="json"
    )


def renamed(template: str, variables: Mapping[str, object]) -> str:
    def metadata(found: re.Match[str]) -> str:
        name = found[1]
        is_ours = name in variables and not name.startswith(METADATA)
        return f"${{{METADATA}{name}}}" if is_ours else found[0]

    return _PLACEHOLDER.sub(metadata, template)


def happened(variables: Mapping[str, object], api: APIClient, world: World) -> Event:
    """Give the event of a version with these values, logged over REST."""
    world.automation(event="CREATE_ARTIFACT", action={"type": "do_nothing"})
    metadata = {name.removeprefix(METADATA): value for name, value in variables.items()}
    api.post("/api/v1/projects/acme/mnist/collections", {"name": "model", "type": "model"}, format="json")
    # Written by hand: NaN is a number here.
    sent = json.dumps({"digest": "d0", "metadata": metadata})
    made = api.post(VERSIONS, sent, content_type="application/json")
    assert made.status_code == 201, made.content
    return Event.objects.get(kind="artifact.created")


@cases(ok=True)
def test_a_preview_shows_what_the_case_may_store(case: dict[str, Any], api: APIClient, world: World) -> None:
    answer, expect = previewed(case, api, world), case["expect"]
    assert answer.status_code == 200, answer.content
    body = answer.json()["body"]
    assert json.dumps(json.loads(body)) == json.dumps(expect.get("masked", expect["body"]))
    assert not [text for text in expect.get("text_must_not_contain", ()) if text in body]


@cases(ok=False)
def test_a_preview_of_a_bad_case_is_refused_and_tells_no_secret(
    case: dict[str, Any], api: APIClient, world: World
) -> None:
    answer, expect = previewed(case, api, world), case["expect"]
    assert answer.status_code == 400, answer.content
    (error,) = answer.json()["errors"]
    assert error["field"] == "payload"
    assert all(name in error["message"] for name in expect.get("error_names", ()))
    secrets = {**case.get("secrets", {}), **case.get("team_secrets_not_granted", {})}
    assert not [value for value in secrets.values() if value in error["message"]]
