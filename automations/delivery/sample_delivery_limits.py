"""Rate limits on test messages ("Send a test"), by person and by team: each sends something to somebody at once.

Nothing else bounds them: a delivery is bounded by its automation and its receiver, and a test has neither.
"""

from __future__ import annotations

from django.conf import settings

from common.http.too_many_requests import TooManyRequests
from common.rate_limits import shared_buckets
from common.rate_limits.token_bucket import Bucket
from teams.audit import actor
from teams.models import Team


def count(team: Team) -> None:
    """Count a test of whoever acts, for this team. Raises TooManyRequests, which every door answers with 429."""
    person = actor.current().person()
    buckets = [Bucket(f"test_team:{team.pk}", settings.RATE_LIMIT_TESTS_TEAM)]
    if person is not None:
        buckets.append(Bucket(f"test_person:{person.pk}", settings.RATE_LIMIT_TESTS_PERSON))
    wait = shared_buckets.take(buckets)
    if wait:
        raise TooManyRequests("You, or your team, send more tests than are taken.", wait)
