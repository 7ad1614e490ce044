"""What stands in the audit log, who reads it, and how it is taken elsewhere."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from automations.definitions.services import set_enabled
from automations.tasks import work
from common.http.client_address import address_of
from common.http.networks import parse_networks
from integrations.slack.models import SlackChannel
from integrations.slack.provider import SlackProvider
from integrations.slack.services import connect_workspace
from integrations.slack.web.web_api import Installed
from integrations.webhook.models import Webhook
from integrations.webhook.services import change_webhook
from projects.runs.lifecycle import finish_run
from secrets_vault.services import create_secret
from teams.accounts.api_key import store_key
from teams.audit import actor, audit_log
from teams.audit.denial_limit import MOST_OF_STRANGERS
from teams.memberships import set_role
from teams.models import AuditEvent, Organization, Team, User
from tests.conftest import as_person, forget_refusals
from tests.http_receiver import HttpReceiver
from tests.world import FAILED, World

AUDIT = "/api/v1/teams/acme/audit"


@pytest.fixture(autouse=True)
def nobody_was_refused_yet() -> None:
    forget_refusals()


def newest() -> AuditEvent:
    return AuditEvent.objects.latest("id")


def verbs(**by: Any) -> list[str]:
    return list(AuditEvent.objects.filter(**by).order_by("id").values_list("verb", flat=True))


# What a row says -----------------------------------------------------------------------------------


def test_a_change_says_who_what_from_what_to_what_and_from_where(world: World, api: APIClient) -> None:
    world.webhook("http://127.0.0.1:8009/old")
    api.patch(
        "/api/v1/teams/acme/integrations/webhook/hook", {"url": "http://127.0.0.1:8009/new"}, format="json",
        REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="curl/8",
    )  # fmt: skip
    row = newest()
    assert (row.actor, row.verb, row.target, row.team) == ("alice", "webhook.change", "webhook hook", world.team)
    assert row.before == {"url": "http://127.0.0.1:8009/old"}
    assert row.after == {"url": "http://127.0.0.1:8009/new"}
    assert (row.door, row.address, row.agent, row.key) == ("rest", "192.0.2.7", "curl/8", "test (alice_…)")


def test_a_page_is_another_door_and_needs_no_key(world: World) -> None:
    client = Client()
    client.force_login(world.users["alice"])
    client.post("/authorize", {"name": "laptop"})
    row = newest()
    assert (row.verb, row.actor, row.door, row.key, row.person) == ("key.create", "alice", "page", "", row.user)
    assert "digest" not in row.after
    assert row.after["name"] == "laptop"


def test_what_changes_nothing_is_not_told(world: World) -> None:
    hook, automation = world.webhook("http://127.0.0.1:8009/"), world.automation(FAILED)
    count = AuditEvent.objects.count()
    change_webhook(hook, {"enabled": True})
    set_enabled(automation, True)
    assert AuditEvent.objects.count() == count


def test_a_new_value_of_a_secret_is_told_and_masked(world: World, api: APIClient) -> None:
    world.secret("TOKEN", "hush-1")
    api.put("/api/v1/teams/acme/secrets/TOKEN", {"value": "hush-2"}, format="json")
    row = newest()
    assert (row.verb, row.before, row.after) == ("secret.change", {"value": "********"}, {"value": "********"})


def test_whatever_is_called_like_a_secret_is_masked(world: World) -> None:
    with transaction.atomic():
        audit_log.record("user.change", "user x", team=None, after={"password": "hush", "inner": {"token": "hush"}})
    assert newest().after == {"password": "********", "inner": {"token": "********"}}


def test_a_password_in_a_web_address_is_masked(world: World) -> None:
    with transaction.atomic():
        audit_log.record("webhook.change", "webhook x", team=None, after={"url": "https://me:hush@a.test/"})
    assert newest().after == {"url": "https://********@a.test/"}


def test_deleting_what_is_in_use_says_what_used_it(world: World, api: APIClient) -> None:
    world.webhook("http://127.0.0.1:8009/")
    world.automation(FAILED, name="first")
    api.delete("/api/v1/teams/acme/integrations/webhook/hook?confirm=true")
    assert newest().before["automations"] == ["first"]
    assert verbs(team=world.team) == ["automation.create", "webhook.delete"]


def test_a_slack_channel_that_slack_refuses_and_a_new_token_revives_is_told(world: World) -> None:
    first = connect_workspace(world.team, Installed("T1", "acme", "xoxb-hush"))
    channel = SlackChannel.objects.create(team=world.team, name="alerts", workspace=first, channel_id="C1")
    SlackProvider.disable(channel.pk, "The token was revoked.")
    row = newest()
    assert (row.verb, row.target, row.team) == ("slack_channel.disable", "Slack channel alerts", world.team)
    assert row.before == {"enabled": True, "disabled_reason": ""}
    assert row.after == {"enabled": False, "disabled_reason": "The token was revoked."}
    SlackProvider.disable(channel.pk, "The token was revoked.")
    connect_workspace(world.team, Installed("T1", "acme", "xoxb-new"), by=world.users["alice"])
    assert verbs(target="Slack channel alerts") == ["slack_channel.disable", "slack_channel.enable"]
    row = AuditEvent.objects.get(verb="slack_channel.enable")
    assert (row.actor, row.after) == ("alice", {"enabled": True, "disabled_reason": ""})


def test_people_who_change_their_own_address_are_told(world: World) -> None:
    bob, client = world.users["bob"], Client()
    client.force_login(bob)
    client.post("/profile", {"email": "bob@new.test", "time_zone": "Europe/Berlin"})
    row = newest()
    assert (row.verb, row.target, row.actor, row.person, row.door) == ("user.change", "user bob", "bob", bob, "page")
    assert (row.before, row.after) == ({"email": ""}, {"email": "bob@new.test"})
    bob.refresh_from_db()
    assert (bob.email, bob.time_zone) == ("bob@new.test", "Europe/Berlin")


@pytest.mark.parametrize("page", ["/profile/password", "/settings/password_change/", "/admin/password_change/"])
def test_people_who_change_their_own_password_are_told(world: World, page: str) -> None:
    alice, client = world.users["alice"], Client()
    User.objects.filter(username="alice").update(is_staff=True)
    client.force_login(alice)
    new = {"new_password1": "hush-hush-hush-1", "new_password2": "hush-hush-hush-1"}
    assert client.post(page, {"old_password": "alice-password", **new}).status_code == 302
    row, masked = newest(), {"password": "********"}
    assert (row.verb, row.target, row.actor, row.person) == ("user.change", "user alice", "alice", alice)
    assert (row.before, row.after) == (masked, masked)
    alice.refresh_from_db()
    assert alice.check_password("hush-hush-hush-1")


def test_a_wrong_old_password_changes_and_tells_nothing(world: World) -> None:
    client = Client()
    client.force_login(world.users["alice"])
    before = verbs()
    new = {"new_password1": "hush-hush-hush-1", "new_password2": "hush-hush-hush-1"}
    assert client.post("/profile/password", {"old_password": "wrong", **new}).status_code == 200
    assert verbs() == before


def test_a_webhook_that_the_engine_disables_is_told(world: World) -> None:
    with HttpReceiver(host="127.0.0.1") as server:
        server.expect_request("/hook").respond_with_data("", status=410)
        world.webhook(server.url_for("/hook"))
        world.automation(FAILED)
        finish_run(world.run(), 1)
        work()
    row = newest()
    assert (row.verb, row.actor, row.door, row.before["enabled"], row.after["enabled"]) == (
        "webhook.disable", "", "engine", True, False,
    )  # fmt: skip
    assert not Webhook.objects.get().enabled


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_leaves_no_row() -> None:
    team = Organization.objects.create(name="research").teams.create(name="acme")
    with pytest.raises(RuntimeError, match="no"), transaction.atomic():
        create_secret(team, "TOKEN", "hush")
        raise RuntimeError("no")
    assert (AuditEvent.objects.count(), team.secrets.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_row_outside_of_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="open one around both"):
        audit_log.record("secret.create", "secret TOKEN", team=None)


def test_rows_are_neither_changed_nor_deleted(world: World) -> None:
    world.secret("TOKEN", "hush")
    row = newest()
    for act in (row.save, row.delete, AuditEvent.objects.all().delete, lambda: AuditEvent.objects.update(actor="x")):
        with pytest.raises(TypeError, match="only added to"):
            act()


def test_a_row_outlives_whom_it_tells_of(world: World) -> None:
    world.secret("TOKEN", "hush")
    world.users["alice"].delete()
    world.team.delete()
    assert (newest().actor, newest().place, newest().user, newest().team) == ("alice", "acme", None, None)


# Commands ------------------------------------------------------------------------------------------


def test_provision_tells_what_it_makes_and_is_silent_the_second_time(db: None, tmp_path: Any) -> None:
    file = tmp_path / "people.yaml"
    file.write_text(
        "users: [{username: ada, password: hush-hush-hush, api_keys: [" + "k" * 44 + "]}]\n"
        "organizations: [{name: research, admins: [ada], teams: [{name: acme, members: {ada: admin}}]}]\n"
    )
    call_command("provision", str(file))
    expected = ["user.create", "key.create", "organization.create", "organization.change", "team.create", "member.add"]
    assert verbs(door="command") == expected
    assert "hush" not in json.dumps(list(AuditEvent.objects.values()), default=str)
    call_command("provision", str(file))
    assert verbs() == expected


# Who was refused -----------------------------------------------------------------------------------


def test_a_stranger_who_asks_for_a_team_is_told_to_its_admins(world: World, api: APIClient) -> None:
    as_person(world.keys["charlie"]).get("/api/v1/teams/acme/secrets")
    (row,) = api.get(AUDIT, {"verb": "access.denied"}).json()["results"]
    assert (row["actor"], row["target"], row["after"]) == ("charlie", "GET /api/v1/teams/acme/secrets", {"status": 404})
    assert (row["before"], row["place"], row["door"]) == (None, "acme", "rest")


def test_who_asks_from_another_organization_is_named_to_superusers_alone(world: World, api: APIClient) -> None:
    """Else a link to one's own team would tell who followed it."""
    them = Team.objects.create(organization=Organization.objects.create(name="elsewhere"), name="them")
    olga = User.objects.create_user("olga", email="olga@mail.test")
    set_role(them, "olga", "member")
    store_key(olga, "of olga", "olga_".ljust(44, "x"))
    as_person("olga_".ljust(44, "x")).get(AUDIT, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="olgas")
    (row,) = api.get(AUDIT).json()["results"]
    assert (row["verb"], row["actor"], row["target"]) == ("access.denied", "", f"GET {AUDIT}")
    assert row["after"] == {"status": 404, "who": "somebody from elsewhere"}
    assert not [word for word in ("olga", "192.0.2.7", "olga_") if word in str(row)]
    kept = AuditEvent.objects.get(verb="access.denied", user=olga)
    assert (kept.team, kept.person, kept.address, kept.target) == (None, olga, "192.0.2.7", f"GET {AUDIT}")


