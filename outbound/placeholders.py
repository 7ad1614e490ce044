"""`${NAME}` in an address or a header: where the value of a granted secret goes. Never a variable of an event.

The same spelling as in payloads (docs/templates.md): `$${` is the text `${`, any other dollar is a dollar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

_TOKEN = re.compile(r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|\$\{")
# In front of the path nothing is filled in: a secret cannot decide which host is called.
_AUTHORITY = re.compile(r"[^:/?#]*:?/*[^/?#]*")


def names_in(text: str) -> list[str]:
    """Give the names it mentions. ValueError for a `${` that names none."""
    names = []
    for token in _TOKEN.finditer(text):
        if token["name"]:
            names.append(token["name"])
        elif token[0] == "${":
            raise ValueError("${ must be followed by the name of a secret and }; write $${ for the text ${")
    return list(dict.fromkeys(names))


def filled(text: str, values: Mapping[str, str], encode: Callable[[str], str] = str) -> str:
    """Put the values in. KeyError for a name without one."""
    return _TOKEN.sub(lambda token: encode(values[token["name"]]) if token["name"] else "${", text)


def encoded(value: str) -> str:
    return quote(value, safe=":")


def filled_url(url: str, values: Mapping[str, str], encode: Callable[[str], str] = encoded) -> str:
    """Put the values into the path and the query, percent-encoded; the host stays as it is written."""
    authority = _AUTHORITY.match(url)
    end = authority.end() if authority else 0
    return url[:end] + filled(url[end:], values, encode)
