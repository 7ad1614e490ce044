"""The JSON request parser: JSON as training scripts write it, with NaN."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from common.data.strict_json import NestedTooDeep, check_depth, repaired
from common.data.value_count import check_body

# Half of a surrogate pair: Python's json lets it through, and neither UTF-8 nor a database can hold it.
_MAY_HOLD_SURROGATES = re.compile(rb"\\u[dD][89a-fA-F]")


class LenientJSONParser(BaseParser):
    """JSON in which NaN, Infinity and -Infinity are numbers: Python's own json writes them so.

    Characters that no text can hold become U+FFFD: a run is worth more than one odd file name in it.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        check_body(body)
        found = _read(body)
        if not isinstance(found, dict):
            raise ParseError('The body is not a JSON object. Write it like {"name": "..."}.')
        return repaired(found) if _MAY_HOLD_SURROGATES.search(body) else found


def _read(body: bytes) -> Any:
    try:
        # Not json.loads(bytes): it guesses the encoding, and takes broken UTF-8.
        found = json.loads(body.decode("utf-8-sig"))
        check_depth(found, body)
        return found
    except (RecursionError, NestedTooDeep):
        raise ParseError("The body is nested too deeply. Use fewer lists and objects inside each other.") from None
    except UnicodeDecodeError:
        raise ParseError("The body is not UTF-8. Send JSON in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise ParseError(f"The body is not valid JSON: {error}. Check quotes and commas there.") from None
    except ValueError:
        # The one other: int() takes no more digits than these.
        raise ParseError("A number in the body has more than 4,300 digits. Send it as a text.") from None
