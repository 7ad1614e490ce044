"""Settings that follow from RUNBELL_URL: the path prefix, and cookies of this Runbell alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit


def of(address: str) -> dict[str, Any]:
    """Give Django's settings, and ours: everything stands under the path of the address."""
    prefix = urlsplit(address).path.rstrip("/")
    return {
        "URL_PREFIX": prefix,
        "FORCE_SCRIPT_NAME": prefix or None,
        "STATIC_URL": f"{prefix}/static/",
        "CSRF_TRUSTED_ORIGINS": [address.removesuffix(prefix)],
        **_cookies(prefix, is_public=address.startswith("https://")),
    }


def _cookies(prefix: str, *, is_public: bool) -> dict[str, Any]:
    if not prefix and not is_public:
        return {}
    # Over https a browser takes these names from this very host alone: no neighbour under the same domain can set them.
    # `__Host-` is for the path / alone. Cookies of a Runbell at / of this host come here too: ours have other names.
    guard = "" if not is_public else "__Secure-" if prefix else "__Host-"
    name, path = prefix.replace("/", "-"), prefix or "/"
    return {
        "SESSION_COOKIE_NAME": f"{guard}sessionid{name}",
        "CSRF_COOKIE_NAME": f"{guard}csrftoken{name}",
        "SESSION_COOKIE_PATH": path,
        "CSRF_COOKIE_PATH": path,
    }
