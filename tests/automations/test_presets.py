"""Presets: for every event each service gets what it documents, from a webhook that only names the preset."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.messages.templating import parse
from automations.messages.variables import known
from automations.models import Automation, Execution
from automations.tasks import work
from events import event_types
from integrations.webhook.models import Webhook
from integrations.webhook.preset_file import Preset, presets
from projects.runs.ingest import ingest_rows
from secrets_vault.models import Secret
from tests.automations.places import CAUSES, OF_REGISTRIES, Places, listen
from tests.automations.preset_shapes import SHAPES
from tests.world import FAILED, World, threshold

WEBHOOKS = "/api/v1/teams/acme/integrations/webhook"
VALUES = {
    "PAGERDUTY_ROUTING_KEY": "0123456789abcdef0123456789abcdef",
    "TELEGRAM_CHAT_ID": "-1001234567890",
    "TELEGRAM_TOKEN": "123456:ABC-DEF_xyz",
}
PATHS = {
    "generic": "/generic",
    "github": "/repos/MINE/MINE/dispatches",
    "teams": "/workflows/MINE/triggers/manual/paths/invoke",
    "discord": "/api/webhooks/MINE/value-of-DISCORD_TOKEN",
    "pagerduty": "/v2/enqueue",
    "github_workflow": "/repos/MINE/MINE/actions/workflows/MINE/dispatches",
    "gitlab": "/api/v4/projects/MINE/trigger/pipeline",
    "jenkins": "/generic-webhook-trigger/invoke",
    "airflow": "/api/v2/dags/MINE/dagRuns",
    "kubernetes": "/apis/batch/v1/namespaces/MINE/jobs",
    "telegram": "/bot123456:ABC-DEF_xyz/sendMessage",
}


def address(preset: Preset, receiver: HTTPServer) -> str:
    """Give the preset's address with everything in its place, but at the receiver."""
    url = re.sub("^https://[^/]+", receiver.url_for("").rstrip("/"), preset.url) or receiver.url_for("/generic")
    for word in preset.blanks:
        url = url.replace(word, "MINE")
    return url


def make(api: APIClient, world: World, preset: Preset, url: str) -> Any:
    for name in sorted(preset.secrets.keys() - set(Secret.objects.values_list("name", flat=True))):
        world.secret(name, VALUES.get(name, f"value-of-{name}"))
    return api.post(WEBHOOKS, {"name": preset.key, "preset": preset.key, "url": url}, format="json")


def test_every_file_has_its_shape() -> None:
    assert sorted(presets()) == sorted(SHAPES) == sorted(PATHS)


@pytest.mark.parametrize("event", sorted(CAUSES))
def test_each_service_gets_what_it_documents(places: Places, api: APIClient, receiver: HTTPServer, event: str) -> None:
    receiver.expect_request(re.compile("/.*")).respond_with_data("")
    kind, cause = event_types.by_wire_name(event), CAUSES[event]
    scope = "project" if "project" in kind.scopes else next(name for name in kind.scopes if name in OF_REGISTRIES)
    for preset in presets().values():
        assert make(api, places.world, preset, address(preset, receiver)).status_code == 201
        action = {"type": "send_webhook", "webhook": preset.key}
        made = listen(api, scope, event, *cause.conditions, name=preset.key, action=action)
        assert made.json()["action"]["payload"] == preset.payload

    cause.happen(places, cause.collection(places, scope))
    work()

    assert set(Execution.objects.values_list("state", flat=True)) == {"delivered"}
    sent = {request.path: request for request, _answer in receiver.log}
    assert sorted(sent) == sorted(PATHS.values())
    for key, path in PATHS.items():
        body = json.loads(sent[path].data)
        jsonschema.validate(body, SHAPES[key], format_checker=jsonschema.FormatChecker())
        assert "${" not in json.dumps(body)
        assert sent[path].method == presets()[key].method
        assert {name: sent[path].headers.get(name) for name in presets()[key].headers} == presets()[key].headers
    assert sent[PATHS["github"]].headers["Authorization"] == "Bearer value-of-GITHUB_TOKEN"
    assert sent[PATHS["teams"]].args["sig"] == "value-of-TEAMS_SIG"


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.key)
def test_a_payload_names_only_variables_and_secrets_of_the_preset(preset: Preset) -> None:
    parse(preset.payload).check(known=known(), secrets=preset.secrets)
    assert preset.docs.startswith("https://")
    assert len(preset.about) > 40


def test_pagerduty_opens_and_closes_one_incident_for_each_run(
    world: World, api: APIClient, receiver: HTTPServer
) -> None:
    receiver.expect_request(re.compile("/.*")).respond_with_data("")
    preset = presets()["pagerduty"]
    assert make(api, world, preset, address(preset, receiver)).status_code == 201
    action = {"type": "send_webhook", "webhook": "pagerduty", "payload": preset.payload}
    world.automation(threshold(), event="RUN_METRIC", action=action, notify_on_recovery=True, name="n" * 255)
    for name in ("first", "second"):
        run = world.run(name)
        for position, loss in enumerate([2.0, 0.5]):
            ingest_rows(run, position, [{"loss": loss}])
            work()
    sent = [json.loads(request.data) for request, _answer in receiver.log]
    assert [one["event_action"] for one in sent] == ["trigger", "resolve"] * 2
    first, again, second, once_more = (one["dedup_key"] for one in sent)
    assert first == again != second == once_more


