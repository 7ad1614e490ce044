"""Where e-mails of an organization may go, when an automation is saved and when it sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from automations.models import Execution
from automations.tasks import work
from projects.runs.lifecycle import finish_run
from teams import mail_policy
from teams.audit import reading
from teams.models import AuditEvent, Organization, User
from tests.smtp_server import SmtpServer
from tests.world import FAILED, World

ADDRESS = "/api/v1/organizations/research/mail"


@pytest.fixture
def mail(settings: Any, world: World) -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        world.team.organization.admins.add(world.users["alice"])
        yield server


def automation(to: list[str]) -> dict[str, Any]:
    return {
        "name": "mails", "scope": {"type": "project", "name": "acme/mnist"}, "event": "RUN_STATE",
        "conditions": [FAILED], "action": {"type": "send_email", "to": to},
    }  # fmt: skip


def test_an_address_of_nobody_here_is_refused_with_who_can_change_that(api: APIClient, mail: SmtpServer) -> None:
    answer = api.post("/api/v1/automations", automation(["eve@evil.test"]), format="json")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (400, "action.to")
    assert "it is no confirmed address of its people, nor of its domains (acme.test, example.com)" in error["message"]
    assert "An admin of the organization adds the domain or the address." in error["message"]


@pytest.mark.parametrize("to", ["bob@elsewhere.test", "BOB@Elsewhere.Test", "anybody@acme.test", "x@ACME.test"])
def test_people_of_the_organization_and_its_domains_may_get_e_mails(api: APIClient, mail: SmtpServer, to: str) -> None:
    User.objects.filter(username="bob").update(email="bob@elsewhere.test", confirmed_email="bob@elsewhere.test")
    assert api.post("/api/v1/automations", automation([to]), format="json").status_code == 201


@pytest.mark.parametrize("to", ["bob", "bob@elsewhere.test"])
def test_an_address_that_is_not_confirmed_gets_none(api: APIClient, mail: SmtpServer, to: str) -> None:
    """Anybody types any address into their profile, and would write to it in the organization's name."""
    User.objects.filter(username="bob").update(email="bob@elsewhere.test")
    answer = api.post("/api/v1/automations", automation([to]), format="json")
    assert (answer.status_code, "confirmed" in answer.json()["errors"][0]["message"]) == (400, True)


def test_a_domain_within_a_domain_is_another_one(api: APIClient, mail: SmtpServer) -> None:
    for address in ("a@sub.acme.test", "a@notacme.test", "a@acme.test.evil.test"):
        assert api.post("/api/v1/automations", automation([address]), format="json").status_code == 400


def test_what_may_no_longer_get_e_mails_gets_none(api: APIClient, world: World, mail: SmtpServer) -> None:
    api.post("/api/v1/automations", automation(["ada@acme.test", "x@example.com"]), format="json")
    mail_policy.change(world.team.organization, domains=["example.com"])
    finish_run(world.run(), 1)
    work()
    (letter,) = mail.letters
    assert letter.recipients == ["x@example.com"]

    mail_policy.change(world.team.organization, domains=[])
    finish_run(world.run("run2"), 1)
    work()
    assert len(mail.letters) == 1
    newest = Execution.objects.latest("id")
    assert (newest.state, "None of its recipients has an address that may get e-mails" in newest.reason) == (
        "failed", True,
    )  # fmt: skip


def test_an_address_that_was_in_use_is_kept_until_an_admin_decides(
    api: APIClient, world: World, mail: SmtpServer
) -> None:
    Organization.objects.filter(pk=world.team.organization_id).update(mail_unconfirmed=["old@partner.test"])
    assert api.get(ADDRESS).json()["unconfirmed"] == ["old@partner.test"]
    assert api.post("/api/v1/automations", automation(["old@partner.test"]), format="json").status_code == 201

    answer = api.put(ADDRESS, {"addresses": ["old@partner.test"]}, format="json")
    assert answer.json()["addresses"] == ["old@partner.test"]
    assert answer.json()["unconfirmed"] == []
    row = AuditEvent.objects.filter(verb="organization.mail").get()
    assert (row.organization, row.actor) == (world.team.organization, "alice")
    assert "organization" in reading.NOUNS


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"domains": ["no domain"]}, "domains"),
        ({"domains": ["*"]}, "domains"),
        ({"addresses": ["nobody"]}, "addresses"),
        ({"unconfirmed": ["new@partner.test"]}, "unconfirmed"),
        ({"domains": [f"d{number}.test" for number in range(mail_policy.MOST + 1)]}, "domains"),
    ],
)
def test_what_cannot_be_read_changes_nothing(api: APIClient, mail: SmtpServer, sent: Any, field: str) -> None:
    before = api.get(ADDRESS).json()
    answer = api.put(ADDRESS, sent, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert api.get(ADDRESS).json() == before
