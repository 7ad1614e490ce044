"""Levels of the log by one setting: `info,outbound=debug`."""

from __future__ import annotations

import pytest

from common.logs.log_levels import LogLevels, parse_levels


@pytest.mark.parametrize(
    "items, levels",
    [
        ([], LogLevels()),
        (["DEBUG"], LogLevels("DEBUG")),
        (["info", "outbound=debug"], LogLevels("INFO", {"outbound": "DEBUG"})),
        (["automations.delivery = error", "warning"], LogLevels("WARNING", {"automations.delivery": "ERROR"})),
        (["django-q=info", "access=warning"], LogLevels("WARNING", {"django-q": "INFO", "access": "WARNING"})),
    ],
)
def test_levels_are_of_all_and_of_single_loggers(items: list[str], levels: LogLevels) -> None:
    assert parse_levels(items) == levels


@pytest.mark.parametrize(
    "item, reason",
    [
        ("loud", "'loud' is no level; choose among DEBUG, INFO"),
        ("outbound=loud", "'loud' is no level"),
        ("outbond=debug", "there is no logger 'outbond'"),
        ("=debug", "there is no logger ''"),
        ("a b=debug", "there is no logger 'a b'"),
        ("urllib3=debug", "would write addresses and headers, and so secrets"),
    ],
)
def test_a_level_that_is_none_is_refused_with_the_reason(item: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_levels([item])


def test_two_levels_of_all_are_refused() -> None:
    with pytest.raises(ValueError, match="INFO and DEBUG are both the level of all"):
        parse_levels(["info", "debug"])
