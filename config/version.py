"""The version, said here alone: pages, OpenAPI, the User-Agent and the wheel read it, CHANGELOG.md tells of it."""

from __future__ import annotations

__version__ = "0.2.0.dev0"
