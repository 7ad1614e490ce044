"""How many values stand in JSON: counted on its bytes, before anything is built of it.

`{},` is three bytes to write and eighty to keep: what JSON comes to is seen by its values, not by its length.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from common.data.validation_errors import refuse_too_much

# Each value but the first stands behind one of these, or is the one of its key.
_OF_VALUES = "[{,"
_OF_CONTAINERS = "[{"
_PIECE = 2**16
_QUOTES_A_VALUE = 4  # of its key, and its own


def check_body(body: bytes) -> None:
    """Refuse a request's body that is too long, or holds too many values of any kind, with 413."""
    if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20
        refuse_too_much("body", f"It has more than {limit} MiB, the most that any body may have. Send less at once.")
    if holds_more(body, _OF_VALUES, settings.MOST_VALUES):
        most = f"{settings.MOST_VALUES} values (RUNBELL_MOST_VALUES)"
        refuse_too_much("body", f"It holds more than {most}, the most that a body may hold. Send less at once.")


def check_text(text: str | bytes, field: str) -> None:
    """Refuse JSON inside of a text that holds too many lists and objects, with 413.

    Numbers count for nothing: a run may log many, and they take little more room than they took in the text.
    """
    if has_too_many_containers(text):
        most = f"{settings.MOST_VALUES} lists and objects (RUNBELL_MOST_VALUES)"
        refuse_too_much(field, f"It holds more than {most}. Send less at once.")


def has_too_many_containers(text: str | bytes) -> bool:
    return holds_more(text, _OF_CONTAINERS, settings.MOST_VALUES)


def holds_more(text: str | bytes, marks: str, most: int) -> bool:
    """Say whether more than so many of these marks stand in JSON, those inside of its strings not counted."""
    if len(text) <= most:
        return False
    # Nearly always there are few of them even with those in strings, which is seen at once.
    counted = (text.count(mark) for mark in marks) if isinstance(text, str) else map(text.count, marks.encode())
    return sum(counted) > most and _holds_more_outside(text, marks, most)


def _holds_more_outside(text: str | bytes, marks: str, most: int) -> bool:
    """Count piece by piece, so that no text needs more room than it has."""
    found = quotes = 0
    for piece in _pieces(text):
        parts = piece.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        outside = b"".join(parts[quotes % 2 :: 2])
        quotes += len(parts) - 1
        found += sum(map(outside.count, marks.encode()))
        if found > most or quotes > _QUOTES_A_VALUE * (most + 1):
            return True
    return False


def _pieces(text: str | bytes) -> Iterator[bytes]:
    """Give the text piece by piece, none of which ends inside of an escape."""
    at = 0
    while at < len(text):
        end = at + _PIECE
        piece = _encoded(text[at:end])
        if (len(piece) - len(piece.rstrip(b"\\"))) % 2:
            # What the last backslash escapes belongs to it.
            piece += _encoded(text[end : end + 1])
            end += 1
        yield piece
        at = end


def _encoded(piece: str | bytes) -> bytes:
    # Halves of surrogate pairs are repaired only after they are read.
    return piece if isinstance(piece, bytes) else piece.encode("utf-8", "surrogatepass")
