"""Run as a program on the database of the leak scan: prepare, let a run fail, count, collect all that can be read.

python -m tests.stories.leak_scene prepare URL SLACK_URL DEAD_URL
python -m tests.stories.leak_scene fail
python -m tests.stories.leak_scene states
python -m tests.stories.leak_scene write MAIL_PORT DEAD_PORT
python -m tests.stories.leak_scene collect FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Count  # noqa: E402
from django.test import Client, override_settings  # noqa: E402

from automations.definitions.draft_validation import AutomationDraft  # noqa: E402
from automations.definitions.scopes import of_project  # noqa: E402
from automations.definitions.services import create_automation  # noqa: E402
from automations.models import Execution  # noqa: E402
from automations.tasks import work  # noqa: E402
from integrations.slack.services import connect_workspace, create_channel  # noqa: E402
from integrations.slack.web.web_api import Installed  # noqa: E402
from projects.models import Project  # noqa: E402
from projects.runs.lifecycle import RunDetails, finish_run, start_run  # noqa: E402
from projects.services import create_project  # noqa: E402
from secrets_vault import services  # noqa: E402
from secrets_vault.models import Secret  # noqa: E402
from teams.models import Team, User  # noqa: E402
from tests.access.place import make_place, with_key  # noqa: E402
from tests.access.test_matrix import ADMIN_ROUTES, REQUESTS, _filled, admin  # noqa: E402
from tests.canaries import CANARIES  # noqa: E402
from tests.stories.echoes import MAIL_KINDS, SLACK_KINDS  # noqa: E402
from tests.world import FAILED, World  # noqa: E402

KINDS = ("echo", "fail", "hang", "dead")


def prepare(url: str, slack_url: str, dead: str) -> None:
    world = make_place()
    User.objects.create_superuser("root", password="root-password")
    User.objects.filter(username="alice").update(email="alice@acme.test", confirmed_email="alice@acme.test")
    Execution.objects.all().delete()
    _prepare_webhooks(world, url, dead)
    _prepare_slack(world, slack_url, dead)
    letters = create_project(world.team, "letters")
    action = {"type": "send_email", "to": ["ada@acme.test", "alice"], "subject": "${run_name}", "text": "It failed."}
    draft = AutomationDraft(name="letter", event="RUN_STATE", conditions=[FAILED], action=action, rate_limit=0)
    create_automation(of_project(letters), draft, by=world.users["alice"])
    # A new value in place of an old one: the old one is a secret too, for a day.
    services.rotate_secret(Secret.objects.get(name="TOKEN"), CANARIES["HEX"])
    services.rotate_secret(Secret.objects.get(name="TOKEN"), "hush-hush")


def _prepare_webhooks(world: World, url: str, dead: str) -> None:
    for name, value in CANARIES.items():
        world.secret(name, value)
        for kind in KINDS:
            base = dead if kind == "dead" else url
            # Where a header cannot hold it the body alone carries it; "dead" tries the header all the same.
            token = name if kind == "dead" or value.isascii() and value.isprintable() else ""
            is_short = len(value) < 1000  # no receiver takes longer headers and addresses
            more_of_it = {"headers": {"X-Extra": f"a-${{{name}}}"}} if token and is_short else {}
            address = f"{base}/{kind}/{name}" + (f"?key=${{{name}}}" if is_short else "")
            hook = world.webhook(address, name=f"{kind}-{name}", access_token=token, secret=name, **more_of_it)
            one, more = f"${{{name}}}", "${ACCESS_TOKEN}" if token else ""
            payload = json.dumps({"run": "${run_name}", "one": one, "two": f"x{one}y{more}"})
            action = {"webhook": hook.name, "payload": payload}
            world.automation(FAILED, name=f"{kind} {name}", action=action, rate_limit=0)


def _prepare_slack(world: World, url: str, dead: str) -> None:
    """Each canary is a bot's token, and the last part of an incoming webhook's address."""
    for name, value in CANARIES.items():
        connect_workspace(world.team, Installed(f"T{name}", f"of {name}", value), by=world.users["alice"])
        for kind in SLACK_KINDS:
            way = {"workspace": f"T{name}", "channel_id": f"C{kind}{name}"}
            _notify(world, f"bot-{kind}-{name}", way)
            _notify(world, f"hook-{kind}-{name}", {"webhook_url": f"{url}/services/{kind}/{name}/{quote(value[:900])}"})
        _notify(world, f"hook-dead-{name}", {"webhook_url": f"{dead}/services/dead/{name}/{quote(value[:900])}"})


def _notify(world: World, channel: str, way: dict[str, str]) -> None:
    create_channel(world.team, {"name": channel, **way}, by=world.users["alice"])
    action = {"type": "notify_slack", "channel": channel, "title": "${run_name} needs a look", "text": "${run_url}"}
    world.automation(FAILED, name=channel, action=action, rate_limit=0)


def fail() -> None:
    finish_run(there().run("failing"), 1)


def write(port: str, dead_port: str) -> None:
    """Write a letter with each canary as the password: to a mail server that takes it, refuses it, hangs, is away."""
    world = there()
    letters = Project.objects.get(team=world.team, name="letters")
    with override_settings(EMAIL_HOST="127.0.0.1", RETRY_SECONDS=(0,)):
        for name, value in CANARIES.items():
            for kind in (*MAIL_KINDS, "dead"):
                finish_run(start_run(letters, f"{kind}-{name}", RunDetails(), user=world.users["alice"]).run, 1)
                at = int(dead_port if kind == "dead" else port)
                with override_settings(EMAIL_PORT=at, EMAIL_HOST_USER=kind, EMAIL_HOST_PASSWORD=value):
                    work()


def states() -> None:
    print(json.dumps(dict(Execution.objects.values_list("state").annotate(Count("pk")))))


def there() -> World:
    users = {user.username: user for user in User.objects.all()}
    users["former"] = users["fred"]
    keys = {name: f"{name}_key_".ljust(44, "x") for name in ("alice", "bob", "vera", "charlie")}
    team, other = Team.objects.get(name="acme"), Team.objects.get(name="other")
    return World(team, other, Project.objects.get(team=team, name="mnist"), users, keys)


def collect(folder: str) -> None:
    """Write down everything that anybody could read, by name."""
    world, into = there(), Path(folder)
    call_command("dumpdata", output=str(into / "dumpdata.json"))
    (into / "tables.txt").write_text(tables())
    (into / "answers.txt").write_text("\n".join(pages_of_everybody(world)))
    (into / "errors.txt").write_text("\n".join(error_pages(world)))
    call_command("automations", "export", str(into / "export.yaml"))


def tables() -> str:
    """Every row of every table, but for what is encrypted: that is looked at in the file, as bytes."""
    lines = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            lines += [f"{table} {row!r}\n{' '.join(map(str, row))}" for row in cursor.fetchall()]
    return "\n".join(lines)


def pages_of_everybody(world: World) -> list[str]:
    """What alice and a superuser get at every address; and the pages of each execution."""
    found = [read(one.send(world, "alice")) for one in REQUESTS if one.row.startswith("GET")]
    root, alice = Client(), Client()
    root.force_login(world.users["root"])
    alice.force_login(world.users["alice"])
    found += [
        read(root.get(f"/{_filled(route, admin.site, world)}")) for route in ADMIN_ROUTES if "logout" not in route
    ]
    rest = with_key(world, "alice")
    for pk in Execution.objects.values_list("pk", flat=True):
        found += [read(rest.get(f"/api/v1/executions/{pk}")), read(alice.get(f"/executions/{pk}"))]
    for model in ("attempt", "execution", "automation"):
        rows = apps.get_model("automations", model).objects.order_by("-pk")[:40]
        found += [read(root.get(f"/admin/automations/{model}/{row.pk}/change/")) for row in rows]
    for name in CANARIES:
        for channel in (f"bot-FAIL-{name}", f"hook-FAIL-{name}", f"bot-GONE-{name}"):
            found.append(read(rest.get(f"/api/v1/teams/acme/integrations/slack/{channel}")))
            found.append(read(rest.post(f"/api/v1/teams/acme/integrations/slack/{channel}/test")))
        found.append(read(rest.get(f"/api/v1/teams/acme/slack-workspaces/T{name}/channels")))
        found.append(read(rest.get(f"/api/v1/teams/acme/integrations/webhook/echo-{name}")))
        found.append(read(rest.post(f"/api/v1/teams/acme/integrations/webhook/echo-{name}/test", {}, format="json")))
    return found


def error_pages(world: World) -> list[str]:
    """What is said where the vault itself breaks with the value at hand, with and without the debug mode."""
    found = []
    for debug in (False, True):
        with override_settings(DEBUG=debug), mock.patch("secrets_vault.services.Secret.save", side_effect=RuntimeError):
            for name, value in CANARIES.items():
                rest = with_key(world, "alice")
                rest.raise_request_exception = False
                sent = {"name": f"{name}_2", "value": value}
                found.append(read(rest.post("/api/v1/teams/acme/secrets", sent, format="json")))
                browser = Client(raise_request_exception=False)
                browser.force_login(world.users["alice"])
                form = {**sent, "team": world.team.pk}
                found.append(read(browser.post("/settings/secrets_vault/secret/add/", form)))
                secret = Secret.objects.get(name=name)
                found.append(
                    read(browser.post(f"/settings/secrets_vault/secret/{secret.pk}/change/", {"value": value}))
                )
    assert all("500" in page.split("\n")[0] for page in found), [page[:100] for page in found if "500" not in page[:20]]
    return found


def read(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{answer.status_code}\n{dict(answer.headers)}\n{_text_of(body)}"


def _text_of(body: bytes) -> str:
    """Give it as text; of an archive or a picture what is ASCII, for two of its bytes may look like any letter."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("ascii", "replace")


if __name__ == "__main__":
    # Else each test client reads every static file.
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        {"prepare": prepare, "fail": fail, "states": states, "write": write, "collect": collect}[sys.argv[1]](
            *sys.argv[2:]
        )
