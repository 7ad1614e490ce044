"""What 0.1.0 wrote is upgraded: same rows, same pages, and deliveries go on.

Names that are other ones today stand in `tests/upgrade/words.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import signing
from standardwebhooks import Webhook as Verifier

from tests.processes import Worker, manage, run_module, wait_until
from tests.upgrade import words, written
from tests.upgrade.conftest import Upgraded

pytestmark = pytest.mark.processes
DIGITS = "/api/v1/projects/vision/digits/runs"
COMPACTING = "tests.operations.compacting"


# Kept to the end: a worker that stops ends what else works on its data folder, such as the pages of test_addresses.
@pytest.fixture(scope="session")
def worked(upgraded: Upgraded) -> Iterator[Upgraded]:
    """The same, once a worker has done what was left undone, and goes on."""
    with Worker(upgraded.environment) as worker:
        wait_until(lambda: not _left(upgraded), 60, "all that was due is delivered")
        yield upgraded
        assert "Traceback" not in worker.printed, worker.printed


def _left(upgraded: Upgraded) -> list[str]:
    """Say what of the deliveries, but the one that is due later, and of the events is still to be done."""
    # Events first: what they cause is there once they are judged.
    unjudged = _unjudged(upgraded)
    table, later = words.TABLES.get("automations_execution", "automations_execution"), upgraded.facts["later"]
    pending = f"SELECT id FROM {table} WHERE state = '{words.PENDING}' AND id <> {later['execution']}"
    return [*unjudged, *(str(row) for row in written.select(upgraded.environment, pending))]


def _unjudged(upgraded: Upgraded) -> list[str]:
    table = words.TABLES.get("events_event", "events_event")
    return [str(row) for row in written.select(upgraded.environment, f"SELECT id FROM {table} WHERE {_NOT_JUDGED}")]


_NOT_JUDGED = f"{words.COLUMNS.get('processed_at', 'processed_at')} IS NULL"


def execution(upgraded: Upgraded, pk: int) -> dict[str, Any]:
    answer = upgraded.ask("ada", f"/api/v1/executions/{pk}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def told_of(upgraded: Upgraded, automation: str, run: str) -> list[dict[str, Any]]:
    """Give what the receiver was told of a run by an automation, as JSON."""
    bodies = [json.loads(body) for _method, _path, body, _headers in upgraded.received().values() if body]
    return [one for one in bodies if (one.get("automation"), one.get("run")) == (automation, run)]


# What was there is there ----------------------------------------------------------------------------------


def test_no_row_is_lost_and_none_is_added(upgraded: Upgraded) -> None:
    assert upgraded.rows == {name: count for name, count in upgraded.facts["rows"].items() if name in upgraded.rows}
    assert upgraded.rows["automations_execution"] > 40 and upgraded.rows["automations_rest"] > 20


def test_the_models_have_no_change_that_is_no_migration(upgraded: Upgraded) -> None:
    assert "No changes detected" in manage(upgraded.environment, "makemigrations", "--check", "--dry-run")


def test_rest_tells_what_it_told(upgraded: Upgraded) -> None:
    wrong = {}
    for asked in upgraded.facts["rest"]:
        who, address = asked["as"], asked["address"]
        status, answer = upgraded.answers[who, address]
        problems = [f"answers {status}"] if status != 200 else []
        # Sign-ins and keys of its people are a team's to read no longer, so its pages hold other rows than they did.
        if address.endswith("/audit") and status == 200:
            rows = answer["results"]
            problems += [row["verb"] for row in rows if row["verb"].startswith(("key.", "sign_", "user."))]
            problems += [] if rows else ["nothing is told"]
            is_compared = False
        else:
            is_compared = status == 200
        problems += words.missing(words.renamed(address, asked["answer"]), answer) if is_compared else []
        if problems:
            wrong[who, address] = problems
    assert wrong == {}
    assert len(upgraded.answers) > 80


def test_an_address_that_is_gone_says_where_the_thing_is_now(upgraded: Upgraded) -> None:
    for asked in upgraded.facts["rest"]:
        new = words.new_address(asked["address"])
        if new:
            answer = upgraded.ask(asked["as"], asked["address"])
            assert (answer.status_code, new.partition("?")[0] in answer.text) == (410, True), asked["address"]


def test_each_page_of_before_shows_it_or_leads_to_it(upgraded: Upgraded) -> None:
    people = {page["as"] for page in upgraded.facts["pages"]}
    browsers = {person: upgraded.browser(person) for person in people}
    wrong = {}
    for page in upgraded.facts["pages"]:
        answer = upgraded.open(browsers[page["as"]], page["address"])
        missing = [text for text in map(words.reworded, page["shows"]) if text not in answer.text]
        if answer.status_code != 200 or missing:
            wrong[page["as"], page["address"]] = (answer.status_code, missing)
    assert wrong == {}


def test_people_sign_in_with_their_passwords_and_who_had_left_does_not(upgraded: Upgraded) -> None:
    signed_in = {person: upgraded.open(upgraded.browser(person), "/profile") for person in ("ada", "vera", "former")}
    assert 'name="email" value="ada@lab.test"' in signed_in["ada"].text
    assert 'name="email" value="vera@lab.test"' in signed_in["vera"].text
    assert 'name="password"' in signed_in["former"].text


def test_who_was_signed_in_stays_so(upgraded: Upgraded) -> None:
    browser = upgraded.browser()
    browser.cookies["sessionid"] = upgraded.facts["session"]["cookie"]
    assert 'value="bob@lab.test"' in upgraded.open(browser, "/profile").text


def test_an_expired_key_stays_expired(upgraded: Upgraded) -> None:
    expired = {"Authorization": "Bearer " + "rbexpired".ljust(46, "0"), "Host": written.HOST}
    answer = upgraded.ask("bob", "/api/v1/me", headers=expired)
    assert (answer.status_code, "expired" in answer.text) == (401, True)


def test_roles_hold(upgraded: Upgraded) -> None:
    pk = upgraded.facts["automations"]["Run failed"]
    refused = {person: upgraded.ask(person, f"/api/v1/automations/{pk}", "DELETE") for person in ("vera", "carl")}
    assert {person: answer.status_code for person, answer in refused.items()} == {"vera": 403, "carl": 404}
    assert upgraded.ask("bob", f"/api/v1/automations/{pk}").status_code == 200


def test_the_file_of_a_version_can_still_be_fetched(upgraded: Upgraded) -> None:
    page = upgraded.open(upgraded.browser("ada"), "/vision/digits/artifacts/model/digits-net/v0").text
    assert "weights.bin" in page
    token = signing.dumps(
        _content_of(upgraded, "weights.bin"),
        key=(written.DATA / "keys" / "secret.key").read_text(),
        salt="projects.stored.fetch",
    )
    answer = upgraded.open(upgraded.browser(), f"/files/fetch/{token}/weights.bin")
    assert (answer.status_code, answer.content) == (200, b"the weights")


def _content_of(upgraded: Upgraded, path: str) -> int:
    table = words.TABLES.get("artifacts_versionfile", "artifacts_versionfile")
    return int(written.select(upgraded.environment, f"SELECT content_id FROM {table} WHERE path = '{path}'")[0][0])


# What was left undone is done --------------------------------------------------------------------------


def test_each_due_delivery_arrives_under_its_id_with_its_body(worked: Upgraded) -> None:
    received = worked.received()
    due = {one["delivery_id"]: one for one in worked.facts["due"] if one["action"] == "send_webhook"}
    assert len(due) == 5
    assert {pk: received[pk][2].decode() for pk in due} == {pk: one["body"] for pk, one in due.items()}
    states = {one["automation"]: execution(worked, one["execution"])["state"] for one in worked.facts["due"]}
    assert set(states.values()) == {words.DELIVERED}, states


def test_secrets_open_and_signatures_verify(worked: Upgraded) -> None:
    by_automation = {one["automation"]: worked.received()[one["delivery_id"]] for one in _webhooks_due(worked)}
    _method, path, body, headers = by_automation["Run finished"]
    assert (path, headers["Authorization"]) == ("/signed", f"Bearer {worked.facts['secrets']['RECEIVER_TOKEN']}")
    assert json.loads(body)["token"] == worked.facts["secrets"]["RECEIVER_TOKEN"]
    Verifier(worked.facts["secrets"]["SIGNING_KEY"]).verify(body, headers)
    method, path, _body, headers = by_automation["Any end"]
    assert (method, path) == ("PUT", "/everything")
    assert (headers["X-Extra"], headers["X-Plain"]) == (worked.facts["secrets"]["EXTRA_KEY"], "yes")


def _webhooks_due(upgraded: Upgraded) -> list[dict[str, Any]]:
    return [one for one in upgraded.facts["due"] if one["action"] == "send_webhook"]


def test_slack_is_told_by_the_bot_and_by_the_incoming_webhook(worked: Upgraded) -> None:
    told = [(one["channel"], json.dumps(one)) for one in worked.slack.messages]
    assert {channel for channel, text in told if "It is late." in text} == {"C002"}
    assert {channel for channel, text in told if "Odd: odd-1" in text} == {"hook"}


def test_the_email_goes_out(worked: Upgraded) -> None:
    (letter,) = [one for one in worked.mail.letters if one.message["Subject"] == "Done: sweep-2"]
    assert sorted(letter.recipients) == ["bob@lab.test", "list@lab.test"]


def test_what_is_due_later_waits(worked: Upgraded) -> None:
    later = worked.facts["later"]
    assert execution(worked, later["execution"])["state"] == words.PENDING
    assert later["delivery_id"] not in worked.received()


def test_what_a_dead_worker_held_is_told_of_as_lost_and_sent(worked: Upgraded) -> None:
    held = execution(worked, worked.facts["held"]["execution"])
    assert [one["ok"] for one in held["attempts"]] == [False, True]
    assert held["delivery_id"] == worked.facts["held"]["delivery_id"]


def test_events_that_nobody_had_judged_fire(worked: Upgraded) -> None:
    assert [one["status"] for one in told_of(worked, "Run failed", "unjudged-1")] == ["failed"]
    assert [one["status"] for one in told_of(worked, "Run failed", "leased-1")] == ["failed"]
    assert {"alias": "production"} in [json.loads(row[2]) for row in worked.received().values() if row[1] == "/signed"]


def test_a_cooldown_still_holds_and_its_execution_counts_on(worked: Upgraded) -> None:
    before = worked.facts["cooldown"]
    counted = execution(worked, before["execution"])
    assert (counted["state"], counted["count"]) == (words.SUPPRESSED, before["count"] + 1)
    assert told_of(worked, "Loss is very high", "hot-1") == []


def test_a_window_goes_on_where_it_stood(worked: Upgraded) -> None:
    (told,) = told_of(worked, "Loss is high", "window-1")
    assert told["value"] == pytest.approx((0.5 + 1.0 + 2.0) / 3)
    before = {row["subject"]: row for row in worked.facts["window"]}
    now = _windows(worked, before)
    assert {subject: position for subject, (position, _values) in now.items()} == {
        subject: row["position"] + (1 if row["values"] == [0.5, 1.0] else 3) for subject, row in before.items()
    }
    assert [1.0, 2.0] in [values for _position, values in now.values()]


def _windows(upgraded: Upgraded, subjects: Any) -> dict[str, tuple[int, list[float]]]:
    table = words.TABLES.get("automations_memory", "automations_memory")
    names = [words.COLUMNS.get(name, name) for name in ("subject", "position", "values")]
    subject, position, values = (f'"{name}"' for name in names)
    rows = written.select(upgraded.environment, f"SELECT {subject}, {position}, {values} FROM {table}")
    return {row[0]: (row[1], json.loads(row[2])) for row in rows if row[0] in subjects}


def test_what_was_told_is_told_to_be_over(worked: Upgraded) -> None:
    (told,) = told_of(worked, "Loss is high", "window-0")
    assert told["value"] == pytest.approx((2.0 + 0.0 + 0.0) / 3)


def test_what_happens_from_now_on_fires(worked: Upgraded) -> None:
    made = worked.ask("bob", DIGITS, "POST", json={"name": "new-1", "display_name": "new-1"})
    ended = worked.ask("bob", f"{DIGITS}/new-1/finish", "POST", json={"exit_code": 1})
    assert (made.status_code, ended.status_code) == (201, 200)
    wait_until(lambda: told_of(worked, "Run failed", "new-1"), 20, "the new run is told of")


def test_the_audit_log_is_read_and_goes_on(worked: Upgraded) -> None:
    before = worked.answers["ada", "/api/v1/teams/vision/audit"][1]
    pk = worked.facts["automations"]["Switched off"]
    assert worked.ask("bob", f"/api/v1/automations/{pk}/enable", "POST", json={}).status_code == 200
    newest = worked.ask("ada", "/api/v1/teams/vision/audit").json()["results"][0]
    assert (newest["actor"], newest["target"]) == ("bob", f"automation {pk} Switched off")
    assert newest["id"] > max(row["id"] for row in before["results"])


# What goes on behind it leaves it as it was --------------------------------------------------------------


# Longer than anything here is old, whenever this is run.
_KEPT = {
    f"RUNBELL_RETENTION_{kind}_DAYS": "36500"
    for kind in ("EVENTS", "EXECUTIONS", "AUDIT", "NOTICES", "HISTORY", "RUN_FILES", "SYSTEM_DETAIL", "SYSTEM_METRICS")
}


def test_compaction_and_retention_find_the_same_rows(worked: Upgraded) -> None:
    environment = {**worked.environment, **_KEPT}
    before, answers = json.loads(run_module(environment, COMPACTING, "report")), _told_over_rest(worked)
    merged = json.loads(run_module(environment, COMPACTING, "compact_all"))
    assert merged["history_chunks"] > 50 and merged["executions"] > 30, merged
    assert "history: 0 rows removed." in manage(environment, "retention")
    after = json.loads(run_module(environment, COMPACTING, "report"))
    assert (after["digest"], after["rows"]) == (before["digest"], before["rows"])
    assert after["chunks"] < before["chunks"]
    now = _told_over_rest(worked)
    assert [address for address, answer in answers.items() if now[address] != answer] == []


def _told_over_rest(upgraded: Upgraded) -> dict[str, Any]:
    """What REST says of runs, their history and executions."""
    told = {asked["address"]: asked["as"] for asked in upgraded.facts["rest"]}
    kept = {address: person for address, person in told.items() if "/runs/" in address or "/executions/" in address}
    return {address: upgraded.ask(person, address).json() for address, person in kept.items()}
