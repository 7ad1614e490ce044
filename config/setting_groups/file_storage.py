"""File storage settings, read from the environment: a folder, S3-compatible storage, or nowhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import env
from outbound.proxy.outgoing_proxy import OutgoingProxy

_NAME = "RUNBELL_ARTIFACT_FILES"
_S3 = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([\w./-]*))?")


def storage(
    data_folder: Path, *, ca_bundle: str = "", proxy: OutgoingProxy | None = None
) -> tuple[bool, dict[str, Any]]:
    """Give whether files are kept, and the storage of theirs, as Django's STORAGES has it.

    Where none are kept, the small manifests of artifacts still are: in the data folder.
    """
    value = env.text("RUNBELL_ARTIFACT_FILES", "local")
    # Also where no file goes there: what is wrong in them is wrong before somebody needs it.
    options = {**_s3_options(), "verify": ca_bundle or None}
    options["proxies"] = _proxies(options["endpoint_url"], proxy)
    place = _s3(value, options) if value.startswith("s3:") else _folder(data_folder / "artifacts")
    if value not in ("local", "off") and not value.startswith("s3:"):
        raise ImproperlyConfigured(f"{_NAME} must be local, off or s3://bucket/prefix, not {value!r}")
    return value != "off", place


def _folder(path: Path) -> dict[str, Any]:
    return {"BACKEND": "projects.file_storage.local_folder.FolderStorage", "OPTIONS": {"location": path}}


def _s3(value: str, options: dict[str, Any]) -> dict[str, Any]:
    found = _S3.fullmatch(value)
    if found is None or ".." in value:
        raise ImproperlyConfigured(f"{_NAME} must be like s3://bucket/prefix, not {value!r}")
    return {
        "BACKEND": "projects.file_storage.s3.BucketStorage",
        "OPTIONS": {"bucket_name": found[1], "location": (found[2] or "").strip("/"), **options},
    }


def _proxies(endpoint: str | None, proxy: OutgoingProxy | None) -> dict[str, str] | None:
    """Give what boto3 goes through: it is told the name, which the operator chose. Amazon's own stands outside."""
    host = urlsplit(endpoint or "").hostname or ""
    if proxy is None or proxy.passes_by(host):
        return None
    return dict.fromkeys(("http", "https"), proxy.url)


def _s3_options() -> dict[str, Any]:
    options = {
        "endpoint_url": env.url("RUNBELL_S3_ENDPOINT", "", schemes=("http", "https")) or None,
        "region_name": env.text("RUNBELL_S3_REGION", "") or None,
        # Empty: boto3's own ways, such as AWS_ACCESS_KEY_ID or the role of the machine.
        "access_key": env.text("RUNBELL_S3_ACCESS_KEY", "") or None,
        "secret_key": env.text("RUNBELL_S3_SECRET_KEY", "") or None,
        "addressing_style": env.choice("RUNBELL_S3_ADDRESSING", "auto", among=("auto", "path", "virtual")),
    }
    if bool(options["access_key"]) != bool(options["secret_key"]):
        raise ImproperlyConfigured(
            "RUNBELL_S3_ACCESS_KEY and RUNBELL_S3_SECRET_KEY belong together, and one alone is given. "
            "Give both or neither."
        )
    return options