def test_who_was_on_the_team_is_named(world: World, api: APIClient) -> None:
    bob = as_person(world.keys["bob"])
    bob.delete("/api/v1/teams/acme/members/bob")
    bob.get(AUDIT)
    assert [row["actor"] for row in api.get(AUDIT, {"verb": "access"}).json()["results"]] == ["bob"]


def test_what_is_nowhere_is_no_denied_access(world: World) -> None:
    as_person(world.keys["charlie"]).get("/api/v1/teams/nobody/secrets")
    as_person(world.keys["charlie"]).get("/api/v1/executions/999")
    assert verbs(verb="access.denied") == []


def test_an_expired_key_is_told_with_the_name_of_its_owner(world: World) -> None:
    world.users["alice"].api_keys.update(expires_at="2020-01-01T00:00Z")
    assert as_person(world.keys["alice"]).get("/api/v1/me").status_code == 401
    assert (newest().verb, newest().actor, newest().key) == ("access.denied", "alice", "test (alice_…)")


def test_a_form_without_its_token_is_told(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.users["alice"])
    strict.post("/authorize", {"name": "laptop"})
    assert (newest().verb, newest().after, newest().actor) == ("access.denied", {"status": 403}, "alice")


def test_strangers_cannot_fill_the_log(world: World) -> None:
    client = APIClient()
    for _ in range(MOST_OF_STRANGERS + 5):
        client.get("/api/v1/me")
    assert len(verbs(verb="access.denied")) == MOST_OF_STRANGERS
    as_person(world.keys["charlie"]).get("/api/v1/teams/acme/secrets")
    assert len(verbs(verb="access.denied")) == MOST_OF_STRANGERS + 1


