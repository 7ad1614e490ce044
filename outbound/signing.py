"""HMAC signatures of requests (Standard Webhooks, X-Wandb-Signature): pure functions of secret and body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

_STANDARD_PREFIX = "whsec_"


def wandb_signature(secret: str, body: bytes) -> str:
    """Give W&B's `X-Wandb-Signature`: base64 of HMAC-SHA-256 over the raw body.

    Source: docs.wandb.ai, "Create a webhook automation".
    """
    return _hmac(secret.encode(), body)


def standard_signature(secret: str, *, delivery_id: str, timestamp: int, body: bytes) -> str:
    """Give `webhook-signature` of Standard Webhooks: `v1,` and base64 of HMAC-SHA-256 over id.timestamp.body.

    Source: github.com/standard-webhooks/standard-webhooks, "Symmetric signatures".
    """
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return "v1," + _hmac(_standard_key(secret), signed)


def standard_headers(secrets: Sequence[str], *, delivery_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Give the three headers of Standard Webhooks, with a signature of each secret that is good now.

    Without a secret only the two that name the delivery.
    """
    headers = {"webhook-id": delivery_id, "webhook-timestamp": str(timestamp)}
    signed = [standard_signature(one, delivery_id=delivery_id, timestamp=timestamp, body=body) for one in secrets]
    return {**headers, "webhook-signature": " ".join(signed)} if signed else headers


def held(headers: Mapping[str, str], body: bytes, secret: str) -> dict[str, bool]:
    """Tell for each signature of a request that came in whether it is right, by its header. For receivers."""
    lower = {name.lower(): value for name, value in headers.items()}
    delivery_id, timestamp = lower.get("webhook-id", ""), lower.get("webhook-timestamp", "")
    found: dict[str, bool] = {}
    if "webhook-signature" in lower:
        seconds = int(timestamp) if timestamp.isascii() and timestamp.isdigit() else None
        standard = seconds is not None and standard_signature(
            secret, delivery_id=delivery_id, timestamp=seconds, body=body
        )
        # Several while a secret changes, with spaces between: one that holds is enough.
        given = lower["webhook-signature"].split()
        found["webhook-signature"] = bool(standard) and any(_same(str(standard), one) for one in given)
    if "x-wandb-signature" in lower:
        found["x-wandb-signature"] = _same(wandb_signature(secret, body), lower["x-wandb-signature"])
    return found


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether both signatures of a request that came in are right. For receivers."""
    found = held(headers, body, secret)
    return len(found) == 2 and all(found.values())


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "surrogateescape"))


def _standard_key(secret: str) -> bytes:
    """Give the key's bytes: a `whsec_` secret is base64, as the specification has it; any other is its text."""
    if secret.startswith(_STANDARD_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_STANDARD_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def _hmac(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
