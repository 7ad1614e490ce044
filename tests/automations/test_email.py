"""E-mail as an action, to a mail server on a real socket."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from rest_framework.test import APIClient

from automations.delivery.redelivery import redeliver
from automations.models import Attempt, Automation, Execution
from automations.tasks import work
from projects.runs.lifecycle import finish_run
from teams.models import Membership, User
from tests.smtp_server import SmtpServer
from tests.world import FAILED, World


@pytest.fixture
def mail(settings: Any, world: World) -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.DEFAULT_FROM_EMAIL = "Runbell <bell@acme.test>"
        User.objects.filter(username="bob").update(email="bob@acme.test", confirmed_email="bob@acme.test")
        yield server


def write(world: World, **params: Any) -> Automation:
    return world.automation(FAILED, action={"type": "send_email", "to": ["ada@acme.test"], **params})


def fail_a_run(world: World, name: str = "run1", display_name: str = "prod-1") -> None:
    finish_run(world.run(name, display_name=display_name), 1)
    work()


def outcome() -> tuple[str, str]:
    return Execution.objects.values_list("state", "reason").get()


def test_a_failed_run_is_told_to_addresses_and_members(world: World, mail: SmtpServer) -> None:
    write(world, to="ada@acme.test, bob", subject="${run_name} is ${run_status}", text="Look at ${run_url}")
    fail_a_run(world)
    (letter,) = mail.letters
    assert letter.recipients == ["ada@acme.test", "bob@acme.test"]
    assert letter.message["To"] == "ada@acme.test, bob@acme.test"
    assert letter.message["From"] == "Runbell <bell@acme.test>"
    assert letter.message["Subject"] == "prod-1 is failed"
    assert letter.message["Message-ID"].startswith(f"<{Execution.objects.get().delivery_id}@")
    assert outcome() == ("delivered", "The mail server took the message.")


def test_it_says_what_happened_as_text_and_as_html(world: World, mail: SmtpServer) -> None:
    write(world, text="Look at this.")
    fail_a_run(world, display_name="<b>prod</b> & co")
    (letter,) = mail.letters
    plain, html = (part.get_content() for part in letter.message.iter_parts())  # type: ignore[attr-defined]
    page = "http://127.0.0.1:8000/acme/mnist/runs/run1"
    for said in ("Look at this.", "Run state change: <b>prod</b> & co", "By: alice", "Scope: acme/mnist", page):
        assert said in plain
    assert f'<a href="{page}"' in html
    assert "&lt;b&gt;prod&lt;/b&gt; &amp; co" in html
    assert "<b>prod" not in html
    assert letter.message["Subject"] == "Run state change: <b>prod</b> & co"


@pytest.mark.parametrize("between", ["\r\n", "\n", "\u2028", "\x85", "\x0b"])
def test_no_value_becomes_a_header(world: World, mail: SmtpServer, between: str) -> None:
    write(world, subject="${run_name}")
    run = world.run()
    run.display_name = f"x{between}Bcc: eve@evil.test{between}{between}hello"
    run.save()
    finish_run(run, 1)
    work()
    (letter,) = mail.letters
    assert letter.recipients == ["ada@acme.test"]
    assert letter.message["Bcc"] is None
    assert letter.message["Subject"] == "x Bcc: eve@evil.test hello"


def test_what_was_sent_is_kept_with_the_answer(world: World, mail: SmtpServer) -> None:
    write(world)
    fail_a_run(world)
    attempt = Attempt.objects.get()
    assert attempt.request["method"] == "SMTP"
    assert attempt.request["headers"]["To"] == "ada@acme.test"
    assert attempt.reply == {"status": 250, "headers": {}, "body": "2.0.0 queued as 7F3A"}


def test_a_member_is_written_to_where_they_are_now(world: World, mail: SmtpServer) -> None:
    write(world, to=["bob"])
    User.objects.filter(username="bob").update(email="bob@new.test", confirmed_email="bob@new.test")
    fail_a_run(world)
    assert mail.letters[0].recipients == ["bob@new.test"]


def test_who_left_the_team_is_written_to_no_more(world: World, mail: SmtpServer) -> None:
    write(world, to=["bob"])
    Membership.objects.filter(user__username="bob").delete()
    fail_a_run(world)
    assert outcome() == ("failed", "None of its recipients has an address that may get e-mails. Edit the automation.")
    assert mail.letters == []


# The mail server's refusals ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "answer", "state", "reason"),
    [
        ("END", "554 5.7.1 spam", "failed", "The mail server answered 554 5.7.1 spam."),
        ("END", "451 4.3.0 try later", "pending", "The mail server answered 451 4.3.0 try later."),
        ("MAIL", "550 who are you", "failed", "The mail server answered 550 who are you."),
        ("MAIL", "452 full", "pending", "The mail server answered 452 full."),
        ("RCPT", "550 no such user", "failed", "The mail server took no recipient: ada@acme.test (550 no such user)."),
        ("RCPT", "450 greylisted", "pending", "The mail server took no recipient: ada@acme.test (450 greylisted)."),
        ("CONNECT", "554 go away", "failed", "The mail server answered 554 go away."),
        ("CONNECT", "421 busy", "pending", "The mail server answered 421 busy."),
    ],
)
def test_5xx_is_for_good_and_4xx_passes(
    world: World, mail: SmtpServer, command: str, answer: str, state: str, reason: str
) -> None:
    write(world)
    mail.says[command] = answer
    fail_a_run(world)
    assert outcome() == (state, reason)
    assert mail.letters == []


def test_some_recipients_refused_is_told_and_not_sent_twice(world: World, mail: SmtpServer) -> None:
    write(world, to=["ada@acme.test", "gone@acme.test"])
    mail.refused["gone@acme.test"] = "550 no such user"
    fail_a_run(world)
    assert outcome() == ("delivered", "The mail server took it for 1 of 2, not for gone@acme.test (550 no such user).")
    assert [letter.recipients for letter in mail.letters] == [["ada@acme.test"]]


def try_again() -> None:
    Execution.objects.filter(state="pending").update(next_attempt_at=now() - timedelta(seconds=1))
    work()


def test_only_who_was_refused_for_now_is_tried_again(world: World, mail: SmtpServer) -> None:
    write(world, to=["ada@acme.test", "grey@acme.test", "gone@acme.test"])
    mail.refused |= {"grey@acme.test": "450 greylisted", "gone@acme.test": "550 no such user"}
    fail_a_run(world)
    not_yet = "grey@acme.test (450 greylisted), gone@acme.test (550 no such user)"
    assert outcome() == ("pending", f"The mail server took it for 1 of 3, not for {not_yet}.")
    try_again()
    assert outcome() == ("pending", "The mail server took it for 1 of 3, not for gone@acme.test (550 no such user), "
                      "grey@acme.test (450 greylisted).")  # fmt: skip
    del mail.refused["grey@acme.test"]
    try_again()
    assert outcome() == ("delivered", "The mail server took it for 2 of 3, not for gone@acme.test (550 no such user).")
    assert [letter.recipients for letter in mail.letters] == [["ada@acme.test"], ["grey@acme.test"]]
    first, second = (letter.message for letter in mail.letters)
    assert (first["Message-ID"], first["To"]) == (second["Message-ID"], second["To"])
    last = Attempt.objects.latest("number")
    assert (last.number, last.request["headers"]["Only to"]) == (3, "grey@acme.test")


def test_where_the_tries_end_it_fails_and_says_who_has_it(world: World, mail: SmtpServer, settings: Any) -> None:
    settings.RETRY_SECONDS = [0, 60]
    write(world, to=["ada@acme.test", "grey@acme.test"])
    mail.refused["grey@acme.test"] = "450 greylisted"
    fail_a_run(world)
    try_again()
    assert outcome() == ("failed", "The mail server took it for 1 of 2, not for grey@acme.test (450 greylisted).")
    assert len(mail.letters) == 1


def test_refused_for_good_in_the_end_it_is_finished_for_the_others(world: World, mail: SmtpServer) -> None:
    write(world, to=["ada@acme.test", "grey@acme.test"])
    mail.refused["grey@acme.test"] = "450 greylisted"
    fail_a_run(world)
    mail.refused["grey@acme.test"] = "550 no such user"
    try_again()
    assert outcome() == ("delivered", "The mail server took it for 1 of 2, not for grey@acme.test (550 no such user).")


def test_delivered_anew_by_a_person_it_goes_to_all_of_them(world: World, mail: SmtpServer) -> None:
    write(world, to=["ada@acme.test", "gone@acme.test"])
    mail.refused["gone@acme.test"] = "550 no such user"
    fail_a_run(world)
    mail.refused.clear()
    redeliver(Execution.objects.get(), by=world.users["alice"])
    work()
    assert outcome() == ("delivered", "The mail server took the message.")
    assert mail.letters[-1].recipients == ["ada@acme.test", "gone@acme.test"]


def test_a_server_that_is_away_is_tried_again(world: World, mail: SmtpServer) -> None:
    write(world)
    mail.shutdown()
    mail.server_close()
    fail_a_run(world)
    assert outcome() == ("pending", "The mail server could not be reached, or closed the connection.")


@pytest.mark.parametrize("fault", ["silent_at", "dripping_at"])
def test_a_server_that_does_not_answer_costs_the_deadline(
    world: World, mail: SmtpServer, settings: Any, fault: str
) -> None:
    settings.DELIVERY_DEADLINE_SECONDS = 1
    setattr(mail, fault, "MAIL")
    write(world)
    started = time.monotonic()
    fail_a_run(world)
    assert outcome() == ("pending", "The mail server did not answer within 1 s.")
    assert time.monotonic() - started < 10


def test_a_server_that_says_no_good_bye_is_not_waited_for(world: World, mail: SmtpServer) -> None:
    mail.silent_at = "QUIT"
    write(world)
    fail_a_run(world)
    assert outcome() == ("delivered", "The mail server took the message.")


def test_a_wrong_password_is_the_operators_and_not_shown(world: World, mail: SmtpServer, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "bell", "canary-password"
    mail.says["AUTH"] = "535 5.7.8 wrong"
    write(world)
    fail_a_run(world)
    assert outcome() == ("failed", "The mail server refused the sign-in (535). The operator mends EMAIL_URL.")
    assert mail.sign_ins
    assert "canary" not in str(list(Attempt.objects.values()))


# What is refused when saving -----------------------------------------------------------------------


def refusal(api: APIClient, **action: Any) -> tuple[str, str]:
    sent = {
        "name": "mail",
        "scope": {"name": "acme/mnist"},
        "event": "RUN_STATE",
        "conditions": [FAILED],
        "action": {"type": "send_email", "to": ["ada@acme.test"], **action},
    }
    answer = api.post("/api/v1/automations", sent, format="json")
    assert answer.status_code == 400, answer.json()
    (error,) = answer.json()["errors"]
    return error["field"], error["message"]


@pytest.mark.parametrize(
    ("action", "field", "message"),
    [
        ({"to": []}, "to", "Name at least one address, or one username of the team."),
        ({"to": 7}, "to", 'Give a list of addresses and usernames, such as ["ada@example.com", "bob"].'),
        ({"to": ["a@b@c"]}, "to", "'a@b@c' is no e-mail address."),
        ({"to": ["x@acme.test\nBcc:y@acme.test"]}, "to", "'x@acme.test\\nBcc:y@acme.test' is no e-mail address."),
        ({"to": ["charlie"]}, "to", "'charlie' is neither an address nor a member of acme: alice, bob, vera."),
        ({"to": ["alice"]}, "to", "alice has no e-mail address here. Give the address itself."),
        ({"to": [f"a{n}@acme.test" for n in range(51)]}, "to", "51 recipients are too many; 50 is the most."),
        ({"subject": "${nope"}, "subject", None),
        ({"text": "${no_such}"}, "text", None),
    ],
)
def test_a_recipient_or_text_that_cannot_be_is_refused(
    world: World, mail: SmtpServer, api: APIClient, action: dict[str, Any], field: str, message: str | None
) -> None:
    found = refusal(api, **action)
    assert found[0] == f"action.{field}"
    assert message is None or found[1] == message
    assert Automation.objects.count() == 0


def test_without_a_mail_server_the_action_is_refused_with_the_remedy(world: World, api: APIClient) -> None:
    assert refusal(api) == ("action", "E-mail is not set up here: the operator of this Runbell sets EMAIL_URL.")


def test_a_mail_server_taken_away_later_fails_with_the_remedy(world: World, mail: SmtpServer, settings: Any) -> None:
    write(world)
    settings.EMAIL_HOST = ""
    fail_a_run(world)
    assert outcome() == ("failed", "E-mail is not set up here: the operator of this Runbell sets EMAIL_URL.")


@pytest.mark.parametrize("password", ["correct horse battery", "short"])
@pytest.mark.parametrize(
    ("command", "code"), [("END", 250), ("END", 554), ("RCPT", 550), ("RCPT", 450), ("MAIL", 452), ("AUTH", 535)]
)
def test_the_password_is_kept_nowhere_though_the_server_says_it_back(
    world: World, mail: SmtpServer, settings: Any, command: str, code: int, password: str
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "bell", password
    in_base64 = base64.b64encode(f"\0bell\0{password}".encode()).decode()
    mail.says[command] = f"{code} I got {password} and {in_base64}"
    write(world)
    fail_a_run(world)
    kept = str(list(Attempt.objects.values())) + str(outcome())
    assert mail.sign_ins == [f"PLAIN {in_base64}"]
    assert str(code) in kept
    assert password not in kept
    assert in_base64[:-4] not in kept