# Signing in ----------------------------------------------------------------------------------------


def test_wrong_passwords_are_told_without_the_password(world: World, client: Client) -> None:
    client.post("/sign-in", {"username": "alice", "password": "hush-hush"})
    row = newest()
    assert (row.verb, row.target, row.person) == ("sign_in.failed", "user alice", world.users["alice"])
    assert row.after == {"reason": "wrong password"}


def test_a_password_typed_as_a_name_is_not_kept(world: World, client: Client) -> None:
    client.post("/sign-in", {"username": "hush-hush", "password": "x"})
    assert (newest().target, newest().after) == ("user ********", {"reason": "no such user"})


def test_who_may_not_sign_in_is_told_although_the_password_is_right(world: World, client: Client) -> None:
    User.objects.filter(username="bob").update(is_service=True)
    client.post("/sign-in", {"username": "bob", "password": "bob-password"})
    assert (newest().verb, newest().person) == ("sign_in.failed", world.users["bob"])
    assert verbs(verb__startswith="sign_in") == ["sign_in.failed"]


def test_coming_and_going_is_told(world: World, client: Client) -> None:
    client.post("/sign-in", {"username": "alice", "password": "alice-password"})
    client.post("/sign-out")
    assert verbs(person=world.users["alice"], actor="alice") == ["sign_in", "sign_out"]


