"""Settings of monitoring, read from the environment: metrics, the dead man's switch, and the operator's alarms."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

from config import env

_SHORTEST_TOKEN = 16


@dataclass(frozen=True)
class Bind:
    """Where to listen; an IPv6 host stands without brackets."""

    host: str
    port: int


def metrics(main_port: int) -> tuple[Bind | None, str]:
    """Give the bind of their own that metrics have, if any, and the token that opens them to whoever is not near."""
    bind = env.parsed("RUNBELL_METRICS_BIND", "", _parse_bind)
    if bind is not None and bind.port == main_port:
        raise ImproperlyConfigured(f"RUNBELL_METRICS_BIND must have another port than PORT, not {main_port} too")
    token = env.text("RUNBELL_METRICS_TOKEN", "")
    if token and len(token) < _SHORTEST_TOKEN:
        # The value is not repeated: it is a secret.
        raise ImproperlyConfigured(f"RUNBELL_METRICS_TOKEN must have at least {_SHORTEST_TOKEN} characters")
    return bind, token


def parse_addresses(texts: list[str]) -> tuple[str, ...]:
    for text in texts:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
            raise ValueError(f"{text!r} is no e-mail address; write it like ops@example.com, with commas between")
    return tuple(texts)


def _parse_bind(texts: list[str]) -> Bind | None:
    text = ",".join(texts)
    if not text:
        return None
    found = re.fullmatch(r"(?:(\[[0-9a-fA-F:.]+\]|[\w.-]+):)?([0-9]{1,5})", text)
    if found is None or not 1 <= int(found[2]) <= 65535:
        raise ValueError(f"{text!r} is no address to listen at; write it like 127.0.0.1:9464")
    return Bind((found[1] or "127.0.0.1").strip("[]"), int(found[2]))
