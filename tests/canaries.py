"""Secrets of every shape, and the ways to write them that receivers have."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

_PEM = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(
    base64.b64encode(bytes(range(n, n + 48))).decode() for n in range(40, 52)
)

CANARIES: dict[str, str] = {
    "PLAIN": "ghp_Zq8vR2canary01Xw",
    "QUOTES": 'can"ary\'02`\\"end\\',
    "NEWLINES": "canary03\nline two\r\nline three\n",
    "UNICODE": "kanärie-04-ключ-鍵-🔑🐤",
    "PEM": f"{_PEM}\n-----END PRIVATE KEY-----\n",
    "DOCUMENT": json.dumps({"type": "canary05", "private_key_id": "0f5c", "nested": {"a": [1, "zwölf"]}}),
    "ONE": "ß",
    "TWO": "Ĳ¶",
    "SPACES": " \t  ",
    "SPACED": "  canary 06 with spaces  ",
    "LONG": "canary07-" + "".join(chr(33 + n * 7919 % 90) for n in range(47_000)),
    "PERCENT": "canary08%41%2F&amp;=+?#",
    "HTML": "<script>canary09</script>&lt;",
    "BASE64": base64.b64encode(b"canary10 of random bytes \xff\xfe").decode(),
    "HEX": "ca4a2711deadbeef0badf00d5ca1ab1e",
    "DIGITS": "31415926535897932384",
    "TEMPLATE": "${canary12} {{ canary }} %(x)s",
    "CONTROL": "canary13\x01\x1b[31m\x7f",
    "URL": "https://user:canary14@hooks.example.test/T0/B0/canary14",
    "SHORTISH": "canry15",
}


def _every_u(text: str) -> str:
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04X}" for at in range(0, len(units), 2))


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "JSON, each character escaped": _every_u,
    "JSON, each escaped in lower case": lambda text: _every_u(text).lower(),
    "percent": lambda text: quote(text, safe=""),
    "percent in lower case": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "percent in part": lambda text: quote(text, safe="/:@-._~!$&'()*+,;="),
    "form": quote_plus,
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "HTML, numbers": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(one):x};" for one in text),
    "hexadecimal": lambda text: text.encode().hex(),
    "HEXADECIMAL": lambda text: text.encode().hex().upper(),
    "hexadecimal with colons": lambda text: text.encode().hex(":"),
    "hexadecimal in a dump": lambda text: text.encode().hex(" ", 2),
    "bytes of C": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "bytes of Python": lambda text: (
        "".join(f"\\x{byte:02x}" for byte in text.encode()) if text.isascii() else repr(text)
    ),
    "list of numbers": lambda text: str(list(text.encode())),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 without padding": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 after one byte": lambda text: base64.b64encode(b"x" + text.encode()).decode(),
    "base64 after two bytes": lambda text: base64.b64encode(b"xy" + text.encode()).decode(),
    "base64 of Basic": lambda text: base64.b64encode(b"api:" + text.encode() + b"\n").decode(),
    "base64 wrapped": lambda text: base64.encodebytes(text.encode()).decode(),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "base64 in a URL": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    "upper case": str.upper,
    "lower case": str.lower,
    "reversed": lambda text: text[::-1],
    "without spaces": lambda text: "".join(text.split()),
    "wrapped": lambda text: "\n".join(text[at : at + 20] for at in range(0, len(text), 20)),
    "its first part": lambda text: text[: max(len(text) * 3 // 4, 1)],
}
