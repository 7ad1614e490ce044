"""Name validators (slugs) and reserved names: what stands in addresses."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

# First parts of our own addresses: a team of that name could not be reached.
RESERVED = frozenset(
    [
        "admin",
        "api",
        "artifacts",
        "artifactsv2",
        "authorize",
        "automations",
        "executions",
        "favicon.ico",
        "files",
        "graphql",
        "healthz",
        "home",
        "invitation",
        "livez",
        "media",
        "metrics",
        "new",
        "notices",
        "orgs",
        "profile",
        "projects",
        "readyz",
        "registry",
        "robots.txt",
        "runs",
        "sdk",
        "search",
        "secrets",
        "settings",
        "sign-in",
        "sign-out",
        "static",
        "teams",
        "users",
        "webhooks",
    ]
)

slug = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?\Z",
    "%(value)r is no usable name: use 1 to 64 lower-case letters, digits, hyphens and underscores, "
    "starting and ending with a letter or digit.",
)
project_name = RegexValidator(
    r"^[A-Za-z0-9_](?:[\w .-]{0,126}[\w-])?\Z",
    "%(value)r is no usable name: use 1 to 128 letters, digits, spaces, dots, hyphens and underscores, "
    "not starting with a dot.",
)
run_id = RegexValidator(
    r"^[\w.-]{1,128}\Z",
    "%(value)r is no usable run id: use 1 to 128 letters, digits, dots, hyphens and underscores.",
)


def not_reserved(value: str) -> None:
    if value.lower() in RESERVED:
        raise ValidationError(f"{value!r} is a word of Runbell's own addresses; choose another name.")
