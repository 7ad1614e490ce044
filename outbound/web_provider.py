"""Providers over HTTP: send through the client, and record request, reply and outcome."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from django.conf import settings

from outbound.addresses import Policy, Refused
from outbound.client import Client, Reply, Request, Unreachable
from outbound.masking import kept_body, kept_headers, masked_headers, masked_text
from outbound.provider import Delivery, Outcome, Provider, Receiver, Record


@cache
def client() -> Client:
    """The process's one client. Made at first use, so after the fork."""
    return client_under(policy())


def client_under(policy: Policy) -> Client:
    """A client with the operator's proxy and authorities, if any. Threads may share it; made after the fork."""
    return Client(
        policy,
        version=settings.VERSION,
        certificates=settings.CA_BUNDLE or None,
        proxy=settings.OUTGOING_PROXY,
    )


def policy() -> Policy:
    """What this installation may call."""
    return Policy(allowed_private=settings.ALLOWED_PRIVATE_NETWORKS)


def deadline_seconds(receiver: Receiver) -> int:
    """How long a delivery to it may take, from the name to the last byte."""
    return receiver.timeout_seconds or int(settings.DELIVERY_DEADLINE_SECONDS)


class WebProvider(Provider):
    """Builds one HTTP request and reads its reply. Both are pure."""

    @classmethod
    def request(cls, receiver: Receiver, delivery: Delivery) -> Request:
        raise NotImplementedError

    @classmethod
    def outcome(cls, reply: Reply) -> Outcome:
        raise NotImplementedError

    @classmethod
    def send(cls, receiver: Receiver, delivery: Delivery) -> Record:
        request = cls.request(receiver, delivery)
        sent = stored_request(request, delivery.masked)
        started = time.monotonic()
        try:
            reply = client().send(request, deadline_seconds=deadline_seconds(receiver))
        except (Refused, Unreachable) as error:
            return Record(sent, None, unsent(error), time.monotonic() - started)
        secrets, outcome = delivery.secrets.values(), cls.outcome(reply)
        # It may quote the answer.
        outcome = replace(outcome, detail=masked_text(outcome.detail, secrets))
        return Record(sent, stored_reply(reply, secrets), outcome, time.monotonic() - started)


def unsent(error: Refused | Unreachable) -> Outcome:
    """Give the outcome where no answer came: a refused address stays refused, a silent one may come back."""
    return Outcome(False, str(error), retry=isinstance(error, Unreachable))


def stored_request(request: Request, masked_body: str) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url if request.shown_url is None else request.shown_url,
        "headers": masked_headers(request.headers if request.shown_headers is None else request.shown_headers),
        "body": masked_body,
    }


def stored_reply(reply: Reply, secrets: Iterable[str]) -> dict[str, Any]:
    hidden = set(secrets)
    return {
        "status": reply.status,
        "headers": kept_headers(reply.headers, hidden),
        "body": kept_body(reply.body, reply.headers, hidden),
    }
