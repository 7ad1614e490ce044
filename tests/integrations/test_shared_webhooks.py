"""A webhook of another team: used by who belongs to both, unless its team forbids it, and no longer than they do."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_httpserver import HTTPServer

from automations.definitions.sharing import end_lost_uses
from automations.engine import worker_loop
from automations.models import Automation, Execution
from integrations.webhook.kind import WebhookKind
from integrations.webhook.models import Webhook
from integrations.webhook.sharing import set_sharing
from secrets_vault.services import create_secret
from teams.memberships import give_role, leave
from teams.models import ApiKey, AuditEvent, Membership, Organization, Role
from teams.notices.team_notices import open_notices
from tests.conftest import as_person
from tests.world import FAILED, World, failed_at_once

FAR = "other/far"
TOKEN, PATH = "hush-hush-token", "/in/path-with-key"


@pytest.fixture
def far(world: World, receiver: HTTPServer) -> Webhook:
    """Of the team `other`, with a token and a signing key. Bob belongs to both teams."""
    create_secret(world.other_team, "TOKEN", TOKEN, by=world.users["charlie"])
    give_role(world.other_team, world.users["bob"], Role.MEMBER)
    receiver.expect_request(PATH).respond_with_data("ok")
    return world.webhook(
        receiver.url_for(PATH), name="far", team=world.other_team, access_token="TOKEN", secret="TOKEN",
        headers={"X-Room": "plain"},
    )  # fmt: skip


def saved(world: World, person: str = "bob", webhook: str = FAR, **action: Any) -> Any:
    sent = {
        "name": "call them", "scope": {"type": "project", "name": "acme/mnist"}, "event": "RUN_STATE",
        "conditions": [FAILED], "action": {"type": "send_webhook", "webhook": webhook, **action},
    }  # fmt: skip
    return as_person(world.keys[person]).post("/api/v1/automations", sent, format="json")


def delivered(world: World, run: str = "run1") -> Execution:
    failed_at_once(world.project, [run])
    worker_loop.run()
    return Execution.objects.order_by("-pk")[0]


def membership(world: World, team: str) -> Membership:
    return Membership.objects.get(team__name=team, user=world.users["bob"])


def test_who_belongs_to_both_uses_it_with_the_secrets_of_its_team(
    world: World, far: Webhook, receiver: HTTPServer
) -> None:
    made = saved(world)
    assert (made.status_code, made.json()["action"]["webhook"], "other/far" in made.json()["sentence"]) == (
        201,
        FAR,
        True,
    )
    assert delivered(world).state == "delivered"
    ((request, _answer),) = receiver.log
    assert (request.headers["Authorization"], "X-Wandb-Signature" in request.headers) == (f"Bearer {TOKEN}", True)
    assert json.loads(request.data)["event"] == "RUN_STATE"


def test_the_acting_team_reads_no_secret_no_path_and_no_header_of_it(world: World, far: Webhook) -> None:
    saved(world)
    execution = delivered(world)
    told = as_person(world.keys["alice"]).get(f"/api/v1/executions/{execution.pk}").content.decode()
    assert [word for word in (TOKEN, "path-with-key", "X-Room", "Authorization") if word in told] == []
    assert "http://localhost/…" in told or "http://127.0.0.1/…" in told


@pytest.mark.parametrize("name", ["TOKEN", "ACCESS_TOKEN", "OURS"])
def test_what_is_sent_there_names_no_secret_of_either_team(world: World, far: Webhook, name: str) -> None:
    world.secret("OURS", "hush")
    refused = saved(world, payload=json.dumps({"key": "${" + name + "}"}))
    assert (refused.status_code, "is a secret" in refused.json()["errors"][0]["message"]) == (400, True)
    assert not Automation.objects.exists()


@pytest.mark.parametrize("person", ["alice", "vera", "charlie"])
def test_nobody_else_uses_it_or_learns_of_it(world: World, far: Webhook, person: str) -> None:
    there, nowhere = saved(world, person), saved(world, person, "other/none")
    assert there.status_code == nowhere.status_code in (400, 403, 404)
    assert there.content.decode().replace("far", "none") == nowhere.content.decode()
    elsewhere = as_person(world.keys[person]).get("/api/v1/teams/acme/shared-webhooks")
    assert elsewhere.status_code == 404 or elsewhere.json() == []


def test_a_viewer_of_either_team_and_another_organization_may_not(world: World, far: Webhook) -> None:
    for team in ("acme", "other"):
        Membership.objects.filter(team__name=team, user=world.users["bob"]).update(role=Role.VIEWER)
        assert saved(world).status_code in (400, 403)
        Membership.objects.filter(user=world.users["bob"]).update(role=Role.MEMBER)
    world.other_team.organization = Organization.objects.create(name="elsewhere")
    world.other_team.save()
    assert saved(world).status_code == 400


def test_who_saves_it_anew_must_belong_to_both_and_answers_for_it(world: World, far: Webhook) -> None:
    pk = saved(world).json()["id"]
    alice = as_person(world.keys["alice"])
    assert alice.patch(f"/api/v1/automations/{pk}", {"name": "new"}, format="json").status_code == 400
    give_role(world.other_team, world.users["alice"], Role.MEMBER)
    assert alice.patch(f"/api/v1/automations/{pk}", {"name": "new"}, format="json").status_code == 200
    leave(membership(world, "other"))
    row = Automation.objects.get()
    assert (row.name, row.problem, row.shared_with) == ("new", "", world.users["alice"])


@pytest.mark.parametrize("team", ["acme", "other"])
def test_when_they_leave_either_team_the_use_ends_and_it_needs_attention(
    world: World, far: Webhook, receiver: HTTPServer, team: str
) -> None:
    saved(world)
    leave(membership(world, team))
    row = Automation.objects.get()
    assert "does not belong to both teams any more" in row.problem
    assert (row.shared_with, row.shared_from) == (None, None)
    assert [notice.key for notice in open_notices([world.team])] == [row.notice_key]
    give_role(world.team, world.users["bob"], Role.MEMBER)
    give_role(world.other_team, world.users["bob"], Role.MEMBER)
    execution = delivered(world)
    assert (execution.state, "does not belong to both" in execution.reason, receiver.log) == ("failed", True, [])


def test_whichever_way_they_went_nothing_is_sent_on_their_word(
    world: World, far: Webhook, receiver: HTTPServer
) -> None:
    saved(world)
    world.users["bob"].delete()
    assert (delivered(world).state, receiver.log) == ("failed", [])
    end_lost_uses()
    assert "does not belong to both teams any more" in Automation.objects.get().problem


def test_with_a_lower_role_the_use_ends_too(world: World, far: Webhook) -> None:
    saved(world)
    give_role(world.other_team, world.users["bob"], Role.VIEWER)
    assert Automation.objects.get().problem


def test_its_team_forbids_it_and_what_is_used_ends(world: World, far: Webhook, receiver: HTTPServer) -> None:
    saved(world)
    address, charlie = "/api/v1/teams/other/webhook-sharing", as_person(world.keys["charlie"])
    assert charlie.get(address).json() == {"allowed": True}
    assert charlie.put(address, {"allowed": False}, format="json").json() == {"allowed": False}
    assert "lets no other team use" in Automation.objects.get().problem
    assert (delivered(world).state, receiver.log) == ("failed", [])
    assert as_person(world.keys["bob"]).get("/api/v1/teams/acme/shared-webhooks").json() == []
    assert saved(world).status_code == 400
    told = AuditEvent.objects.get(verb="webhook_sharing.change")
    assert (told.team, told.before, told.after) == (world.other_team, {"allowed": True}, {"allowed": False})


def test_the_team_of_it_sees_project_automation_and_person(world: World, far: Webhook, client: Client) -> None:
    pk = saved(world).json()["id"]
    use = {"team": "acme", "scope": "acme/mnist", "automation": "call them", "person": "bob"}
    uses = "/api/v1/teams/other/integrations/webhook/far/uses"
    assert as_person(world.keys["charlie"]).get(uses).json() == [use]
    client.force_login(world.users["charlie"])
    for page in ("/other/integrations", WebhookKind.settings_page("change", far.pk)):
        text = client.get(page, follow=True).content.decode()
        assert [word for word in ("call them", "acme/mnist", "bob") if word not in text] == [], page
    as_person(world.keys["bob"]).delete(f"/api/v1/automations/{pk}")
    rows = AuditEvent.objects.filter(team=world.other_team, verb__in=("automation.share", "automation.unshare"))
    told = {"scope": "acme/mnist", "team": "acme", "receiver": f"webhook:{far.pk}", "person": "bob"}
    assert [(row.verb, row.actor, row.before, row.after) for row in rows.order_by("pk")] == [
        ("automation.share", "bob", None, told), ("automation.unshare", "bob", told, None),
    ]  # fmt: skip


def test_the_log_of_both_teams_says_that_a_use_ended(world: World, far: Webhook) -> None:
    saved(world)
    leave(membership(world, "other"))
    rows = AuditEvent.objects.filter(verb="automation.unshare").order_by("team__name")
    assert [(row.team.name if row.team else "", row.before["person"]) for row in rows] == [
        ("acme", "bob"),
        ("other", "bob"),
    ]


def test_deliveries_of_the_other_team_are_not_its_teams_to_read_or_send_again(world: World, far: Webhook) -> None:
    saved(world)
    set_sharing(world.other_team, False)
    failed = delivered(world)
    charlie = as_person(world.keys["charlie"])
    one = "/api/v1/teams/other/integrations/webhook/far"
    assert charlie.get(f"{one}/deliveries").json()["results"] == []
    sent = charlie.post(f"{one}/redeliver", {"since": failed.created_at.isoformat()}, format="json")
    assert (sent.json(), Execution.objects.get().state) == ({"count": 0}, "failed")
    again = as_person(world.keys["alice"]).post(f"/api/v1/executions/{failed.pk}/redeliver")
    assert (again.status_code, "another team's" in again.content.decode()) == (409, True)


def test_the_wizard_offers_it_and_a_test_of_it_shows_no_secret(world: World, far: Webhook, client: Client) -> None:
    client.force_login(world.users["bob"])
    page = client.get("/acme/mnist/automations/new?event=RUN_STATE&step=action", follow=True).content.decode()
    assert FAR in page
    client.force_login(world.users["alice"])
    assert (
        FAR not in client.get("/acme/mnist/automations/new?event=RUN_STATE&step=action", follow=True).content.decode()
    )


def test_a_key_that_reaches_one_team_alone_uses_no_webhook_of_the_other(world: World, far: Webhook) -> None:
    ApiKey.objects.filter(user=world.users["bob"]).update(team=world.team)
    assert saved(world).status_code == 400


def test_with_the_webhook_deleted_it_needs_attention(world: World, far: Webhook) -> None:
    saved(world)
    one, charlie = "/api/v1/teams/other/integrations/webhook/far", as_person(world.keys["charlie"])
    assert charlie.delete(one).status_code == 409
    assert charlie.delete(f"{one}?confirm=true").status_code == 204
    assert "was deleted" in Automation.objects.get().problem


# As code -------------------------------------------------------------------------------------------

YAML = """\
automations:
  - scope: acme/mnist
    name: call them
    event: RUN_STATE
    conditions:
      - {type: run_state, states: [failed]}
    action: {type: send_webhook, webhook: other/far}
