"""Number of examples of the property tests: hypothesis profiles, in this one place.

`runbell` is what everybody and CI run; `thorough` is `make test-properties`; `quick` is `make check`. Where examples
are kept in a database each of them is dear, so that those tests are marked `@stored`; where they are large, `@costly`.
What was ever found to fail stays as an `@example` of its test.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from hypothesis import HealthCheck, settings

Test = TypeVar("Test", bound=Callable[..., Any])


class Profile(NamedTuple):
    in_memory: int
    # Of those that take over half a minute on `in_memory`.
    costly: int
    stored: int
    # Of each REST operation and person: `tests/api/test_schemathesis.py`.
    per_operation: int


PROFILES = {
    "runbell": Profile(in_memory=5000, costly=1000, stored=300, per_operation=10),
    "thorough": Profile(in_memory=5000, costly=5000, stored=5000, per_operation=100),
    "quick": Profile(in_memory=200, costly=50, stored=20, per_operation=5),
}
# A busy machine is no counterexample.
_ALLOWED = [HealthCheck.too_slow, HealthCheck.data_too_large]
for _name, _profile in PROFILES.items():
    settings.register_profile(
        _name, max_examples=_profile.in_memory, deadline=None, suppress_health_check=_ALLOWED, print_blob=True
    )
settings.load_profile("runbell")


def profile() -> Profile:
    """Give the profile of this run: pytest's --hypothesis-profile, else that of everybody."""
    return PROFILES.get(settings.get_current_profile_name(), PROFILES["runbell"])


def costly(test: Test) -> Test:
    """Run a property whose examples are large on fewer of them; `make test-properties` runs all."""
    return settings(max_examples=profile().costly, deadline=None, suppress_health_check=_ALLOWED)(test)


def stored(test: Test) -> Test:
    """Run a property on as many examples as its database takes; each test rolls back what its examples wrote."""
    allowed = [*_ALLOWED, HealthCheck.function_scoped_fixture]
    # tests/run.sh says so of the second database: the same property has had its examples on the first.
    share = 5 if os.environ.get("RUNBELL_TEST_SECOND_DATABASE") else 1
    return settings(max_examples=profile().stored // share, deadline=None, suppress_health_check=allowed)(test)
