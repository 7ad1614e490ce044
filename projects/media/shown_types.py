"""Which files of scripts a browser may show, by how they begin: never by what their name says."""

from __future__ import annotations

# Pixels and sound only. SVG is a document that may hold scripts, and is saved like all else.
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
BEGINNING = 16


def shown_type(beginning: bytes) -> str:
    """Give the content type; blank for what is only saved."""
    if beginning[:4] == b"RIFF":
        return _RIFF.get(beginning[8:12], "")
    return next((kind for signature, kind in _SIGNATURES if beginning.startswith(signature)), "")
