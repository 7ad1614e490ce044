"""Masking of what an error says, before it leaves for somebody else's server."""

from __future__ import annotations

import re

from django.conf import settings

from outbound.masking import MASK, masked_text

_LONGEST = 4000
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://[^\s'\"<>]+", re.IGNORECASE)
# As a header, a query or a dictionary says it: api_key=..., 'password': '...'.
_CREDENTIAL = re.compile(
    r"(?<![a-z])(bearer|basic|token|passw(?:or)?d|passphrase|secret|key|credentials?|cookie)"
    r"([\"']?\]?[=: ]+(?:b?[\"'])?)(?:(?<=[\"'])[^\"']+|[^\s,;'\"]+)",
    re.IGNORECASE,
)
# A key, a signed link, a digest: nobody's word is so long and has digits in it.
_LONG = re.compile(r"(?=[A-Za-z0-9_:+=.-]*[0-9])[A-Za-z0-9_:+=.-]{24,}")


def masked(text: str) -> str:
    """Give it without the settings' secrets, without where addresses lead, and without what looks like a key."""
    found = masked_text(text[:_LONGEST], settings.SECRET_VALUES)
    found = _URL.sub(_host_alone, found)
    found = _CREDENTIAL.sub(rf"\1\2{MASK}", found)
    return _LONG.sub(MASK, found)


def _host_alone(found: re.Match[str]) -> str:
    place = found[0].partition("://")[2]
    # Up to the last @: a password may hold a slash.
    host = place.rpartition("@")[2].partition("/")[0].partition("?")[0].partition("#")[0]
    return f"{found[1]}://{host}/{MASK}"
