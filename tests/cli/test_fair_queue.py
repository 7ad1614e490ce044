"""Who computes much lets the others by, and nobody who waits is forgotten."""

from __future__ import annotations

import pytest

from cli.web_server import fair_queue
from cli.web_server.fair_queue import FairQueue, Lane
from cli.web_server.request_lane import lane_of
from common.http.networks import parse_networks
from teams.accounts import person_hints

HOSTILE, HEALTHY = Lane("person 1", "graphql"), Lane("person 2", "api")
PEER = ("198.51.100.7", 1234)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still."""
    at = [1000.0]
    monkeypatch.setattr(fair_queue.time, "monotonic", lambda: at[0])
    return at


def queue_of(hostile: int, healthy: int = 0) -> FairQueue[str]:
    queue: FairQueue[str] = FairQueue(threads=8, most_waiting=100)
    for number in range(hostile):
        queue.put(HOSTILE, f"hostile {number}")
    for number in range(healthy):
        queue.put(HEALTHY, f"healthy {number}")
    return queue


def taken(queue: FairQueue[str]) -> list[str]:
    found = []
    while (job := queue.take()) is not None:
        found.append(job)
    return found


def test_a_client_that_is_alone_has_all_threads_in_the_order_in_which_it_asked(now: list[float]) -> None:
    assert taken(queue_of(9)) == [f"hostile {number}" for number in range(8)]


def test_while_others_ask_nobody_has_more_than_half_of_the_threads(now: list[float]) -> None:
    queue = queue_of(9, 1)
    assert sorted(taken(queue)) == ["healthy 0", *(f"hostile {number}" for number in range(4))]


def test_who_has_computed_much_comes_after_who_has_not_and_one_at_a_time(now: list[float]) -> None:
    queue = queue_of(20, 1)
    assert len(taken(queue)) == 5
    for lane in (HEALTHY, HOSTILE, HOSTILE, HOSTILE, HOSTILE):
        queue.done(lane, 0.5 if lane == HOSTILE else 0.001)
    for number in range(3):
        queue.put(HEALTHY, f"again {number}")
    # Three of the others compute: none of theirs is begun beside them.
    assert taken(queue) == ["again 0", "again 1", "again 2"]
    for _ in range(2):
        queue.done(HEALTHY, 0.001)
    assert taken(queue) == ["hostile 4"]
    queue.done(HEALTHY, 0.001)
    assert taken(queue) == []
    queue.done(HOSTILE, 0.1)
    assert taken(queue) == ["hostile 5"]


def test_what_was_used_is_forgotten_and_all_that_waits_is_taken_in_the_end(now: list[float]) -> None:
    queue = queue_of(30, 1)
    left, running = 31, list[Lane]()
    for _ in range(200):
        for job in taken(queue):
            left -= 1
            running.append(HEALTHY if job.startswith("healthy") else HOSTILE)
        while running:
            queue.done(running.pop(), 0.2)
        now[0] += 0.1
    assert left == 0


def test_more_than_may_wait_in_a_lane_is_refused_there_alone() -> None:
    queue = queue_of(100)
    assert [queue.put(HOSTILE, "one more"), queue.put(HEALTHY, "another's")] == [False, True]


def head(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode()


def test_a_key_or_a_cookie_that_was_somebodys_counts_for_them_and_any_other_for_its_address() -> None:
    person_hints.remember("Bearer the-key-of-7", 7)
    person_hints.remember("the-session-of-8", 8)
    assert lane_of(head("/api/v1/me", "authorization: Bearer the-key-of-7"), PEER) == ("person 7", "api")
    assert lane_of(head("/acme", "Cookie: a=b; sessionid=the-session-of-8"), PEER) == ("person 8", "page")
    assert lane_of(head("/graphql", "Authorization: Bearer made-up"), PEER) == ("address 198.51.100.7", "graphql")
    person_hints.forget("Bearer the-key-of-7")
    assert lane_of(head("/files/a", "Authorization: Bearer the-key-of-7"), PEER).client == "address 198.51.100.7"


@pytest.mark.parametrize("peer", ["", ("2001:db8:1:2:3::4", 1, 0, 0)])
def test_addresses_are_counted_as_rate_limits_count_them(peer: object) -> None:
    assert lane_of(head("/"), peer).client == ("address 2001:db8:1:2::/64" if peer else "address ")


def test_what_a_proxy_says_is_believed_of_trusted_ones_alone(settings: object) -> None:
    forwarded = head("/", "X-Forwarded-For: 203.0.113.5")
    assert lane_of(forwarded, PEER).client == "address 198.51.100.7"
    settings.TRUSTED_PROXIES = parse_networks(["198.51.100.0/24"])  # type: ignore[attr-defined]
    assert lane_of(forwarded, PEER).client == "address 203.0.113.5"