ABOUT = ("artifact_version_string", "alias", "alert_title", "alert_text", "alert_level")


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.key)
def test_a_payload_says_what_it_is_about(preset: Preset) -> None:
    # What starts something else names the version or the run, and leads to the rest.
    starts = preset.key in ("github_workflow", "kubernetes")
    wanted = ("artifact_version_string", "execution_url") if starts else ABOUT
    assert {name for name in wanted if f"${{{name}}}" not in preset.payload} == set()


@pytest.mark.parametrize("key", ["discord", "teams", "telegram"])
def test_the_name_of_a_run_cannot_forge_a_link_or_a_mention(key: str) -> None:
    # Where a service reads Markdown, only our own address stands.
    body = json.loads(presets()[key].payload)
    markdown = {
        "discord": lambda: [body["embeds"][0]["description"], body.get("content", "")],
        "teams": lambda: [
            one["text"] for one in body["attachments"][0]["content"]["body"] if one["type"] == "TextBlock"
        ],
        "telegram": lambda: [body.get("parse_mode", "")],
    }[key]()
    assert [text for text in markdown if text] in ([], ["${run_url}"])


# Over REST -----------------------------------------------------------------------------------------


def test_rest_lists_the_presets(api: APIClient) -> None:
    listed = {one["key"]: one for one in api.get("/api/v1/presets").json()}
    assert next(iter(listed)) == "generic"
    assert listed["pagerduty"]["url"] == "https://events.pagerduty.com/v2/enqueue"
    assert listed["telegram"]["granted_secrets"] == ["TELEGRAM_TOKEN", "TELEGRAM_CHAT_ID"]
    assert listed["github"]["access_token"] == "GITHUB_TOKEN"
    assert listed["github"]["blanks"] == ["OWNER", "REPO"]


def test_what_is_left_out_comes_from_the_preset_and_what_is_sent_wins(api: APIClient, world: World) -> None:
    for name in ("GITHUB_TOKEN", "MINE"):
        world.secret(name, "x")
    sent = {"name": "hook", "preset": "github", "url": "http://127.0.0.1:8009/", "access_token": "MINE"}
    made = api.post(WEBHOOKS, sent, format="json").json()
    assert made["access_token"] == "MINE"
    assert made["headers"] == presets()["github"].headers


def test_the_secrets_of_a_preset_must_be_there(api: APIClient) -> None:
    answer = api.post(WEBHOOKS, {"name": "hook", "preset": "pagerduty"}, format="json")
    assert [error["field"] for error in answer.json()["errors"]] == ["granted_secrets"]
    assert Webhook.objects.count() == 0


def test_a_word_that_is_still_to_be_replaced_is_refused(api: APIClient, world: World) -> None:
    world.secret("GITHUB_TOKEN", "x")
    answer = api.post(WEBHOOKS, {"name": "hook", "preset": "github"}, format="json")
    (error,) = answer.json()["errors"]
    assert error["field"] == "url"
    assert error["message"].startswith("Put what is yours in place of OWNER and REPO.")


def test_an_automation_may_have_a_payload_of_its_own(api: APIClient, world: World) -> None:
    make(api, world, presets()["pagerduty"], "http://127.0.0.1:8009/")
    world.automation(FAILED, action={"webhook": "pagerduty", "payload": '{"a": 1}'})
    assert Automation.objects.get().action["payload"] == '{"a": 1}'


def test_a_preview_without_a_payload_is_that_of_the_preset(api: APIClient, world: World) -> None:
    make(api, world, presets()["pagerduty"], "http://127.0.0.1:8009/")
    body = api.post(f"{WEBHOOKS}/pagerduty/preview", {"event": "RUN_STATE"}, format="json").json()["body"]
    assert json.loads(body)["routing_key"] == "********"


@pytest.mark.parametrize("key", sorted(key for key, preset in presets().items() if preset.read_by_people))
@pytest.mark.parametrize("name", ["ACCESS_TOKEN", "TOKEN", "SIGNING", "IN_URL"])
def test_what_people_read_cannot_name_what_opens_or_signs(api: APIClient, world: World, key: str, name: str) -> None:
    for secret in ("TOKEN", "SIGNING", "IN_URL"):
        world.secret(secret, "hush-hush")
    chat = world.webhook(
        "http://127.0.0.1:8009/${IN_URL}",
        preset=key,
        access_token="TOKEN",
        secret="SIGNING",
        granted_secrets=["IN_URL"],
    )
    sent = {
        "name": "talks", "scope": {"type": "project", "name": "acme/mnist"}, "event": "RUN_STATE",
        "conditions": [FAILED],
        "action": {"type": "send_webhook", "webhook": chat.name, "payload": f'{{"text": "${{{name}}}"}}'},
    }  # fmt: skip
    (error,) = api.post("/api/v1/automations", sent, format="json").json()["errors"]
    assert error["field"] == "action.payload"
    assert f"${{{name}}} is a secret, and people read what {presets()[key].label} shows." in error["message"]
