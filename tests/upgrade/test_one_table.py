"""Webhooks and Slack channels move into the table of all integrations: the numbers, and what cannot be opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.processes import Environment, manage, new_environment
from tests.upgrade import written
from tests.upgrade.conftest import Upgraded

pytestmark = pytest.mark.processes


def numbers(environment: Environment, rows: str) -> list[int]:
    return [int(row[0]) for row in written.select(environment, f"SELECT id FROM {rows} ORDER BY id")]


def test_webhooks_keep_their_numbers_and_no_number_is_given_twice(upgraded: Upgraded) -> None:
    names = {one["automation"]: one for one in upgraded.facts["due"]}
    assert names
    rows = written.select(upgraded.environment, "SELECT id, kind, former_id FROM integrations_integration")
    assert len({number for number, _kind, _former in rows}) == len(rows)
    moved = [(number, former) for number, kind, former in rows if kind == "slack" and former]
    webhooks = [number for number, kind, _former in rows if kind == "webhook"]
    # Both kinds began with 1 in tables of their own.
    assert moved and {former for _number, former in moved} <= set(webhooks)
    assert min(number for number, _former in moved) > max(webhooks)


def test_what_an_automation_or_execution_sends_to_is_one_of_the_kind(upgraded: Upgraded) -> None:
    channels = {f"slack:{pk}" for pk in numbers(upgraded.environment, "integrations_integration WHERE kind = 'slack'")}
    named = written.select(
        upgraded.environment, "SELECT receiver_key FROM automations_automation WHERE receiver_key LIKE 'slack:%'"
    )
    assert named and {key for (key,) in named} <= channels


def test_an_address_that_no_key_opens_stops_the_upgrade_before_anything_is_changed(tmp_path: Path) -> None:
    with new_environment(tmp_path) as environment:
        written.load(environment, receiver="127.0.0.1:9", slack_hook="https://hooks.slack.test/x")
        (tmp_path / "fernet.key").write_text(Fernet.generate_key().decode())
        before = numbers(environment, "integrations_slackchannel")
        with pytest.raises(AssertionError, match="The address of the Slack channel .* cannot be opened"):
            manage(environment, "migrate", "--verbosity=0")
        assert numbers(environment, "integrations_slackchannel") == before
        assert numbers(environment, "integrations_integration") == []
