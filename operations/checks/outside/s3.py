"""S3 storage: whether the bucket of artifact files can be reached, written and read."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils.translation import gettext_lazy as _

from operations.checks.operator_check import Finding, Level, registry
from operations.checks.outside_service import OutsideService, operators_client
from outbound.addresses import Refused
from outbound.client import Request, Unreachable

# boto3 itself would try for minutes.
_SECONDS = 5.0


@registry.register
class BucketWorks(OutsideService):
    """Whether files can be stored in the bucket that RUNBELL_ARTIFACT_FILES names, and read and deleted again."""

    key, label = "s3", _("S3 storage")
    setting = "RUNBELL_ARTIFACT_FILES"
    remedy = "Mend RUNBELL_S3_ENDPOINT, the keys or the bucket's policy: it must allow to put, get and delete objects."

    def is_set(self) -> bool:
        return bool(settings.FILES_ELSEWHERE)

    def findings(self) -> Iterable[Finding]:
        if not self.is_set():
            return [Finding(Level.OK, "Files are kept in the data folder, or nowhere.")]
        if failure := self.failure():
            return [Finding(Level.PROBLEM, failure, self.remedy)]
        storage: Any = storages["files"]
        name, there = f"doctor/{secrets.token_hex(8)}", b"runbell doctor"
        for step, work in {
            "written": lambda: storage.save(name, ContentFile(there)),
            "read": lambda: b"".join(storage.pieces(name, 0, len(there))),
            "deleted": lambda: storage.delete(name),
        }.items():
            if failure := storage.failure_of(work):
                return [Finding(Level.PROBLEM, f"An object cannot be {step}: {failure}", self.remedy)]
        return [Finding(Level.OK, "An object was written, read and deleted.")]

    def failure(self) -> str:
        """Say why the endpoint gives no answer of any kind. Without one it is Amazon's."""
        if not settings.S3_ENDPOINT:
            return ""
        try:
            operators_client().send(Request("GET", settings.S3_ENDPOINT, {}, b""), deadline_seconds=_SECONDS)
        except (Refused, Unreachable) as error:
            return f"RUNBELL_S3_ENDPOINT cannot be reached now ({error})."
        return ""
