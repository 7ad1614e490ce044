"""Automations as code: export, diff, apply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.definitions import as_code, scopes
from automations.models import Automation
from tests.conftest import as_person
from tests.world import FAILED, World, put_settings, threshold

FILE = """\
automations:
  - scope: acme/mnist
    name: Run failed
    event: RUN_STATE
    conditions:
      - {type: run_state, states: [failed]}
    action: {type: send_webhook, webhook: hook}
  - scope: {type: project, name: acme/mnist}
    name: Loss is high
    event: RUN_METRIC
    conditions:
      - type: metric_threshold
        metric: loss
        comparison: gt
        threshold: 1
    action: {type: send_webhook, webhook: hook, payload: '{"run": "${run_name}"}'}
    cooldown_seconds: 0
"""


@pytest.fixture(autouse=True)
def hook(world: World, receiver: HTTPServer) -> None:
    world.webhook(receiver.url_for("/hook"))


def applied(document: Any, **options: Any) -> list[str]:
    return [step.verb for step in as_code.apply(document, scopes.place_named, by=None, **options)]


def test_a_file_makes_automations_and_a_second_time_changes_nothing(world: World) -> None:
    document = yaml.safe_load(FILE)
    assert applied(document) == ["create", "create"]
    assert applied(document) == ["unchanged", "unchanged"]
    assert Automation.objects.count() == 2


def test_what_is_exported_applies_without_a_change(world: World) -> None:
    world.automation(FAILED, {"type": "run_name", "pattern": "^prod-"}, name="one", description="x", rate_limit=5)
    world.automation(
        threshold(), event="RUN_METRIC", name="two", enabled=False, cooldown_seconds=60, notify_on_recovery=True
    )
    document = yaml.safe_load(yaml.safe_dump(as_code.export(Automation.objects.all())))
    assert applied(document) == ["unchanged", "unchanged"]
    Automation.objects.all().delete()
    assert applied(document) == ["create", "create"]
    assert as_code.export(Automation.objects.order_by("id")) == document


def test_the_plan_shows_each_changed_field_and_changes_nothing(world: World) -> None:
    applied(yaml.safe_load(FILE))
    document = yaml.safe_load(FILE.replace("cooldown_seconds: 0", "cooldown_seconds: 60"))
    steps = as_code.plan(document, scopes.place_named)
    assert [(step.verb, step.changes) for step in steps] == [
        ("unchanged", {}),
        ("change", {"cooldown_seconds": (0, 60)}),
    ]
    assert Automation.objects.get(name="Loss is high").cooldown_seconds == 0


def test_pruning_deletes_what_the_file_does_not_name(world: World) -> None:
    world.automation(FAILED, name="old")
    assert applied(yaml.safe_load(FILE)) == ["create", "create"]
    assert applied(yaml.safe_load(FILE), prune=True) == ["unchanged", "unchanged", "delete"]
    assert sorted(Automation.objects.filter(deleted_at=None).values_list("name", flat=True)) == [
        "Loss is high",
        "Run failed",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("comparison: gt", "comparison: abowe", ":14: automations.1.conditions.0.comparison: "),
        (
            "cooldown_seconds: 0",
            "cooldown_seconds: long",
            ":17: automations.1.cooldown_seconds: 'long' is not a whole number",
        ),
        ("cooldown_seconds: 0", "rests: 0", ":17: automations.1.rests: There is no field 'rests'"),
        (
            "cooldown_seconds: 0",
            "rest_seconds: 0",
            ":17: automations.1.rest_seconds: There is no field 'rest_seconds'. It is called cooldown_seconds now.",
        ),
        ("scope: acme/mnist", "scope: acme/nothing", ":2: automations.0.scope: There is no project 'acme/nothing'"),
        ("webhook: hook}", "webhook: hok}", ":7: automations.0.action.webhook: "),
        ("name: Loss is high", "name: Run failed", ":9: automations.1.name: 'Run failed' stands here twice"),
    ],
    ids=["comparison", "cooldown", "unknown field", "former name", "project", "webhook", "twice"],
)
def test_a_wrong_file_is_refused_with_line_and_field_and_changes_nothing(
    world: World, tmp_path: Path, old: str, new: str, said: str
) -> None:
    file = tmp_path / "automations.yaml"
    file.write_text(FILE.replace(old, new, 1))
    with pytest.raises(CommandError) as refused:
        call_command("automations", "apply", str(file))
    assert said in str(refused.value)
    assert not Automation.objects.exists()


def test_the_commands_export_diff_and_apply(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, copy = tmp_path / "automations.yaml", tmp_path / "copy.yaml"
    file.write_text(FILE)
    call_command("automations", "diff", str(file))
    assert "create    acme/mnist  Run failed" in capsys.readouterr().out
    assert not Automation.objects.exists()
    call_command("automations", "apply", str(file))
    call_command("automations", "export", str(copy), "--project", "acme/mnist")
    capsys.readouterr()
    call_command("automations", "diff", str(copy))
    assert capsys.readouterr().out.count("unchanged") == 2


def test_the_same_works_over_rest(world: World, api: APIClient) -> None:
    document = yaml.safe_load(FILE)
    planned = api.post("/api/v1/automations/apply?plan=true", document, format="json").json()
    assert [step["verb"] for step in planned] == ["create", "create"]
    assert not Automation.objects.exists()
    assert api.post("/api/v1/automations/apply", document, format="json").status_code == 200
    exported = api.get("/api/v1/automations/export?project=acme/mnist").json()
    again = api.post("/api/v1/automations/apply", exported, format="json").json()
    assert [step["verb"] for step in again] == ["unchanged", "unchanged"]


@pytest.mark.parametrize(("who", "status"), [("charlie", 404), ("vera", 403), ("bob", 200)])
def test_over_rest_only_who_may_change_the_project_applies(world: World, who: str, status: int) -> None:
    answer = as_person(world.keys[who]).post("/api/v1/automations/apply", yaml.safe_load(FILE), format="json")
    assert answer.status_code == status
    assert Automation.objects.exists() == (status == 200)


def test_an_export_holds_no_secret(world: World, api: APIClient) -> None:
    world.secret("TOKEN", "canary-7f3a")
    put_settings(world.webhooks, access_token="TOKEN")
    world.automation(FAILED, action={"payload": '{"t": "${ACCESS_TOKEN}"}'})
    text = api.get("/api/v1/automations/export").content.decode()
    assert "canary" not in text
    assert "${ACCESS_TOKEN}" in text
