"""Name validators (slugs) and reserved names: what stands in addresses."""

from __future__ import annotations

import re

from django.conf import settings
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
# As wide as the wandb SDK has them, but for what no address, header or line of a log can hold.
# Nor what turns the direction of a line: a name that is read backwards is another's.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST = 128
_NOT_IN_PROJECTS = "/\\#?%:"
# The SDK takes a percent sign in an id and then posts the rows to no address, or to that of another run.
_NOT_IN_RUN_IDS = "/:;,#?'%"


def project_name(value: str) -> None:
    """Take the name of a project as the SDK does; not '.' and '..', which are no part of an address."""
    if not value or value in (".", "..") or _cannot_be(value, _NOT_IN_PROJECTS):
        raise ValidationError(
            f"{value!r} is no usable name: use 1 to {_LONGEST} characters, without line breaks and "
            f"{' '.join(_NOT_IN_PROJECTS)}, and not a dot or two alone."
        )


def run_id(value: str) -> None:
    """Take the id of a run as the SDK does; not '.' and '..', which are no part of an address."""
    if not value or value != value.strip() or value in (".", "..") or _cannot_be(value, _NOT_IN_RUN_IDS):
        raise ValidationError(
            f"{value!r} is no usable run id: use 1 to {_LONGEST} characters, without line breaks and "
            f"{' '.join(_NOT_IN_RUN_IDS)}, spaces only between them, and not a dot or two alone."
        )


def _cannot_be(value: str, excluded: str) -> bool:
    return len(value) > _LONGEST or bool(_UNPRINTABLE.search(value)) or any(one in excluded for one in value)


def not_reserved(value: str) -> None:
    # Behind a proxy that strips the prefix of RUNBELL_URL such a team's addresses would lose their first word too.
    if value.lower() in RESERVED or value in settings.URL_PREFIX.split("/")[1:2]:
        raise ValidationError(f"{value!r} is a word of Runbell's own addresses; choose another name.")
