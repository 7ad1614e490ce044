"""Masking (redaction) of secrets in what is stored of a request and its reply, in any encoding."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from outbound import secret_search

MASK = "********"
# Headers of ours that carry a credential, masked by position whatever they hold.
_CREDENTIALS = {"authorization"}
LONGEST_STORED = 16 * 1024
TOO_SHORT = f"(not kept: it may say back a secret of under {secret_search.SHORTEST} characters, which cannot be masked)"
NOT_TEXT = "(not kept: it is not plain text, so secrets in it could not be masked)"
_LONGEST_HEADER = 1100
# How much of an encoded piece, too small to be found, may stand where a text was cut.
_CUT = 100
# Headers of answers whose names tell nothing.
_EVERYDAY = {"content-type", "content-length", "date", "server", "connection", "retry-after", "location"}


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: _credential(value) if name.lower() in _CREDENTIALS else value for name, value in headers.items()}


def masked_text(text: str, secrets: Iterable[str]) -> str:
    """Give the text with every secret in it masked, also where a receiver says it back encoded or in part.

    A secret that is too short to be told from other text is not looked for: see `kept`.
    """
    spans = [
        span
        for secret in set(secrets)
        if secret_search.is_findable(secret)
        for span in secret_search.find(text, secret)
    ]
    done, at = [], 0
    for start, end in sorted(spans):
        if start >= at:
            done += [text[at:start], MASK]
        at = max(at, end)
    return "".join([*done, text[at:]])


def kept_words(text: str, secrets: Collection[str]) -> str:
    """Give a few words of a receiver without a secret in them; none of them where a secret is too short to be found."""
    return masked_text(text, secrets) if all(map(secret_search.is_findable, secrets)) else MASK


def kept_body(body: bytes, headers: Mapping[str, str], secrets: Collection[str]) -> str:
    """Give what is kept of an answer: readable text of bounded length without a secret in it, or why nothing is."""
    if not body:
        return ""
    if any(not secret_search.is_findable(secret) for secret in secrets):
        return TOO_SHORT
    if secrets and not _is_text(body, headers):
        return NOT_TEXT
    text = masked_text(_decoded(body[:LONGEST_STORED]), secrets)
    # Where it was cut, less than a piece of a secret may stand at the end.
    return text if len(body) <= LONGEST_STORED else text[:-_CUT] + "…"


def kept_headers(headers: Mapping[str, str], secrets: Collection[str]) -> dict[str, str]:
    """Give the headers of an answer without a secret in them."""
    if any(not secret_search.is_findable(secret) for secret in secrets):
        return dict.fromkeys(_without(headers, secrets), MASK)
    return {
        masked_text(name, secrets): masked_text(value[:_LONGEST_HEADER], secrets)[: _LONGEST_HEADER - _CUT]
        for name, value in headers.items()
    }


def masked_path(url: str) -> str:
    """Give where an address leads without what stands after the host: there it is a credential."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    return f"{scheme}://{host}/{MASK}"


def _credential(value: str) -> str:
    scheme, _, rest = value.partition(" ")
    return f"{scheme} {MASK}" if rest else MASK


def _is_text(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether it can be searched: compressed or of other bytes it may hold anything."""
    encodings = [value for name, value in headers.items() if name.lower() == "content-encoding"]
    if any(value.strip().lower() not in ("", "identity") for value in encodings) or b"\x00" in body:
        return False
    try:
        body.decode()
    except UnicodeDecodeError as error:
        # A character that was cut in two at the end is no reason.
        return error.start > len(body) - 4
    return True


def _decoded(body: bytes) -> str:
    return body.decode("utf-8", "replace").replace("\x00", "\ufffd")


def _without(names: Iterable[str], secrets: Collection[str]) -> list[str]:
    """Leave out names that hold a secret too short to be masked: everyday ones do by chance, and stay."""
    return [name for name in names if name.lower() in _EVERYDAY]
