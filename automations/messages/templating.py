"""The payload template language: ${name} put into a JSON document, never changing its structure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from typing import Literal

from common.data.strict_json import repaired

MAX_BYTES = 1_000_000
MASK = "********"
METADATA = "artifact_metadata."

Code = Literal["bad_placeholder", "unknown_variable", "secret_not_granted", "invalid_json", "too_large"]
Names = Collection[str]


@lru_cache(maxsize=256)
def parse(text: str) -> PayloadTemplate:
    """Read the template once, from left to right, in linear time.

    Raises TemplateError for a bad placeholder, a broken escape, and NaN or Infinity as a value.
    """
    source = repaired(text)
    parts: list[_Part] = []
    start, quoted = 0, False
    for token in _TOKEN.finditer(source):
        at = token.start()
        match token.lastgroup:
            case "quote":
                quoted = not quoted
            case "literal":
                parts.append(_Part(start, source[start:at]))
                start = at + 1
            case "name":
                parts += [_Part(start, source[start:at]), _Part(at, "", token["name"], quoted)]
                start = token.end()
            case "opening":
                raise _error_at("bad_placeholder", source, at, _PLACEHOLDER % source[at : at + 20])
            case "constant" if not quoted:
                raise _error_at("invalid_json", source, at, f"expected null, not {token[0]}")
            case "backslash":
                # A value after a lone backslash would become part of the escape, and could end the string.
                raise _error_at("invalid_json", source, at, r"expected \" \\ \/ \b \f \n \r \t \u0000")
    return PayloadTemplate(source, (*parts, _Part(start, source[start:])))


@dataclass(frozen=True)
class PayloadTemplate:
    """A template that has been read: `check` it before saving, `render` it to send."""

    source: str
    parts: tuple[_Part, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The variables it mentions, in order, without repeats."""
        return tuple(dict.fromkeys(part.name for part in self.parts if part.name))

    def check(self, *, known: Names, secrets: Names, not_granted: Names = ()) -> None:
        """Refuse, with a TemplateError, what could not be sent; promise valid JSON whatever the values."""
        self._refuse_unusable(known, secrets, not_granted)
        # Blanks and nulls stand for every value: no text can end the string it stands in,
        # and null fits only where every value fits (not as a key, not next to a digit).
        blank: dict[str, object] = dict.fromkeys(self.names)
        self._require_json(self._limited(blank))

    def render(
        self, *, variables: Mapping[str, object], secrets: Mapping[str, str], not_granted: Names = ()
    ) -> RenderedPayload:
        """Fill the template, or raise TemplateError.

        A variable that is None, and a metadata key that is absent, is blank in a string and null bare.
        A variable wins over a secret of the same name.
        """
        self._refuse_unusable(variables, secrets, not_granted)
        filled = masked = self._limited({**secrets, **variables})
        if any(name in secrets and name not in variables for name in self.names):
            masked = list(self._pieces({**dict.fromkeys(secrets, MASK), **variables}))
        # The masked form, so that no secret gets into the parser or its errors. It differs from
        # the body only in the content of JSON strings, so both are valid or neither is.
        self._require_json(masked)
        return RenderedPayload("".join(filled).encode(), "".join(masked))

    def _refuse_unusable(self, known: Names, secrets: Names, not_granted: Names) -> None:
        usable = {*known, *secrets}
        refused = [name for name in self.names if name not in usable and not name.startswith(METADATA)]
        unknown = [name for name in refused if name not in not_granted]
        if unknown:
            raise self._refusal("unknown_variable", unknown, _remedy(unknown[0], usable))
        if refused:
            raise self._refusal("secret_not_granted", refused, "grant it to the webhook, or take it out")

    def _refusal(self, code: Code, names: list[str], remedy: str) -> TemplateError:
        at = next(part.at for part in self.parts if part.name == names[0])
        return _error_at(code, self.source, at, remedy, names[1:])

    def _limited(self, values: Mapping[str, object]) -> list[str]:
        """The filled template; stops when it is too large in UTF-8, before the rest is made."""
        pieces: list[str] = []
        size = 0
        for part, piece in zip(self.parts, self._pieces(values), strict=True):
            pieces.append(piece)
            size += len(piece) if piece.isascii() else len(piece.encode())
            if size > MAX_BYTES:
                raise _error_at("too_large", self.source, part.at, f"send at most {MAX_BYTES:,} bytes")
        return pieces

    def _pieces(self, values: Mapping[str, object]) -> Iterator[str]:
        for part in self.parts:
            try:
                piece = part.write(values)
            except (RecursionError, TypeError, ValueError):
                # Nested too deeply, a type JSON lacks, or an integer of over 4,300 digits.
                raise _error_at("invalid_json", self.source, part.at, "its value cannot be JSON") from None
            yield piece

    def _require_json(self, pieces: list[str]) -> None:
        try:
            # Numbers stay text: only their form matters, and int() refuses more than 4,300 digits.
            json.loads("".join(pieces), parse_int=str, parse_float=str)
            return
        except json.JSONDecodeError as error:
            at, expected = self._template_position(pieces, error.pos), _EXPECTED.get(error.msg, error.msg)
        except RecursionError:
            at, expected = 0, "fewer lists and objects inside each other"
        # Not in the `except`: its error holds the whole document, and would travel as the context of ours.
        raise _error_at("invalid_json", self.source, at, f"expected {expected}")

    def _template_position(self, pieces: list[str], position: int) -> int:
        """Where in the template a position of the filled document comes from."""
        for part, piece in zip(self.parts, pieces, strict=True):
            if position < len(piece):
                return part.at if part.name else part.at + position
            position -= len(piece)
        return len(self.source)


