"""The keys in a backup: on wish alone, for whoever has them and the database has every secret."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from operations.backup.archive import ArchiveReader, ArchiveWriter

_SECRET_KEY, _FERNET_KEYS = "keys/secret.key", "keys/fernet.keys"


def add_keys(archive: ArchiveWriter) -> None:
    archive.add_text(_SECRET_KEY, settings.SECRET_KEY)
    archive.add_text(_FERNET_KEYS, "\n".join(settings.FERNET_KEYS))


def put_back(archive: ArchiveReader) -> list[str]:
    """Write the keys of the backup to the data folder where others are in force, and say what that asks for."""
    said = []
    secret_key = b"".join(archive.pieces(_SECRET_KEY)).decode()
    fernet_keys = b"".join(archive.pieces(_FERNET_KEYS)).decode().splitlines()
    if secret_key != settings.SECRET_KEY:
        said.append(_write("RUNBELL_SECRET_KEY", settings.DATA_DIR / "secret.key", [secret_key]))
    if not {*fernet_keys} <= {*settings.FERNET_KEYS}:
        # A file of one key is read by itself.
        name = "fernet.key" if len(fernet_keys) == 1 else "fernet.keys"
        said.append(_write("RUNBELL_FERNET_KEYS", settings.DATA_DIR / name, fernet_keys))
    # What is decrypted from here on is of the backup.
    settings.FERNET_KEYS = [*fernet_keys, *(key for key in settings.FERNET_KEYS if key not in fernet_keys)]
    return said


def _write(setting: str, path: Path, keys: list[str]) -> str:
    if path.exists():
        path.rename(path.with_name(f"{path.name}.before-{timezone.now():%Y%m%dT%H%M%S}"))
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write("\n".join(keys) + "\n")
    is_given = os.environ.get(setting, "").strip() or os.environ.get(f"{setting}_FILE", "").strip()
    if is_given or path.name == "fernet.keys":
        return f"The keys of the backup stand in {path}. Give them to Runbell: {setting}_FILE={path}"
    return f"The key of the backup stands in {path}."
