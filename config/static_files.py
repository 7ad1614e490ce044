"""Static files with hashed names (a hash of what is in them), so that browsers cache each for ever.

Served by the application from where they lie: nothing is collected, and nothing can be stale. What stands at its plain
name too (a picture that Django admin's style sheet names) is asked for anew after a minute.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.middleware import WhiteNoiseMiddleware

# Ours, such as `app.0f3e9a7c41b2.js`, and those of the front-end build, such as `panel-UG33T5PM.js`.
_HASHED = re.compile(r"/[^/]+(\.[0-9a-f]{12}|-[A-Z0-9]{8})\.[a-z0-9]+$")

# Names that were asked for, with their hash; one that is not there may come yet.
_found: dict[str, str] = {}

_OUR_HASH = re.compile(r"\.[0-9a-f]{12}(?=\.[a-z0-9]+$)")


class HashedNames(StaticFilesStorage):
    """What `{% static %}` asks. The plain name where there is no such file, or where it may change as we look."""

    def url(self, name: str | None) -> str:
        return super().url(_name_of_today(name) if name and not settings.DEBUG else name)


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # not typed by its makers
    """Answers with a static file at its plain and at its hashed name."""

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        super().add_file_to_dictionary(url, path, stat_cache=stat_cache)
        if url in self.files and not _HASHED.search(url):
            super().add_file_to_dictionary(_hashed(url, Path(path)), path, stat_cache=stat_cache)

    def candidate_paths_for_url(self, url: str) -> Iterator[str]:
        """Where files are looked for at each request: the hash has to be the one the file has now."""
        yield from super().candidate_paths_for_url(url)
        plain = _OUR_HASH.sub("", url)
        if plain != url:
            yield from (p for p in super().candidate_paths_for_url(plain) if _hashed(plain, Path(p)) == url)

    def immutable_file_test(self, path: str, url: str) -> bool:
        return bool(_HASHED.search(url))


def _name_of_today(name: str) -> str:
    # Pages ask hundreds of times for the file of all icons: it is looked for once.
    if name not in _found:
        path = finders.find(unquote(name))
        if not isinstance(path, str):
            return name
        _found[name] = _hashed(name, Path(path))
    return _found[name]


@cache
def _hashed(name: str, path: Path) -> str:
    if _HASHED.search(f"/{name}"):
        return name
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()[:12]
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{digest}{dot}{suffix}" if dot else name