# Where from ----------------------------------------------------------------------------------------

PROXIES = parse_networks(["10.0.0.0/8", "::1/128"])


@pytest.mark.parametrize(
    ("nearest", "forwarded", "trusted", "address"),
    [
        pytest.param("192.0.2.7", "", PROXIES, "192.0.2.7", id="no proxy"),
        pytest.param("192.0.2.7", "203.0.113.9", PROXIES, "192.0.2.7", id="said by a stranger"),
        pytest.param("10.0.0.1", "203.0.113.9", (), "10.0.0.1", id="no proxy is trusted"),
        pytest.param("10.0.0.1", "203.0.113.9", PROXIES, "203.0.113.9", id="said by the proxy"),
        pytest.param("10.0.0.1", "1.1.1.1, 203.0.113.9", PROXIES, "203.0.113.9", id="made up before it"),
        pytest.param("10.0.0.1", "203.0.113.9, 10.0.0.2", PROXIES, "203.0.113.9", id="two proxies"),
        pytest.param("::ffff:10.0.0.1", "2001:db8::9", PROXIES, "2001:db8::9", id="IPv4 in IPv6"),
        pytest.param("::1", "junk", PROXIES, "::1", id="junk"),
        pytest.param("", "203.0.113.9", PROXIES, None, id="a Unix socket"),
    ],
)
def test_the_address_is_that_of_the_visitor(nearest: str, forwarded: str, trusted: Any, address: str | None) -> None:
    assert address_of({"REMOTE_ADDR": nearest, "HTTP_X_FORWARDED_FOR": forwarded}, trusted) == address


def test_the_setting_decides_who_is_believed(world: World, api: APIClient, settings: Any) -> None:
    forged = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
    api.post("/api/v1/api-keys", {"name": "first"}, format="json", **forged)
    assert newest().address == "10.0.0.1"
    settings.TRUSTED_PROXIES = PROXIES
    api.post("/api/v1/api-keys", {"name": "second"}, format="json", **forged)
    assert newest().address == "203.0.113.9"


def test_nothing_is_left_of_a_request_for_the_next(world: World, api: APIClient) -> None:
    api.post("/api/v1/api-keys", {"name": "first"}, format="json")
    assert (actor.current().door, actor.current().person(), actor.current().address) == ("command", None, None)


