"""Where a running script posts what it logs, each fifteen seconds or so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from rest_framework.exceptions import APIException, NotAuthenticated

from common.json import parsed, repaired
from common.turns import in_turn
from projects.access import run_to_post_to
from projects.chunks import Batch
from projects.posts import Post, take
from teams.models import User
from wandb_api import errors
from wandb_api.caller import caller

# Half of a surrogate pair, escaped once or twice: neither UTF-8 nor a database can hold it.
_MAY_HOLD_SURROGATES = re.compile(rb"\\u[dD][89a-fA-F]")
# Exit codes of other systems are larger than ours; what is no number is a failure.
_LARGEST_CODE = 2**31 - 1
_REFUSALS = (
    APIException, Http404, PermissionDenied, ValidationError, RequestDataTooBig, DataError, errors.BadRequest,
)  # fmt: skip


@csrf_exempt
@require_POST
def file_stream(request: HttpRequest, entity: str, project: str, run: str) -> HttpResponse:
    """Keep what was sent; say whether the script is to stop."""
    try:
        body = request.body
        with in_turn():
            user = caller(request).user
            if not isinstance(user, User):
                raise NotAuthenticated
            found = run_to_post_to(user, entity, project, run)
            kept = take(found, _read(body))
    except _REFUSALS as error:
        return errors.refusal(error)
    answer: dict[str, Any] = {"exitcode": None, "limits": {}}
    if kept.stop_requested_at is not None:
        answer["stopped"] = True
    return JsonResponse(answer)


def _read(body: bytes) -> Post:
    try:
        sent = parsed(body.decode() or "{}")
    except (ValueError, RecursionError):
        raise errors.BadRequest("The body is not JSON.") from None
    if not isinstance(sent, dict):
        raise errors.BadRequest('The body is no JSON object. Write it like {"files": {}}.')
    sent = repaired(sent) if _MAY_HOLD_SURROGATES.search(body) else sent
    files = sent.get("files")
    given = {_PARTS[name][0]: _PARTS[name][1](part) for name, part in _streams(files) if name in _PARTS}
    uploaded = [name for name in sent.get("uploaded") or () if isinstance(name, str)]
    return Post(**given, uploaded=uploaded, exit_code=_exit_code(sent))


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


def _batch(part: Mapping[str, Any]) -> Batch | None:
    lines = _texts(part)
    if not lines:
        return None
    together = f"[{','.join(lines)}]"
    try:
        rows = parsed(together)
    except (ValueError, RecursionError):
        rows = []
    if len(rows) == len(lines) and set(map(type, rows)) == {dict}:
        holds_halves = "\\ud" in together or "\\uD" in together
        return Batch(part["offset"], repaired(rows)) if holds_halves else Batch(part["offset"], rows, lines)
    # One is broken. It stays as an empty row: the next offset counts it.
    return Batch(part["offset"], [_row(line) for line in lines])


def _texts(part: Mapping[str, Any]) -> list[str]:
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
    return _row(part["content"][-1]) if part["content"] else None


def _output(part: Mapping[str, Any]) -> tuple[int, list[str]]:
    return part["offset"], _texts(part)


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