"""


def applied(file: Path, *options: str) -> str:
    out = StringIO()
    call_command("automations", "apply", str(file), *options, stdout=out)
    return out.getvalue()


def test_a_file_uses_it_on_the_word_of_who_belongs_to_both(
    world: World, far: Webhook, receiver: HTTPServer, tmp_path: Path
) -> None:
    file = tmp_path / "automations.yaml"
    file.write_text(YAML)
    for options, said in (
        ([], "automations.yaml:7: automations.0.action.webhook: The team acme has no webhook 'other/far'"),
        (["--user", "alice"], "has no webhook 'other/far'"),
        (["--user", "charlie"], "has no webhook 'other/far'"),
        (["--user", "nobody"], "There is no user 'nobody'"),
    ):
        with pytest.raises(CommandError, match=said):
            applied(file, *options)
    assert not Automation.objects.exists()
    assert applied(file, "--user", "bob").startswith("create")
    row = Automation.objects.get()
    assert (row.shared_with, row.shared_from, row.created_by) == (
        world.users["bob"],
        world.other_team,
        world.users["bob"],
    )
    assert AuditEvent.objects.filter(verb="automation.share", team=world.other_team).count() == 1
    assert delivered(world).state == "delivered"


def test_what_is_applied_without_a_change_takes_nobody_new_and_a_change_does(
    world: World, far: Webhook, tmp_path: Path
) -> None:
    saved(world)
    file = tmp_path / "automations.yaml"
    call_command("automations", "export", str(file))
    assert applied(file).startswith("unchanged")
    alice = as_person(world.keys["alice"])
    document = alice.get("/api/v1/automations/export").json()
    assert alice.post("/api/v1/automations/apply", document, format="json").json()[0]["verb"] == "unchanged"
    document["automations"][0]["description"] = "new"
    refused = alice.post("/api/v1/automations/apply", document, format="json")
    assert (refused.status_code, "has no webhook 'other/far'" in refused.content.decode()) == (400, True)
    file.write_text(file.read_text().replace("description: ''", "description: new"))
    with pytest.raises(CommandError, match="has no webhook 'other/far'"):
        applied(file)
    assert applied(file, "--user", "bob").startswith("change")
    assert Automation.objects.get().shared_with == world.users["bob"]
    set_sharing(world.other_team, False)
    with pytest.raises(CommandError, match="has no webhook 'other/far'"):
        applied(file, "--user", "bob")