# Reading -------------------------------------------------------------------------------------------


@pytest.fixture
def two_teams_audited(world: World) -> World:
    world.secret("FIRST", "hush")
    world.secret("SECOND", "hush")
    create_secret(world.other_team, "OTHER", "hush", by=world.users["charlie"])
    return world


def targets_listed(api: APIClient, **asked: str) -> list[str]:
    return [row["target"] for row in api.get(AUDIT, asked).json()["results"]]


def test_the_newest_comes_first_and_other_teams_not_at_all(two_teams_audited: World, api: APIClient) -> None:
    assert targets_listed(api, verb="secret") == ["secret SECOND", "secret FIRST"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"verb": "secret.create"}, 2),
        ({"verb": "secret.delete"}, 0),
        ({"verb": "secr"}, 0),
        ({"actor": "alice", "verb": "secret"}, 2),
        ({"actor": "bob", "verb": "secret"}, 0),
        ({"target": "first"}, 1),
        ({"since": "2020-01-01"}, 2),
        ({"since": "2100-01-01T00:00:00+02:00"}, 0),
    ],
    ids=lambda value: json.dumps(value),
)
def test_rows_are_found_by_what_is_known_of_them(
    two_teams_audited: World, api: APIClient, asked: dict[str, str], found: int
) -> None:
    rows = api.get(AUDIT, {**asked}).json()["results"]
    assert len([row for row in rows if row["verb"].startswith("secret")]) == found


@pytest.mark.parametrize("since", ["yesterday", "2027-02-31", "2027-01-31T25:00:00Z"])
def test_a_time_that_is_none_is_refused(two_teams_audited: World, api: APIClient, since: str) -> None:
    answer = api.get(AUDIT, {"since": since})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "since"
    assert "Write it like 2027-01-31T12:00:00Z" in answer.json()["detail"]


def test_the_log_comes_in_pages(two_teams_audited: World, api: APIClient) -> None:
    first = api.get(AUDIT, {"page_size": 1, "verb": "secret"}).json()
    second = api.get(first["next"]).json()
    assert [one["results"][0]["target"] for one in (first, second)] == ["secret SECOND", "secret FIRST"]


def test_of_a_person_an_admin_reads_only_what_happened_in_the_team(world: World, api: APIClient) -> None:
    """Not their keys, sign-ins and account, however they came to the team; nor what they do in another."""
    set_role(world.other_team, "bob", "admin")
    bob, browser = as_person(world.keys["bob"]), Client()
    bob.post("/api/v1/api-keys", {"name": "of bob"}, format="json")
    bob.post("/api/v1/teams/other/secrets", {"name": "THEIRS", "value": "x"}, format="json")
    browser.post("/sign-in", {"username": "bob", "password": "wrong"})
    browser.post("/sign-in", {"username": "bob", "password": "bob-password"})
    browser.post("/profile", {"email": "bob@mail.test"})
    bob.get("/api/v1/teams/elsewhere/members")
    bob.get(AUDIT)

    assert verbs(user=world.users["bob"]) == [
        "key.create", "secret.create", "sign_in", "user.change", "access.denied"
    ]  # fmt: skip
    rows = api.get(AUDIT).json()["results"]
    assert [(row["verb"], row["actor"], row["place"]) for row in rows] == [("access.denied", "bob", "acme")]
    assert api.get(AUDIT, {"verb": "sign_in"}).json()["results"] == []
    assert "of bob" not in body(api.get(f"{AUDIT}/export"))


def test_team_settings_show_of_a_person_only_what_happened_in_the_team(world: World) -> None:
    as_person(world.keys["bob"]).post("/api/v1/api-keys", {"name": "of bob"}, format="json")
    alice = Client()
    alice.force_login(world.users["alice"])
    assert "of bob" not in alice.get("/settings/teams/auditevent/").content.decode()
    row = AuditEvent.objects.get(verb="key.create", user=world.users["bob"])
    assert alice.get(f"/settings/teams/auditevent/{row.pk}/change/").status_code == 302


