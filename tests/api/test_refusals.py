"""Bad input over REST: a 4xx that names the field, says back the value (never a secret) and tells the remedy."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from automations.actions import action as actions
from automations.api.serializers import AutomationSerializer
from automations.conditions.condition import conditions_of
from automations.definitions import former_names, scope_type
from automations.models import Automation
from events import event_types
from integrations.webhook.models import Webhook
from projects.models import HistoryChunk, Project, Run
from secrets_vault.models import Secret
from teams.models import ApiKey, Membership, Team
from tests.conftest import as_person
from tests.world import FAILED, World, threshold

AUTOMATIONS = "/api/v1/automations"
RUNS = "/api/v1/projects/acme/mnist/runs"
HISTORY = f"{RUNS}/run1/history"
SECRETS = "/api/v1/teams/acme/secrets"
WEBHOOKS = "/api/v1/teams/acme/integrations/webhook"
KEYS = "/api/v1/api-keys"
NUMBER = "Give a number to compare with; for NaN and infinity there is the comparison not_finite."
WINDOW = "Give a whole number of values from 1 to 10000."
SCOPES = ", ".join(kind.key for kind in scope_type.registry)
EVENTS = ", ".join(event.wire for event in event_types.registry)
ACTIONS = ", ".join(kind.key for kind in actions.registry)
OF_RUN_STATE = f"Choose one of: {', '.join(kind.key for kind in conditions_of('run.state'))}."
FIELDS = ", ".join(name for name, field in AutomationSerializer().fields.items() if not field.read_only)


def wrong(answer: Any, status: int = 400) -> tuple[str, Any, str]:
    """Give the one error of an answer, after a look at the shape that all refusals share."""
    body = answer.json()
    assert answer.status_code == status, body
    assert body.keys() == {"detail", "errors"}
    (error,) = body["errors"]
    assert error["message"] in body["detail"]
    return error["field"], error["value"], error["message"]


def action(**changes: Any) -> dict[str, Any]:
    return {"type": "send_webhook", "webhook": "hook", **changes}


def automate(api: APIClient, **changes: Any) -> Any:
    body = {
        "name": "bell",
        "scope": {"type": "project", "name": "acme/mnist"},
        "event": "RUN_STATE",
        "conditions": [FAILED],
        "action": action(),
        **changes,
    }
    return api.post(AUTOMATIONS, json.dumps(body), content_type="application/json")


def post(api: APIClient, address: str, body: Any) -> Any:
    return api.post(address, body, format="json")


@pytest.fixture
def hook(world: World) -> Webhook:
    return world.webhook("http://127.0.0.1:8009/hook")


# Automations ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "field", "value", "message"),
    [
        pytest.param(
            [FAILED, {"type": "moon"}],
            "conditions.1.type",
            "moon",
            f"'moon' is no condition of RUN_STATE. {OF_RUN_STATE}",
            id="unknown",
        ),
        pytest.param(
            [FAILED, threshold()],
            "conditions.1.type",
            "metric_threshold",
            f"'metric_threshold' is no condition of RUN_STATE. {OF_RUN_STATE}",
            id="of another event",
        ),
        pytest.param(
            [FAILED, FAILED], "conditions.1.type", "run_state", "'run_state' stands here twice; keep one.", id="twice"
        ),
        pytest.param(
            [],
            "conditions",
            [],
            'RUN_STATE needs the condition run_state, such as {"type": "run_state", ...}.',
            id="the defining one is missing",
        ),
        pytest.param(
            [{**FAILED, "state": "x"}],
            "conditions.0.state",
            "x",
            "There is no field 'state' here. Fields are: states.",
            id="unknown field",
        ),
        pytest.param(
            ["x"],
            "conditions.0",
            "x",
            'Give an object with a type, such as {"type": "run_state", "states": ["failed"]}.',
            id="no object",
        ),
        pytest.param(
            [{"type": "run_state", "states": ["exploded"]}],
            "conditions.0.states",
            ["exploded"],
            "'exploded' is no choice here. Choose one of: running, finished, failed, crashed, preempted.",
            id="unknown state",
        ),
        pytest.param(
            [{"type": "run_state", "states": "failed"}],
            "conditions.0.states",
            "failed",
            'Give a list, such as ["failed"].',
            id="states as a text",
        ),
        pytest.param(
            [FAILED, {"type": "run_name", "pattern": "(["}],
            "conditions.1.pattern",
            "([",
            "'([' is no regular expression (RE2): missing ]: [. Look-arounds and back-references do not exist there.",
            id="regex that does not compile",
        ),
        pytest.param(
            [FAILED, {"type": "run_name", "pattern": "a" * 501}],
            "conditions.1.pattern",
            "a" * 200 + "…",
            "Ensure this value has at most 500 characters (it has 501).",
            id="regex that is too long",
        ),
        pytest.param(
            [FAILED, {"type": "run_user", "username": 5}],
            "conditions.1.username",
            5,
            "5 is not a text; put it in quotes.",
            id="number where a text belongs",
        ),
    ],
)
def test_a_condition_that_cannot_be_is_refused(
    api: APIClient, hook: Webhook, conditions: Any, field: str, value: Any, message: str
) -> None:
    assert wrong(automate(api, conditions=conditions)) == (field, value, message)
    assert Automation.objects.count() == 0


@pytest.mark.parametrize(
    ("params", "field", "value", "message"),
    [
        pytest.param(
            {"comparison": "above"},
            "comparison",
            "above",
            "'above' is no choice here. Choose one of: gt, gte, lt, lte, eq, ne, not_finite.",
            id="unknown comparison",
        ),
        pytest.param(
            {"aggregation": "median"},
            "aggregation",
            "median",
            "'median' is no choice here. Choose one of: average, min, max, latest.",
            id="unknown aggregation",
        ),
        pytest.param({"window": 0}, "window", 0, WINDOW, id="window 0"),
        pytest.param({"window": 10_001}, "window", 10_001, WINDOW, id="huge window"),
        pytest.param({"window": 2.5}, "window", 2.5, WINDOW, id="half a window"),
        pytest.param({"threshold": float("nan")}, "threshold", None, NUMBER, id="threshold NaN"),
        pytest.param({"threshold": "Infinity"}, "threshold", "Infinity", NUMBER, id="threshold infinite"),
        pytest.param({"threshold": None}, "threshold", None, NUMBER, id="threshold missing"),
        pytest.param({"threshold": "one"}, "threshold", "one", NUMBER, id="threshold in words"),
        pytest.param({"threshold": True}, "threshold", True, "True is not a number; give one.", id="threshold true"),
        pytest.param({"metric": ""}, "metric", "", "Name a metric, such as val/loss.", id="no metric"),
    ],
)
def test_a_threshold_that_cannot_be_is_refused(
    api: APIClient, hook: Webhook, params: dict[str, Any], field: str, value: Any, message: str
) -> None:
    answer = automate(api, event="RUN_METRIC", conditions=[threshold(**params)])
    assert wrong(answer) == (f"conditions.0.{field}", value, message)
    assert Automation.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "field", "value", "message"),
    [
        pytest.param(
            {"event": "RUN_EXPLODED"},
            "event",
            "RUN_EXPLODED",
            f"'RUN_EXPLODED' is no event. Choose one of: {EVENTS}.",
            id="unknown event",
        ),
        pytest.param(
            {"action": {"type": "fax"}},
            "action.type",
            "fax",
            f"'fax' is no action. Choose one of: {ACTIONS}.",
            id="unknown action",
        ),
        pytest.param(
            {"action": action(webhook="hok")},
            "action.webhook",
            "hok",
            "The team acme has no webhook 'hok'. Its webhooks: hook.",
            id="unknown webhook",
        ),
        pytest.param(
            {"action": action(payload='{"a": }')},
            "action.payload",
            '{"a": }',
            "Invalid JSON at line 1, column 7: expected a value.",
            id="payload that is not JSON",
        ),
        pytest.param(
            {"action": action(payload={"a": 1})},
            "action.payload",
            {"a": 1},
            "{'a': 1} is not a text; put it in quotes.",
            id="payload that is no text",
        ),
        pytest.param(
            {"cooldown_seconds": -1},
            "cooldown_seconds",
            -1,
            "-1 is not between 0 (fire every time) and 31536000 seconds.",
            id="negative rest",
        ),
        pytest.param(
            {"cooldown_seconds": 10**10},
            "cooldown_seconds",
            10**10,
            "10000000000 is not between 0 (fire every time) and 31536000 seconds.",
            id="huge rest",
        ),
        pytest.param(
            {"cooldown_seconds": "day"},
            "cooldown_seconds",
            "day",
            "A valid integer is required.",
            id="cooldown in words",
        ),
        pytest.param(
            {"scope": {"type": "project", "name": "mnist"}},
            "scope.name",
            "mnist",
            "'mnist' names no project; write it like acme/mnist.",
            id="scope without a team",
        ),
        pytest.param(
            {"scope": {"type": "planet", "name": "mars"}},
            "scope.type",
            "planet",
            f"'planet' is no choice here. Choose one of: {SCOPES}.",
            id="unknown scope",
        ),
        pytest.param(
            {"scope": "acme/mnist"},
            "scope",
            "acme/mnist",
            'Give an object, such as {"type": "project", "name": "acme/mnist"}.',
            id="scope as a text",
        ),
        pytest.param(
            {"rest": 0},
            "rest",
            None,
            f"There is no field 'rest' here. Fields are: {FIELDS}.",
            id="unknown field",
        ),
        *(
            pytest.param(
                {former: 0},
                former,
                None,
                f"There is no field {former!r} here: it is called {now} now. Fields are: {FIELDS}.",
                id=f"former name {former}",
            )
            for former, now in former_names.FIELDS.items()
        ),
        pytest.param({"name": " "}, "name", " ", "This field may not be blank.", id="no name"),
    ],
)
def test_an_automation_that_cannot_be_is_refused(
    api: APIClient, hook: Webhook, changes: dict[str, Any], field: str, value: Any, message: str
) -> None:
    assert wrong(automate(api, **changes)) == (field, value, message)
    assert Automation.objects.count() == 0


def test_an_unknown_variable_is_refused_with_those_that_exist(api: APIClient, hook: Webhook) -> None:
    field, value, message = wrong(automate(api, action=action(payload='{"run": "${run_nam}"}')))
    assert (field, value) == ("action.payload", '{"run": "${run_nam}"}')
    assert message.startswith(
        "Unknown variable at line 1, column 10, ${run_nam}: did you mean ${run_name}? These exist: run_name, "
    )
    assert Automation.objects.count() == 0


def test_a_secret_that_the_webhook_does_not_use_is_refused_in_its_payload(
    api: APIClient, world: World, hook: Webhook
) -> None:
    world.secret("TOKEN", "hush-hush")
    field, _value, message = wrong(automate(api, action=action(payload='{"a": "${TOKEN}"}')))
    assert (field, message) == (
        "action.payload",
        "Secret not granted at line 1, column 8, ${TOKEN}: grant it to the webhook, or take it out.",
    )
    assert Automation.objects.count() == 0


def test_every_fault_of_an_automation_is_told_at_once(api: APIClient, hook: Webhook) -> None:
    answer = automate(
        api, event="RUN_METRIC", conditions=[threshold(window=0, comparison="above")], action={"type": "fax"}
    )
    assert [error["field"] for error in answer.json()["errors"]] == [
        "conditions.0.window",
        "conditions.0.comparison",
        "action.type",
    ]


def test_a_name_that_is_taken_is_a_conflict(api: APIClient, hook: Webhook) -> None:
    assert automate(api).status_code == 201
    assert wrong(automate(api), 409) == (
        "name",
        "bell",
        "There is an automation 'bell' here already. Choose another name.",
    )
    assert Automation.objects.count() == 1


def test_a_change_that_cannot_be_changes_nothing(api: APIClient, world: World, hook: Webhook) -> None:
    automation = world.automation(FAILED)
    answer = api.patch(f"{AUTOMATIONS}/{automation.pk}", {"name": "new", "event": "RUN_EXPLODED"}, format="json")
    assert wrong(answer)[0] == "event"
    assert Automation.objects.values_list("name", "event_type").get() == ("automation", "run.state")


def test_an_automation_does_not_move_to_another_project(api: APIClient, world: World, hook: Webhook) -> None:
    automation = world.automation(FAILED)
    answer = api.patch(f"{AUTOMATIONS}/{automation.pk}", {"scope": {"name": "acme/other"}}, format="json")
    assert wrong(answer) == (
        "scope.name",
        "acme/other",
        "'acme/other' is not where it stands (acme/mnist). Make a new automation there.",
    )
    assert Automation.objects.get().scope == f"project:{world.project.pk}"


@pytest.mark.parametrize("name", ["other/secret", "nowhere/mnist"])
def test_a_project_of_others_is_as_if_it_were_not_there(api: APIClient, world: World, hook: Webhook, name: str) -> None:
    Project.objects.create(team=world.other_team, name="secret")
    assert wrong(automate(api, scope={"type": "project", "name": name}), 404) == (
        "scope.name",
        name,
        f"There is no project {name!r} here, or you are not on its team.",
    )
    assert Automation.objects.count() == 0


def test_a_viewer_is_told_which_role_it_takes(world: World, hook: Webhook) -> None:
    _field, _value, message = wrong(automate(as_person(world.keys["vera"])), 403)
    assert message == "This takes the role member in the team acme; yours is viewer. Ask one of its admins."
    assert Automation.objects.count() == 0


# Filters -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "status", "field", "value", "message"),
    [
        (
            "/api/v1/executions?state=done",
            400,
            "state",
            "done",
            "'done' is no state. Choose one of: pending, delivered, failed, suppressed.",
        ),
        (
            "/api/v1/executions?cursor=zzz",
            404,
            "address",
            "/api/v1/executions",
            "This cursor leads nowhere. Use the address in `next`, or begin without a cursor.",
        ),
        (
            "/api/v1/automations?project=mnist",
            400,
            "project",
            "mnist",
            "'mnist' names no project; write it as team/project, such as acme/mnist.",
        ),
        (
            "/api/v1/automations?project=other/x",
            404,
            "project",
            "other/x",
            "There is no team 'other' here, or you are not on it.",
        ),
        (
            "/api/v1/events/NOPE/variables",
            400,
            "event",
            "NOPE",
            f"'NOPE' is no event. Choose one of: {EVENTS}.",
        ),
        (f"{HISTORY}?samples=0", 400, "samples", "0", "'0' is no number from 1 to 10000."),
        (f"{HISTORY}?stream=gpu", 400, "stream", "gpu", "'gpu' is no stream. Choose one of: history, system."),
        (f"{RUNS}/none", 404, "address", f"{RUNS}/none", "There is no run 'none' in acme/mnist."),
        (
            f"{AUTOMATIONS}/99999999999999999999",
            404,
            "address",
            f"{AUTOMATIONS}/99999999999999999999",
            "There is no automation 99999999999999999999 here, or you are not on its team.",
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    api: APIClient, world: World, address: str, status: int, field: str, value: str, message: str
) -> None:
    world.run("run1")
    assert wrong(api.get(address), status) == (field, value, message)


# Bodies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(
            b'{"name":',
            "The body is not valid JSON: Expecting value: line 1 column 9 (char 8). Check quotes and commas there.",
            id="cut off",
        ),
        pytest.param(
            b'["name"]', 'The body is not a JSON object. Write it like {"name": "..."}.', id="list in place of object"
        ),
        pytest.param(b"null", 'The body is not a JSON object. Write it like {"name": "..."}.', id="null"),
        pytest.param(b'{"name": "\xff"}', "The body is not UTF-8. Send JSON in UTF-8.", id="not UTF-8"),
        pytest.param(
            b'{"a": ' + b"9" * 4301 + b"}",
            "A number in the body has more than 4,300 digits. Send it as a text.",
            id="endless number",
        ),
        pytest.param(
            b"[" * 200_000,
            "The body is nested too deeply. Use fewer lists and objects inside each other.",
            id="endless nesting",
        ),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(api: APIClient, hook: Webhook, body: bytes, message: str) -> None:
    answer = api.post(AUTOMATIONS, body, content_type="application/json")
    assert wrong(answer) == ("body", None, message)
    assert Automation.objects.count() == 0


def test_a_body_that_is_no_json_is_told_how_to_be_sent(api: APIClient) -> None:
    answer = api.post(KEYS, "name=x", content_type="application/x-www-form-urlencoded")
    field, value, message = wrong(answer, 415)
    assert (field, value) == ("Content-Type", "application/x-www-form-urlencoded")
    assert message.endswith("Send JSON with the header 'Content-Type: application/json'.")


def test_a_method_that_is_not_there_is_told_those_that_are(api: APIClient) -> None:
    assert wrong(api.delete(AUTOMATIONS), 405) == (
        "method",
        "DELETE",
        'Method "DELETE" not allowed. This address takes: GET, POST, HEAD, OPTIONS.',
    )


def test_half_a_surrogate_pair_in_a_text_is_repaired_and_kept(api: APIClient, world: World) -> None:
    world.run("run1")
    body = '{"offset": 0, "rows": [{"file\\ud800": "a\\udfff", "smile": "\\ud83d\\ude00"}]}'
    assert api.post(HISTORY, body, content_type="application/json").status_code == 200
    assert api.get(HISTORY).json()["rows"] == [{"file\ufffd": "a\ufffd", "smile": "😀"}]


def test_missing_fields_are_all_named(api: APIClient) -> None:
    errors = post(api, AUTOMATIONS, {}).json()["errors"]
    assert [error["field"] for error in errors] == ["name", "scope", "event", "action"]
    assert {error["message"] for error in errors} == {"This field is required."}


# Runs and history ----------------------------------------------------------------------------------


ROWS = 'Give a list of rows, such as [{"_step": 0, "loss": 1.2}].'


@pytest.mark.parametrize(
    ("batch", "field", "value", "message"),
    [
        pytest.param(
            {"offset": -1}, "offset", -1, "Ensure this value is greater than or equal to 0.", id="negative offset"
        ),
        pytest.param({"offset": "x"}, "offset", "x", "A valid integer is required.", id="offset in letters"),
        pytest.param({"offset": 1.5}, "offset", 1.5, "A valid integer is required.", id="half an offset"),
        pytest.param({"offset": True}, "offset", True, "A valid integer is required.", id="offset true"),
        pytest.param(
            {"offset": 2**63},
            "offset",
            2**63,
            "Ensure this value is less than or equal to 4611686018427387904.",
            id="offset that no database can hold",
        ),
        pytest.param({"rows": {"loss": 1}}, "rows", {"loss": 1}, ROWS, id="rows not a list"),
        pytest.param(
            {"rows": [{"loss": 1}, "x"]},
            "rows.1",
            "x",
            '\'x\' is no row; write it like {"_step": 0, "loss": 1.2}.',
            id="row not an object",
        ),
        pytest.param(
            {"stream": "gpu"},
            "stream",
            "gpu",
            "'gpu' is no choice here. Choose one of: history, system.",
            id="unknown stream",
        ),
        pytest.param(
            {"step": 3},
            "step",
            None,
            "There is no field 'step' here. Fields are: offset, stream, rows.",
            id="unknown field",
        ),
    ],
)
def test_a_batch_that_cannot_be_is_refused(
    api: APIClient, world: World, batch: dict[str, Any], field: str, value: Any, message: str
) -> None:
    world.run("run1")
    answer = post(api, HISTORY, {"offset": 0, "rows": [], **batch})
    assert wrong(answer) == (field, value, message)
    assert HistoryChunk.objects.count() == 0


def test_too_many_rows_are_refused_with_what_is_allowed(api: APIClient, world: World) -> None:
    world.run("run1")
    field, value, message = wrong(post(api, HISTORY, {"offset": 0, "rows": [{}] * 10_001}))
    assert (field, message) == ("rows", "10001 rows in one request; send at most 10000 (RUNBELL_MOST_ROWS).")
    assert len(value) == 201
    assert HistoryChunk.objects.count() == 0


@pytest.mark.parametrize("code", ["x", 1.5, 2**31, None, [1]])
def test_an_exit_code_that_is_no_number_ends_nothing(api: APIClient, world: World, code: Any) -> None:
    world.run("run1")
    field, value, _message = wrong(post(api, f"{RUNS}/run1/finish", {"exit_code": code}))
    assert (field, value) == ("exit_code", code)
    assert Run.objects.values_list("state", "exit_code").get() == ("running", None)


@pytest.mark.parametrize("name", ["a:b", "a/b", "50%", "x" * 129])
def test_a_run_id_that_is_no_part_of_an_address_is_refused(api: APIClient, name: str) -> None:
    assert wrong(post(api, RUNS, {"name": name}))[:2] == ("name", name)
    assert Run.objects.count() == 0


def test_a_project_name_that_is_taken_is_a_conflict(api: APIClient, world: World) -> None:
    assert wrong(post(api, "/api/v1/projects/acme", {"name": "mnist"}), 409) == (
        "name",
        "mnist",
        "The team acme has a project 'mnist' already.",
    )
    assert Project.objects.count() == 1


# Secrets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        (
            "1TOKEN",
            400,
            "'1TOKEN' is no usable name: use up to 64 letters, digits and underscores, not starting with a digit.",
        ),
        (
            "ACCESS_TOKEN",
            400,
            "'ACCESS_TOKEN' is reserved: it stands for a webhook's access token. Choose another name.",
        ),
        ("TOKEN", 409, "The team acme has a secret 'TOKEN' already. Change its value instead."),
    ],
)
def test_a_secret_of_a_wrong_name_is_refused(
    api: APIClient, world: World, name: str, status: int, message: str
) -> None:
    world.secret("TOKEN", "first-value")
    answer = post(api, SECRETS, {"name": name, "value": "hush-hush"})
    assert wrong(answer, status) == ("name", name, message)
    assert Secret.objects.defer(None).values_list("name", "value").get() == ("TOKEN", "first-value")


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        pytest.param(
            {"value": "hush" * 12_289}, "value", "The value has 49156 bytes; 49152 is the most.", id="too long"
        ),
        pytest.param({"value": ["hush"]}, "value", "Not a valid string.", id="no text"),
        pytest.param(
            {"value": "a", "vlaue": "hush"},
            "vlaue",
            "There is no field 'vlaue' here. Fields are: name, value.",
            id="misspelled field",
        ),
        pytest.param({"value": ""}, "value", "This field may not be blank.", id="empty"),
    ],
)
def test_a_secret_value_that_cannot_be_is_refused_without_saying_it_back(
    api: APIClient, body: dict[str, Any], field: str, message: str
) -> None:
    answer = post(api, SECRETS, {"name": "TOKEN", **body})
    assert wrong(answer) == (field, None, message)
    assert "hush" not in answer.content.decode()
    assert Secret.objects.count() == 0


def test_a_broken_body_with_a_secret_in_it_is_not_said_back(api: APIClient) -> None:
    answer = api.post(SECRETS, '{"name": "TOKEN", "value": "hush-hush', content_type="application/json")
    assert wrong(answer)[:2] == ("body", None)
    assert "hush" not in answer.content.decode()


# Webhooks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "value", "reason"),
    [
        (
            "ftp://files.test/",
            "ftp://files.test/",
            "Only web addresses may be used. Begin with https:// or http://.",
        ),
        (
            "files.test/hook",
            "files.test/hook",
            "Only web addresses may be used. Begin with https:// or http://.",
        ),
        (
            "http://10.0.0.1/",
            "http://10.0.0.1/",
            "This address is private or reserved. Self-hosters may open a range with RUNBELL_ALLOWED_PRIVATE_CIDRS.",
        ),
        (
            "http://127.0.0.1:22/",
            "http://127.0.0.1:22/",
            "Port 22 belongs to a service that is not a web server. Use another port.",
        ),
        (
            "http://ada:hush@hooks.test/",
            "http://********@hooks.test/",
            "A URL must not contain credentials. Store them as a secret instead.",
        ),
    ],
)
def test_an_address_that_may_not_be_called_is_refused(api: APIClient, url: str, value: str, reason: str) -> None:
    answer = post(api, WEBHOOKS, {"name": "hook", "url": url})
    assert wrong(answer) == ("url", value, f"{value!r} cannot be called: {reason}")
    assert "hush" not in answer.content.decode()
    assert Webhook.objects.count() == 0


@pytest.mark.parametrize("field", ["secret", "access_token"])
def test_a_value_in_place_of_a_secrets_name_is_not_said_back(api: APIClient, world: World, field: str) -> None:
    world.secret("TOKEN", "first-value")
    answer = post(api, WEBHOOKS, {"name": "hook", "url": "http://127.0.0.1:8009/", field: "hush-hush"})
    assert wrong(answer) == (field, None, "The team has no secret of this name. Its secrets: TOKEN.")
    assert "hush" not in answer.content.decode()
    assert Webhook.objects.count() == 0


def test_a_webhook_name_that_is_taken_is_a_conflict(api: APIClient, hook: Webhook) -> None:
    assert wrong(post(api, WEBHOOKS, {"name": "hook", "url": hook.url}), 409)[:2] == ("name", "hook")
    assert Webhook.objects.count() == 1


def test_a_change_of_a_webhook_to_a_private_address_changes_nothing(api: APIClient, hook: Webhook) -> None:
    answer = api.patch(f"{WEBHOOKS}/hook", {"url": "http://169.254.169.254/"}, format="json")
    assert wrong(answer)[:2] == ("url", "http://169.254.169.254/")
    assert Webhook.objects.get().url == hook.url


# Keys and people -----------------------------------------------------------------------------------


def test_a_key_that_would_be_over_already_is_refused(api: APIClient, world: World) -> None:
    assert wrong(post(api, KEYS, {"name": "old", "expires_at": "2020-01-01T00:00:00Z"})) == (
        "expires_at",
        "2020-01-01T00:00:00Z",
        "2020-01-01 00:00 is over. Give a time to come, or leave it out.",
    )
    assert not ApiKey.objects.filter(name="old").exists()


def authorization(api: APIClient, header: str) -> Any:
    api.credentials(HTTP_AUTHORIZATION=header)
    return api.get("/api/v1/me")


def test_an_expired_key_is_refused_with_its_date(api: APIClient, world: World) -> None:
    ended = timezone.now() - timedelta(seconds=1)
    ApiKey.objects.filter(user=world.users["alice"]).update(expires_at=ended)
    assert wrong(authorization(api, f"Bearer {world.keys['alice']}"), 401) == (
        "Authorization",
        None,
        f"This API key expired on {ended:%Y-%m-%d %H:%M} UTC. Make a new one in Runbell.",
    )


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Bearer " + "z" * 44, "This API key is not known here. Make one in Runbell under API keys."),
        ("Basic !!!", "The Basic credentials are not base64 of 'api:KEY'."),
        ("Bearer", "Send the API key as 'Authorization: Bearer KEY', or as Basic with the user 'api'."),
        ("Digest abc", "Send the API key as 'Authorization: Bearer KEY', or as Basic with the user 'api'."),
    ],
)
def test_credentials_that_are_none_are_refused(api: APIClient, header: str, message: str) -> None:
    answer = authorization(api, header)
    assert wrong(answer, 401) == ("Authorization", None, message)
    assert answer["WWW-Authenticate"] == 'Bearer realm="Runbell"'


def test_basic_with_another_user_is_refused_and_nothing_of_it_said_back(api: APIClient, world: World) -> None:
    key = world.keys["alice"]
    # `curl -u KEY:` takes the key for the user.
    answer = authorization(api, "Basic " + base64.b64encode(f"{key}:".encode()).decode())
    assert wrong(answer, 401) == (
        "Authorization",
        None,
        "With Basic the user must be 'api' and the password your key.",
    )
    assert key not in answer.content.decode()


@pytest.mark.django_db
def test_a_request_without_a_key_is_told_how_to_send_one() -> None:
    _field, _value, message = wrong(APIClient().get("/api/v1/me"), 401)
    assert message.endswith("Send an API key as 'Authorization: Bearer KEY'.")


@pytest.mark.parametrize(
    ("body", "field", "value", "message"),
    [
        (
            {"username": "zed"},
            "username",
            "zed",
            "There is no 'zed' in the organization research. Invite people from elsewhere.",
        ),
        (
            {"username": "charlie", "role": "boss"},
            "role",
            "boss",
            "'boss' is no choice here. Choose one of: admin, member, viewer.",
        ),
        (
            {"username": "alice", "role": "viewer"},
            "role",
            "viewer",
            "alice is the last admin of acme. Make someone else admin first.",
        ),
    ],
)
def test_a_membership_that_cannot_be_is_refused(
    api: APIClient, body: dict[str, str], field: str, value: str, message: str
) -> None:
    assert wrong(post(api, "/api/v1/teams/acme/members", body)) == (field, value, message)
    assert dict(Membership.objects.filter(team__name="acme").values_list("user__username", "role")) == {
        "alice": "admin",
        "bob": "member",
        "vera": "viewer",
    }


def test_a_team_may_not_have_a_word_of_our_own_addresses_as_its_name(world: World) -> None:
    team = Team(organization=world.team.organization, name="api")
    with pytest.raises(ValidationError) as refusal:
        team.full_clean()
    assert refusal.value.message_dict == {"name": ["'api' is a word of Runbell's own addresses; choose another name."]}


def test_an_address_that_leads_nowhere_is_told_in_the_same_shape(api: APIClient) -> None:
    answer = api.get("/api/v1/no/such/thing")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["field"] == "address"
    assert "/api/v1/docs" in answer.json()["detail"]


def test_a_page_that_is_not_there_is_told_to_strangers_too(client: Client, db: None) -> None:
    answer = client.get("/a/b/c/d/e/f/g")
    assert (answer.status_code, "Nothing here" in answer.content.decode()) == (404, True)


@pytest.mark.parametrize("query", ["run=a%00b", "a%00=b", "run=%00"])
def test_a_nul_behind_the_question_mark_is_refused_before_the_database_is_asked(api: APIClient, query: str) -> None:
    field, _value, message = wrong(api.get(f"/api/v1/executions?{query}"), 400)
    assert field in ("run", "a\ufffd")
    assert message == "It holds a NUL character (%00), which no text may hold. Leave that out."


def test_a_page_refuses_a_nul_too(client: Client) -> None:
    answer = client.get("/search?q=%00")
    assert (answer.status_code, "NUL" in answer.content.decode()) == (400, True)
