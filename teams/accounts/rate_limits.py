"""Rate limits by address, API key and person, at every door: pages, REST, GraphQL and the file stream.

The address and the key, as it was sent, are counted before anything is read of the database: whoever sends too much
costs as little as can be. Who stands behind a key or a session is known later, and counted then; of a key that came
before it is remembered, so that nearly all requests look into the shared buckets once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import AuthenticationFailed

from common.http.too_many_requests import TooManyRequests, too_many_requests
from common.rate_limits import shared_buckets
from common.rate_limits.token_bucket import Bucket
from teams.accounts import person_hints
from teams.accounts.key_header import key_in_header
from teams.audit import actor
from teams.models import User

Handler = Callable[[HttpRequest], HttpResponse]
# A network hands its people that much of IPv6: each of them has more addresses than could be counted.
_IPV6_PREFIX = 64
# Who was counted in this request, and by which header or cookie it came.
_counted: ContextVar[int | None] = ContextVar("counted_person", default=None)
_credentials: ContextVar[str] = ContextVar("credentials_in_request", default="")


class RateLimited:
    """Answers 429 to whoever sends too much. Stands inside of `Audited`, which finds the address."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            _take(_buckets_of_request(request))
        except TooManyRequests as error:
            return _refused(error)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and isinstance(request.user, User):
            try:
                count_person(request.user)
            except TooManyRequests as error:
                return _refused(error)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Make the answer of what any door raised."""
        return _refused(error) if isinstance(error, TooManyRequests) else None


def count_person(user: User) -> None:
    """Count a request of this person, by whatever key or browser. Raises TooManyRequests."""
    if _counted.get() == user.pk:
        return
    _counted.set(user.pk)
    person_hints.remember(_credentials.get(), user.pk)
    _take([_of_person(user.pk)])


def count_wrong_key() -> None:
    """Count a key that nobody has: whoever guesses them is told to wait, and right ones from there still pass."""
    person_hints.forget(_credentials.get())
    address = actor.current().address
    if address is not None:
        _take([Bucket(f"wrong_key:{network_of(address)}", settings.RATE_LIMIT_WRONG_KEYS)])


def count_passkey_challenge() -> None:
    """Count who asks for a passkey's challenge without being anybody: each one is kept in a session of its own."""
    address = actor.current().address
    if address is not None:
        _take([Bucket(f"passkey:{network_of(address)}", settings.RATE_LIMIT_WRONG_KEYS)])


def network_of(address: str) -> str:
    """Give what is counted as one address."""
    found = ip_address(address)
    return str(found) if found.version == 4 else str(ip_network((found, _IPV6_PREFIX), strict=False))


def _refused(error: TooManyRequests) -> HttpResponse:
    return too_many_requests(error, actor.current().door)


def _buckets_of_request(request: HttpRequest) -> list[Bucket]:
    address, plain = actor.current().address, _key_of(request)
    # Not the key itself: what is kept of it shall be of no use to anybody.
    digest = sha256(plain.encode("utf-8", "replace")).hexdigest() if plain else ""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    _credentials.set(header or request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
    person = person_hints.person_of(_credentials.get())
    _counted.set(person)
    buckets = [Bucket(f"address:{network_of(address)}", settings.RATE_LIMIT_ADDRESS)] if address else []
    if digest:
        buckets.append(Bucket(f"key:{digest}", settings.RATE_LIMIT_KEY))
    if person is not None:
        buckets.append(_of_person(person))
    return buckets


def _of_person(pk: int) -> Bucket:
    return Bucket(f"person:{pk}", settings.RATE_LIMIT_PERSON)


def _key_of(request: HttpRequest) -> str | None:
    try:
        return key_in_header(request.META.get("HTTP_AUTHORIZATION", ""))
    except AuthenticationFailed:
        return None


def _take(buckets: list[Bucket]) -> None:
    wait = shared_buckets.take(buckets)
    if wait:
        raise TooManyRequests("This address, API key or person sends more requests than are taken.", wait)