def test_what_a_deleted_team_had_of_a_person_is_not_for_their_other_teams(world: World, api: APIClient) -> None:
    set_role(world.other_team, "bob", "member")
    world.other_team.delete()
    assert api.get(AUDIT, {"verb": "member"}).json()["results"] == []


def test_the_admins_of_an_organization_read_of_its_registries(world: World, api: APIClient) -> None:
    world.team.organization.admins.add(world.users["alice"])
    api.post("/api/v1/registries/research", {"name": "models"}, format="json")
    api.post("/api/v1/registries/research/models/members", {"username": "bob"}, format="json")
    rows = api.get("/api/v1/organizations/research/audit").json()["results"]
    assert [row["verb"] for row in rows] == ["registry_member.add", "registry.create"]
    assert rows[0]["target"] == "person bob in the registry models"


# Taking it elsewhere -------------------------------------------------------------------------------


def body(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def test_the_log_is_exported_as_json_lines_oldest_first(two_teams_audited: World, api: APIClient) -> None:
    answer = api.get(f"{AUDIT}/export", {"verb": "secret"})
    rows = [json.loads(line) for line in body(answer).splitlines()]
    assert [row["target"] for row in rows] == ["secret FIRST", "secret SECOND"]
    assert rows[0]["after"] == {"value": "********"}
    assert answer["Content-Type"].startswith("application/x-ndjson")
    assert answer["Content-Disposition"].endswith('.jsonl"')


def test_the_log_is_exported_as_csv_also_to_who_accepts_only_that(two_teams_audited: World, api: APIClient) -> None:
    answer = api.get(f"{AUDIT}/export", {"as": "csv", "verb": "secret"}, HTTP_ACCEPT="text/csv")
    rows = list(csv.DictReader(io.StringIO(body(answer))))
    assert [row["target"] for row in rows] == ["secret FIRST", "secret SECOND"]
    assert json.loads(rows[0]["after"]) == {"value": "********"}


def test_no_cell_of_an_export_is_a_formula(world: World, api: APIClient) -> None:
    api.post(
        "/api/v1/teams/acme/secrets", {"name": "X", "value": "y"}, format="json", HTTP_USER_AGENT="=cmd|' /C calc'!A1"
    )
    rows = list(csv.DictReader(io.StringIO(body(api.get(f"{AUDIT}/export", {"as": "csv"})))))
    assert rows[-1]["agent"] == "'=cmd|' /C calc'!A1"


def test_another_form_of_export_is_refused(two_teams_audited: World, api: APIClient) -> None:
    answer = api.get(f"{AUDIT}/export", {"as": "xml"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "as")


@pytest.fixture
def alice(two_teams_audited: World) -> Client:
    client = Client()
    client.force_login(two_teams_audited.users["alice"])
    return client


def test_team_settings_show_the_log_and_each_row(alice: Client) -> None:
    shown = alice.get("/settings/teams/auditevent/?about=secret").content.decode()
    assert "secret FIRST" in shown
    assert "secret OTHER" not in shown
    row = AuditEvent.objects.get(target="secret FIRST")
    detail = alice.get(f"/settings/teams/auditevent/{row.pk}/change/").content.decode()
    assert "&quot;value&quot;: &quot;********&quot;" in detail
    assert 'name="_save"' not in detail


def test_team_settings_export_what_the_list_shows(alice: Client) -> None:
    list_page = alice.get("/settings/teams/auditevent/?q=second").content.decode()
    assert 'href="/settings/teams/auditevent/export/csv?q=second"' in list_page
    rows = list(csv.DictReader(io.StringIO(body(alice.get("/settings/teams/auditevent/export/csv?q=second")))))
    assert [row["target"] for row in rows] == ["secret SECOND"]
    assert alice.get("/settings/teams/auditevent/export/xml").status_code == 404


def test_superusers_read_all_of_it_and_change_nothing(two_teams_audited: World) -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    assert "secret OTHER" in root.get("/admin/teams/auditevent/").content.decode()
    row = newest()
    assert root.get(f"/admin/teams/auditevent/{row.pk}/change/").status_code == 200
    assert root.post(f"/admin/teams/auditevent/{row.pk}/delete/", {"post": "yes"}).status_code == 403
