"""Notices to a team: one of each matter, until it is settled; by e-mail to its admins."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from automations import tasks
from automations.tasks import sweep
from teams.models import Notice, User
from teams.notices import notice_mail, team_notices
from tests.conftest import as_person
from tests.world import World

NOTICES = "/api/v1/teams/acme/notices"


def notice_texts(world: World) -> list[str]:
    return [notice.text for notice in team_notices.open_notices([world.team])]


def test_what_is_told_twice_is_one_notice_with_the_last_words(world: World) -> None:
    team_notices.open_notice(world.team, "webhook:1", "It failed.", "/settings/")
    team_notices.open_notice(world.team, "webhook:1", "It failed again.")

    assert list(Notice.objects.values_list("key", "text", "url")) == [("webhook:1", "It failed again.", "")]


def test_a_settled_matter_that_comes_back_is_a_new_notice(world: World) -> None:
    team_notices.open_notice(world.team, "webhook:1", "First.")
    team_notices.settle_notice(world.team, "webhook:1")
    team_notices.open_notice(world.team, "webhook:1", "Second.")

    assert notice_texts(world) == ["Second."]
    assert Notice.objects.filter(text="First.", settled_at__isnull=False).count() == 1


def test_settling_leaves_other_matters_and_other_teams_alone(world: World) -> None:
    for team in (world.team, world.other_team):
        team_notices.open_notice(team, "webhook:1", "One.")
    team_notices.open_notice(world.team, "webhook:2", "Two.")
    team_notices.settle_notice(world.team, "webhook:1")

    assert [(one.team.name, one.text) for one in team_notices.open_notices([world.team, world.other_team])] == [
        ("acme", "Two."),
        ("other", "One."),
    ]


def test_the_database_keeps_to_one_open_notice_of_a_matter(world: World) -> None:
    team_notices.open_notice(world.team, "webhook:1", "One.")
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(team=world.team, key="webhook:1", text="Two.")


def test_telling_goes_with_the_transaction(world: World) -> None:
    with transaction.atomic():
        team_notices.open_notice(world.team, "webhook:1", "One.")
        transaction.set_rollback(True)

    assert notice_texts(world) == []


def test_the_team_reads_its_notices_over_rest_and_an_admin_dismisses_one(api: APIClient, world: World) -> None:
    team_notices.open_notice(world.team, "webhook:1", "It was disabled.", "/settings/")
    (shown,) = as_person(world.keys["vera"]).get(NOTICES).json()["results"]
    assert (shown["key"], shown["text"], shown["url"]) == ("webhook:1", "It was disabled.", "/settings/")

    assert api.delete(f"{NOTICES}/{shown['id']}").status_code == 204
    assert api.get(NOTICES).json()["results"] == []
    assert api.delete(f"{NOTICES}/{shown['id']}").json()["detail"] == (
        f"There is no open notice {shown['id']} in the team acme."
    )


# By e-mail -----------------------------------------------------------------------------------------


@pytest.fixture
def addresses(world: World, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.test"
    settings.RUNBELL_URL = "https://bell.test"
    for name in ("alice", "bob"):
        User.objects.filter(username=name).update(email=f"{name}@acme.test", confirmed_email=f"{name}@acme.test")


def test_the_admins_of_the_team_get_it_once(world: World, addresses: None) -> None:
    team_notices.open_notice(world.team, "webhook:1", "It was\ndisabled.", "/settings/")

    assert [notice_mail.send_notices(), notice_mail.send_notices()] == [1, 0]

    (sent,) = mail.outbox
    assert sent.to == ["alice@acme.test"]
    assert sent.subject == "Runbell, team acme: It was disabled."
    assert sent.body == "It was\ndisabled.\n\nhttps://bell.test/settings/"
    assert Notice.objects.get().emailed_at is not None


def test_what_is_settled_before_it_was_sent_is_not_sent(world: World, addresses: None) -> None:
    team_notices.open_notice(world.team, "webhook:1", "It was disabled.")
    team_notices.settle_notice(world.team, "webhook:1")

    assert notice_mail.send_notices() == 0
    assert mail.outbox == []


def test_nothing_is_sent_where_no_e_mail_is_set_up(world: World, addresses: None, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    team_notices.open_notice(world.team, "webhook:1", "It was disabled.")
    sweep()

    assert (mail.outbox, Notice.objects.get().email_tried_at) == ([], None)


class Smtp(StreamRequestHandler):
    """As much of SMTP as a client needs to hand one message over."""

    def handle(self) -> None:
        self.say("220 ready")
        for line in self.rfile:
            word = line.split()[0].upper()
            if word == b"DATA":
                self.say("354 go on")
                self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())  # type: ignore[attr-defined]
            self.say("221 bye" if word == b"QUIT" else "250 ok")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def smtp(settings: Any) -> Iterator[list[str]]:
    """A mail server on loopback; what it was given."""
    with ThreadingTCPServer(("127.0.0.1", 0), Smtp) as server:
        server.daemon_threads = True
        server.mails = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield server.mails  # type: ignore[attr-defined]
        server.shutdown()


def test_a_real_mail_server_gets_it(world: World, addresses: None, smtp: list[str]) -> None:
    team_notices.open_notice(world.team, "webhook:1", "It was disabled.")

    assert notice_mail.send_notices() == 1
    assert ["To: alice@acme.test" in one and "It was disabled." in one for one in smtp] == [True]


def test_a_mail_server_that_is_away_is_tried_again_later(world: World, addresses: None, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = unused.getsockname()
        team_notices.open_notice(world.team, "webhook:1", "It was disabled.")
        assert notice_mail.send_notices() == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert notice_mail.send_notices() == 0

    Notice.objects.update(email_tried_at=timezone.now() - timedelta(minutes=6))
    assert notice_mail.send_notices() == 1


@pytest.mark.django_db(transaction=True)
def test_the_sweep_has_it_sent_by_another_thread(
    world: World, addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tests' SQLite is in memory: what other jobs write there while the thread reads would refuse it.
    mailing = tuple(step for step in tasks._STEPS if step.__module__ == "teams.notices.notice_mail")
    monkeypatch.setattr(tasks, "_STEPS", mailing)
    monkeypatch.setattr(tasks, "_steps_from_above", tuple)
    team_notices.open_notice(world.team, "webhook:1", "It was disabled.")
    sweep()
    for thread in threading.enumerate():
        if thread.name == "notice-mail":
            thread.join(5)

    assert [one.to for one in mail.outbox] == [["alice@acme.test"]]
