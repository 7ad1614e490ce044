"""docs/wandb-sdk.md says what works and what does not; what it says is so."""

from __future__ import annotations

import re

from tests.processes import ROOT
from tests.wandb_api.sdk import VERSIONS
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.feature_flags import FEATURES
from wandb_api.graphql.schema import schema

DOCUMENT = (ROOT / "docs" / "wandb-sdk.md").read_text()


def section(heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def test_every_field_that_answers_501_is_listed_and_no_other() -> None:
    listed = re.findall(r"`([A-Z]\w+\.\w+)`", section("What answers 501"))
    assert sorted(listed) == sorted(resolver_tables.unresolved_fields(schema))


def test_every_feature_that_is_on_is_listed_and_no_other() -> None:
    listed = re.findall(r"`([A-Z][A-Z_]+)`", section("Feature flags"))
    assert sorted(listed) == sorted(name for name, on in FEATURES.items() if on)


def test_the_versions_that_are_tried_are_listed() -> None:
    assert re.findall(r"`(0\.\d+)`", section("Which versions")) == sorted(VERSIONS)
