"""Fixtures are there: a test that lost one, as an unused-looking import goes, fails here and not in the longest run."""

from __future__ import annotations

import pytest

from tests.conftest import LOST_FIXTURES, pytest_collection_modifyitems


def test_every_fixture_that_a_test_asks_for_is_there(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.stash[LOST_FIXTURES] == set()


def test_what_is_lost_is_seen(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> None:
    def test_of_something(gone: object) -> None: ...

    lost = pytest.Function.from_parent(request.node.parent, name="test_of_something", callobj=test_of_something)
    found = pytestconfig.stash[LOST_FIXTURES]
    try:
        pytest_collection_modifyitems(pytestconfig, [lost])
        assert found == {"tests/test_fixtures.py::test_of_something asks for gone"}
    finally:
        found.clear()
