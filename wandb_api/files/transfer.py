"""File upload and download. Two of the addresses take no key: the signed link is what counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import quote

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.exceptions import APIException, NotAuthenticated

from artifacts.manifests.parsing import served_manifest
from common.data.file_names import safe_file_name
from projects.file_storage import services, signed_links
from projects.file_storage.incoming_file import FileTooLarge
from projects.models import Project, RunFile, StoredFile
from teams.models import Team, User
from wandb_api.graphql import errors
from wandb_api.graphql.caller import caller
from wandb_api.lookup.versions import content_by_md5, may_fetch

Answer = TypeVar("Answer", bound=HttpResponseBase)
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
_ENDED = "Whoever this link was made for is no longer on the team, or their API key is gone. Ask for another."
NOTHING = "This Runbell does not keep the contents of this file (RUNBELL_ARTIFACT_FILES=off when it was logged)"


@csrf_exempt
@require_http_methods(["PUT"])
def send(request: HttpRequest, token: str) -> HttpResponse:
    """Take a file. A repeat is harmless."""
    try:
        place = signed_links.upload_place(token)
        _keep(request, place, length=_length(request))
    except signed_links.LinkRefused as error:
        return _refused(403, str(error))
    except FileTooLarge as error:
        return _refused(413, str(error))
    except ValidationError as error:
        return errors.refusal(error)
    except UnreadablePostError:
        return _refused(400, "The file broke off. Send it again.")
    # Of a part the SDK reads its ETag, and says it when all have come.
    return HttpResponse(status=200, headers={"ETag": f'"{place.md5}"'} if place.md5 else None)


@require_safe
def fetch(request: HttpRequest, token: str, name: str) -> HttpResponse | StreamingHttpResponse:
    """Give a file, or a part of it."""
    try:
        stored = signed_links.stored_file_of(token)
        if stored is not None and not may_fetch(signed_links.download_holder(token), stored):
            raise signed_links.LinkRefused(_ENDED)
    except signed_links.LinkRefused as error:
        return _refused(403, str(error))
    renamed = served_manifest(stored) if stored is not None else None
    return _to_save(HttpResponse(renamed), name) if renamed is not None else _answer(request, stored, name)


@require_safe
def fetch_of_collection(
    request: HttpRequest, entity: str, project: str, collection: str, md5: str, name: str, **rest: str
) -> HttpResponse | StreamingHttpResponse:
    """Give a file to whoever may see the collection: the SDK asks so where it has no link."""
    try:
        user = caller(request).user
        if not isinstance(user, User):
            raise NotAuthenticated
        stored = content_by_md5(user, entity, project, collection, md5)
    except (APIException, Http404, PermissionDenied) as error:
        return errors.refusal(error)
    return _answer(request, stored, name)


def _keep(request: HttpRequest, place: signed_links.UploadPlace, *, length: int) -> None:
    services.require_size(length * place.parts)
    if place.run_file is None:
        team = Team.objects.filter(pk=place.team).first()
        if team is None:
            raise signed_links.LinkRefused("The team of this link is gone.")
        if place.project is not None and not Project.objects.filter(pk=place.project).exists():
            raise signed_links.LinkRefused("The project of this link is gone.")
        _require_holder(place)
        services.store_file(team, request, length=length, md5=place.md5)
        return
    file = RunFile.objects.select_related("run__project__team").filter(pk=place.run_file).first()
    if file is None or file.run.is_hidden:
        raise signed_links.LinkRefused("The run of this link is gone.")
    _require_holder(place)
    services.store_run_file(file, request, length=length)


def _require_holder(place: signed_links.UploadPlace) -> None:
    if not place.holder.may_send(place.team):
        raise signed_links.LinkRefused(_ENDED)


def _length(request: HttpRequest) -> int:
    """Say how much will come: without it a file that broke off could not be told from a whole one."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        raise ValidationError({"content": "Say with Content-Length how many bytes come; chunked bodies are not taken."})
    return int(said) if said.isascii() and said.isdigit() else 0


def _answer(request: HttpRequest, stored: StoredFile | None, name: str) -> HttpResponse | StreamingHttpResponse:
    if stored is None:
        return _refused(404, NOTHING)
    first, last, status = 0, stored.size - 1, 200
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked and int(asked[1]) < stored.size:
        first, last, status = int(asked[1]), min(int(asked[2] or last), last), 206
    length = max(0, last - first + 1)
    sent: Iterator[bytes] = iter(()) if request.method == "HEAD" else services.file_pieces(stored, first, length)
    response = StreamingHttpResponse(sent, status=status)
    headers: dict[str, Any] = {"Content-Length": length, "Accept-Ranges": "bytes", "ETag": f'"{stored.md5}"'}
    if status == 206:
        headers["Content-Range"] = f"bytes {first}-{last}/{stored.size}"
    for header, value in headers.items():
        response[header] = value
    return _to_save(response, name)


def _to_save(response: Answer, name: str) -> Answer:
    """Mark anybody's file on our own address: never shown, never run."""
    response["Content-Type"] = "application/octet-stream"
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(_saved_as(name), safe='')}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # Kept by whoever fetched it, and asked for anew by its ETag.
    response["Cache-Control"] = "private, no-cache"
    return response


def _saved_as(name: str) -> str:
    """Give what a browser may call it in the folder of downloads: anybody can write a link to us with another name."""
    return safe_file_name(safe_file_name(name).rpartition("/")[2])


def _refused(status: int, message: str) -> HttpResponse:
    """Say it in the reason too: that is what `requests` shows of a refusal."""
    answer = JsonResponse({"errors": [{"message": message}]}, status=status)
    answer.reason_phrase = message
    return answer
