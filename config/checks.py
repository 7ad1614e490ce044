"""Settings that are each right and together wrong."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


@register
def redis_without_shared_database(**_: Any) -> list[CheckMessage]:
    if settings.REDIS_URL and settings.IS_SQLITE:
        return [
            Warning(
                "REDIS_URL is set while the database is SQLite: this works on one host only.",
                hint="Set DATABASE_URL to a PostgreSQL database to share the work between hosts.",
                id="config.W001",
            )
        ]
    return []