@dataclass(frozen=True)
class RenderedPayload:
    """`body` is what to send and holds secrets; `masked` is the only form that may be stored or shown."""

    body: bytes = field(repr=False)
    masked: str


class TemplateError(Exception):
    """The template cannot be used; the message says where and what to change, and holds no value."""

    def __init__(self, code: Code, message: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.names = names


@dataclass(frozen=True)
class _Part:
    """Fixed text, or, when it has a name, the place of a variable."""

    at: int
    text: str
    name: str = ""
    quoted: bool = False

    def write(self, values: Mapping[str, object]) -> str:
        if not self.name:
            return self.text
        value = values.get(self.name)
        return _json(_text(value))[1:-1] if self.quoted else _json(value)


# `opening` looks back because a match may start inside `$${`, when an error there is described.
_TOKEN = re.compile(
    r"""(?P<literal>\$\$\{)
    | (?P<opening>(?<!\$)\$\{)
      (?:(?P<name>[A-Za-z_][A-Za-z0-9_]*+|artifact_metadata\.[^{}"\\\x00-\x1f]++)\})?
    | (?P<quote>")
    | (?P<escape>\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt]))
    | (?P<backslash>\\)
    | (?P<constant>-?Infinity|NaN)""",
    re.VERBOSE,
)

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_PLACEHOLDER = "cannot read %r; write ${name} (letters, digits, _), ${artifact_metadata.key}, or $${ for a plain ${"

_EXPECTED = {
    "Expecting value": "a value",
    "Expecting ',' delimiter": "a comma or the closing bracket",
    "Expecting ':' delimiter": "a colon after the key",
    "Expecting property name enclosed in double quotes": "a key in double quotes",
    "Extra data": "the end of the document",
    "Unterminated string starting at": "a closing quote for the string that starts here",
    "Invalid control character at": r"\n or \t, as a string may not hold a line break or a tab",
    "Unexpected UTF-8 BOM (decode using utf-8-sig)": "no byte order mark",
}


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value) if isinstance(value, float) else _json(value)


def _json(value: object) -> str:
    return _ENCODER.encode(_plain(value))


def _plain(value: object) -> object:
    """Put null for the numbers and U+FFFD for the characters that JSON in UTF-8 cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return repaired(value)
    if isinstance(value, Mapping):
        return {repaired(_text(key)): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _error_at(code: Code, source: str, at: int, remedy: str, others: Names = ()) -> TemplateError:
    """Say what is wrong, where, with which variable if one stands there, and what to do."""
    token = _TOKEN.match(source, at)
    names = (token["name"], *others) if token and token["name"] else ()
    line, column = source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)
    where = ", ".join([f"line {line}, column {column}", *map(_written, names[:5])])
    problem = code.replace("_", " ").capitalize().replace("json", "JSON")
    return TemplateError(code, f"{problem} at {where}: {remedy}.", names)


def _remedy(name: str, existing: Names) -> str:
    # Only a prefix: SequenceMatcher is quadratic, and a name may be as long as the template.
    # No metadata keys: whoever logs an artifact chooses them.
    names = [known for known in existing if not known.startswith(METADATA)]
    likeness = {known: SequenceMatcher(None, name[:64].lower(), known.lower()).ratio() for known in names}
    ordered = sorted(likeness, key=lambda known: (-likeness[known], known))
    hint = f"did you mean {_written(ordered[0])}? " if ordered and likeness[ordered[0]] > 0.6 else ""
    return f"{hint}These exist: {', '.join([*ordered, f'{METADATA}<key>'])}"


def _written(name: str) -> str:
    return f"${{{name[:60]}{'...' if len(name) > 60 else ''}}}"
