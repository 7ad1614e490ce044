"""Run as a program on the database of a story's processes.

python -m tests.stories.scene prepare URL           a webhook, and an automation that calls it when a run fails
python -m tests.stories.scene prepare_hanging URL   the same in a project of its own, whose runs are failed by `burst`
python -m tests.stories.scene start COUNT PREFIX    runs that run
python -m tests.stories.scene finish COUNT PREFIX   let these fail, one by one
python -m tests.stories.scene fail COUNT PREFIX     both
python -m tests.stories.scene fail_slowly COUNT     20 a second, and give the moment of each commit, as JSON
python -m tests.stories.scene burst COUNT PREFIX [PROJECT]  runs that have failed, written all at once
python -m tests.stories.scene use_secrets COUNT     more secrets, two of which the webhook uses
python -m tests.stories.scene states                executions by state, as JSON
python -m tests.stories.scene failures              the reasons of those that failed, as JSON
python -m tests.stories.scene restart_traces        how many executions have losses, and how many attempts are no first
"""

from __future__ import annotations

import json
import sys
import time

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.db.models import Count  # noqa: E402

from automations.definitions.draft_validation import AutomationDraft  # noqa: E402
from automations.definitions.scopes import of_project  # noqa: E402
from automations.definitions.services import create_automation  # noqa: E402
from automations.models import Attempt, Execution  # noqa: E402
from events import task_queue  # noqa: E402
from integrations.webhook.models import Webhook  # noqa: E402
from projects.models import Project, Run  # noqa: E402
from projects.runs.lifecycle import RunDetails, finish_run, start_run  # noqa: E402
from projects.services import create_project  # noqa: E402
from secrets_vault.services import create_secret  # noqa: E402
from teams.models import Team  # noqa: E402
from tests.world import FAILED, failed_at_once, make_world, put_settings  # noqa: E402


def prepare(url: str) -> None:
    world = make_world()
    world.webhook(url)
    # All at once: the rate limit has tests of its own.
    world.automation(FAILED, rate_limit=0)


def prepare_hanging(url: str) -> None:
    team = Team.objects.get(name="acme")
    Webhook.objects.create(team=team, name="hanging", url=url)
    action = {"type": "send_webhook", "webhook": "hanging"}
    draft = AutomationDraft(name="hanging", event="RUN_STATE", conditions=[FAILED], action=action, rate_limit=0)
    create_automation(of_project(create_project(team, "hanging")), draft, by=None)


def start(count: str, prefix: str = "run") -> None:
    for number in range(int(count)):
        start_run(Project.objects.get(name="mnist"), f"{prefix}{number}", RunDetails(), user=None)


def fail(count: str, prefix: str = "run") -> None:
    start(count, prefix)
    finish(count, prefix)


def finish(count: str, prefix: str = "run") -> None:
    for number in range(int(count)):
        finish_run(Run.objects.get(name=f"{prefix}{number}"), 1)


def fail_slowly(count: str) -> None:
    start(count)
    committed = {}
    for number in range(int(count)):
        finish_run(Run.objects.get(name=f"run{number}"), 1)
        committed[f"run{number}"] = time.time()
        time.sleep(0.05)
    print(json.dumps(committed))


def burst(count: str, prefix: str = "run", project_name: str = "mnist") -> None:
    project = Project.objects.select_related("team").get(name=project_name)
    with transaction.atomic():
        failed_at_once(project, [f"{prefix}{number}" for number in range(int(count))])
    task_queue.wake()


def use_secrets(count: str) -> None:
    """Let the webhook of `prepare` carry a token and a signature, and make more secrets beside these."""
    team = Team.objects.get(name="acme")
    for number in range(int(count)):
        create_secret(team, f"SECRET_{number}", f"the value of number {number}")
    put_settings(Webhook.objects.filter(name="hook"), access_token="SECRET_0", secret="SECRET_1")


def states() -> None:
    rows = Execution.objects.values_list("state").annotate(Count("pk"))
    print(json.dumps(dict(rows)))


def failures() -> None:
    print(json.dumps(list(Execution.objects.filter(state="failed").values_list("reason", flat=True))))


def restart_traces() -> None:
    print(Execution.objects.filter(losses__gt=0).count(), Attempt.objects.filter(number__gt=1).count())


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
