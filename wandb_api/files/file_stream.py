"""File stream: where a running script posts history, summary and output, each fifteen seconds or so."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from rest_framework.exceptions import APIException, NotAuthenticated

from common.data.strict_json import DEEPEST, NestedTooDeep, check_depth, parsed, repaired
from common.data.validation_errors import quoted
from common.data.value_count import check_body, check_text
from common.processes.fair_lock import in_turn
from projects.access import MOST_UNASKED, lock_run_to_log, run_named
from projects.history.row_batch import RowBatch
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from teams.accounts.key_scopes import KeyScope, require
from teams.models import Role, User
from wandb_api.graphql import errors
from wandb_api.graphql.caller import caller, shared_writer

# Half of a surrogate pair, escaped once or twice: neither UTF-8 nor a database can hold it.
_MAY_HOLD_SURROGATES = re.compile(rb"\\u[dD][89a-fA-F]")
# Exit codes of other systems are larger than ours; what is no number is a failure.
_LARGEST_CODE = 2**31 - 1
# zlib's word for a gzip with its header.
_GZIP = 16 + zlib.MAX_WBITS
_REFUSALS = (
    APIException, Http404, PermissionDenied, ValidationError, RequestDataTooBig, DataError, errors.BadRequest,
)  # fmt: skip


@csrf_exempt
@require_POST
def file_stream(request: HttpRequest, entity: str, project: str, run: str) -> HttpResponse:
    """Keep what was sent; say whether the script is to stop."""
    try:
        sent = request.body
        with in_turn():
            user = caller(request).user
            if not isinstance(user, User):
                raise NotAuthenticated
            require(user, KeyScope.LOG)
            encoding = request.headers.get("Content-Encoding", "")
            if len(sent) > MOST_UNASKED or encoding:
                # Strangers have nothing large read, nor unpacked, which may be a thousand times what they sent.
                run_named(user, entity, project, run, Role.MEMBER)
            body = _unpacked(sent, encoding)
            post = _read(body, shared_writer(request.headers))
            kept = ingest_file_stream(partial(lock_run_to_log, user, entity, project, run), post)
    except _REFUSALS as error:
        return errors.refusal(error)
    answer: dict[str, Any] = {"exitcode": None, "limits": {}}
    if kept.stop_requested_at is not None:
        answer["stopped"] = True
    return JsonResponse(answer)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Undo gzip (`x_file_stream_no_gzip=False`), up to as much as any body may be."""
    if encoding.lower() in ("", "identity"):
        return body
    if encoding.lower() != "gzip":
        raise errors.BadRequest(f"The body is encoded as {quoted(encoding)}. Send it plain, or as gzip.")
    unpacking = zlib.decompressobj(_GZIP)
    try:
        plain = unpacking.decompress(body, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except zlib.error:
        raise errors.BadRequest("The body is no gzip.") from None
    if unpacking.unconsumed_tail:
        raise RequestDataTooBig
    if not unpacking.eof:
        raise errors.BadRequest("The gzip breaks off. Send it again.")
    return plain


def _read(body: bytes, writer: str) -> FileStreamPost:
    check_body(body)
    try:
        sent = parsed(body.decode() or "{}")
        check_depth(sent, body)
    except NestedTooDeep as error:
        raise errors.BadRequest(f"The body: {error}") from None
    except (ValueError, RecursionError):
        raise errors.BadRequest("The body is not JSON.") from None
    if not isinstance(sent, dict):
        raise errors.BadRequest('The body is no JSON object. Write it like {"files": {}}.')
    sent = repaired(sent) if _MAY_HOLD_SURROGATES.search(body) else sent
    files = sent.get("files")
    given = {_PARTS[name][0]: _PARTS[name][1](part) for name, part in _streams(files) if name in _PARTS}
    return FileStreamPost(
        **given,
        uploaded=_uploaded(sent),
        preempting=sent.get("preempting") is True,
        exit_code=_exit_code(sent),
        writer=writer,
    )


def _uploaded(sent: Mapping[str, Any]) -> list[str]:
    names = sent.get("uploaded") or []
    if not isinstance(names, list):
        raise errors.BadRequest(f"uploaded: {quoted(names)} is no list of names.")
    return [name for name in names if isinstance(name, str)]


def _streams(files: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """Give those of the files that say lines from an offset on."""
    found = files.items() if isinstance(files, dict) else ()
    return [
        (name, part)
        for name, part in found
        if isinstance(part, dict) and isinstance(part.get("content"), list) and _is_line_number(part.get("offset"))
    ]


def _is_line_number(offset: object) -> bool:
    return type(offset) is int and 0 <= offset < 2**62


def _batch(part: Mapping[str, Any]) -> RowBatch | None:
    lines = _posted_lines(part)
    if not lines:
        return None
    together = f"[{','.join(lines)}]"
    check_text(together, "content")
    try:
        rows = parsed(together)
    except (ValueError, RecursionError):
        rows = []
    _check_rows(together, lines)
    if len(rows) == len(lines) and set(map(type, rows)) == {dict}:
        holds_halves = "\\ud" in together or "\\uD" in together
        return RowBatch(part["offset"], repaired(rows)) if holds_halves else RowBatch(part["offset"], rows, lines)
    # One is broken. It stays as an empty row: the next offset counts it.
    return RowBatch(part["offset"], [_row(line) for line in lines])


def _check_rows(together: str, lines: Sequence[str]) -> None:
    """Refuse a row that is nested too deeply. Nearly always none is nested at all."""
    if together.count("{") == len(lines) and together.count("[") == 1:
        return
    for place, line in enumerate(lines):
        if line.count("{") + line.count("[") > DEEPEST:
            _checked(line, f"row {place}")


def _checked(line: str, place: str) -> Any:
    """Read JSON in a text. Refuses what is nested too deeply, and raises ValueError for what is no JSON."""
    check_text(line, place)
    try:
        found = parsed(line)
        check_depth(found, line)
    except (NestedTooDeep, RecursionError):
        raise errors.BadRequest(f"{place}: {NestedTooDeep()}") from None
    except ValueError:
        return None
    return found


def _posted_lines(part: Mapping[str, Any]) -> list[str]:
    lines: list[Any] = part["content"]
    if set(map(type, lines)) <= {str}:  # nearly always, and there may be thousands
        return lines
    return [line if isinstance(line, str) else json.dumps(line) for line in lines]


def _row(line: str) -> dict[str, Any]:
    try:
        row = parsed(line)
    except (ValueError, RecursionError):
        return {}
    return repaired(row) if isinstance(row, dict) else {}


def _summary(part: Mapping[str, Any]) -> dict[str, Any] | None:
    """Each line is the whole of it: the last one counts."""
    if not part["content"]:
        return None
    line, place = part["content"][-1], f"files.wandb-summary.json.content.{len(part['content']) - 1}"
    found = _checked(line, place) if isinstance(line, str) else None
    if not isinstance(found, dict):
        raise errors.BadRequest(f'{place}: {quoted(line)} is no JSON object in a text, such as "{{\\"loss\\": 1}}".')
    return cast(dict[str, Any], repaired(found))


def _output(part: Mapping[str, Any]) -> tuple[int, list[str]]:
    return part["offset"], _posted_lines(part)


def _exit_code(sent: Mapping[str, Any]) -> int | None:
    if not sent.get("complete") and sent.get("exitcode") is None:
        return None
    code = sent.get("exitcode") or 0
    return max(-_LARGEST_CODE, min(code, _LARGEST_CODE)) if isinstance(code, int) else 1


_PARTS: dict[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {
    "wandb-history.jsonl": ("history", _batch),
    "wandb-events.jsonl": ("system", _batch),
    "wandb-summary.json": ("summary", _summary),
    "output.log": ("output", _output),
}
