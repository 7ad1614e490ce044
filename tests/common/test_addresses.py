"""Addresses of our own pages as the database keeps them: given back as they were."""

from __future__ import annotations

import pytest

from automations.models import Execution
from common.data.fields import AddressField

FIELD = Execution._meta.get_field("subject_url")


@pytest.mark.parametrize(
    "address",
    [
        "/acme/mnist/runs/run1",
        "/acme/%C3%A9t%C3%A9/runs/a%20b",
        # A question mark in a name, and one before a query.
        "/acme/mnist/artifacts/model/what%3F/v0",
        "/automations?team=acme&last=failed",
        "/acme/what%3F?q=a%2Bb%3F&r=%C3%A9",
        "/acme/mnist?",
    ],
)
def test_an_address_is_given_back_with_its_query(address: str) -> None:
    assert isinstance(FIELD, AddressField)
    kept = FIELD.get_prep_value(address)
    assert FIELD.from_db_value(kept) == address


def test_a_path_is_kept_as_people_read_it() -> None:
    assert FIELD.get_prep_value("/acme/%C3%A9t%C3%A9/what%3F") == "/acme/été/what?"
