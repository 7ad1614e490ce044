"""Own addresses: absolute URLs, and the path prefix of RUNBELL_URL (https://h/runbell), under which everything stands.

The database keeps paths without the prefix, so that another one may be chosen later. A thread of our own knows nothing
of Django's script prefix, so what `reverse` gives there lacks it: each of these takes a path with and without it.
"""

from __future__ import annotations

from django.conf import settings


def absolute(path: str) -> str:
    """Give the whole URL of a path of ours, as people and scripts use it."""
    return f"{settings.RUNBELL_URL}{without_prefix(path)}"


def with_prefix(path: str) -> str:
    """Give the path as browsers ask for it. What is no path of this host stays as it is."""
    is_path = path.startswith("/") and not path.startswith("//")
    return f"{settings.URL_PREFIX}{path}" if is_path and not _has_prefix(path) else path


def without_prefix(path: str) -> str:
    """Give the path as routes have it, and the database keeps it."""
    if not _has_prefix(path):
        return path
    inner = path[len(settings.URL_PREFIX) :]
    return inner if inner.startswith("/") else f"/{inner}"


def _has_prefix(path: str) -> bool:
    prefix: str = settings.URL_PREFIX
    return bool(prefix) and path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/", "?", "#")
