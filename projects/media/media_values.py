"""Media that a run logged (images, tables, histograms, audio, HTML), as its summary has them: the newest of each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from projects.history.row_values import number
from projects.models import Run, RunFile
from projects.runs.files import files_named

_MOST, _MOST_IMAGES, _MOST_BINS = 48, 12, 512
# W&B's word -> how it is shown.
_SHOWN_AS = {"image-file": "image", "audio-file": "audio", "html-file": "html", "table-file": "table"}
_WIDTH, _HEIGHT = 300, 120


@dataclass(frozen=True)
class HistogramBar:
    """Coordinates are text, so that no language writes them with a comma."""

    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class MediaItem:
    """`kind` is image, audio, html, table or histogram. Without `file` its content is not kept here."""

    key: str
    kind: str
    name: str = ""
    caption: str = ""
    file: RunFile | None = None
    bars: Sequence[HistogramBar] = ()
    # Of a histogram.
    low: float = 0.0
    high: float = 0.0


def media_of(run: Run) -> list[MediaItem]:
    """Give what the summary names, in the order of the keys; so many at most."""
    items = list(islice(_items(run.shown_summary), _MOST))
    named = files_named(run, [item.name for item in items if item.name]).select_related("content")
    files = {file.name: file for file in named}
    return [_with_file(item, files) for item in items]


def is_media(value: object) -> bool:
    """Whether a value of a summary is shown as an image, a table or the like."""
    return isinstance(value, Mapping) and "_type" in value


def _with_file(item: MediaItem, files: Mapping[str, RunFile]) -> MediaItem:
    found = files.get(item.name)
    if found is None or found.content_id is None:
        return item
    return MediaItem(item.key, item.kind, item.name, item.caption, found)


def _items(summary: Mapping[str, Any]) -> Iterator[MediaItem]:
    for key, value in sorted(summary.items()):
        if not isinstance(value, Mapping):
            continue
        kind = str(value.get("_type"))
        if kind in _SHOWN_AS and isinstance(value.get("path"), str):
            yield MediaItem(key, _SHOWN_AS[kind], _text(value["path"], 512), _text(value.get("caption")))
        elif kind == "images/separated" and isinstance(value.get("filenames"), list):
            yield from _images(key, value)
        elif kind == "histogram":
            yield from _histogram(key, value)


def _images(key: str, value: Mapping[str, Any]) -> Iterator[MediaItem]:
    captions = value.get("captions")
    said = captions if isinstance(captions, list) else []
    for place, name in enumerate(value["filenames"][:_MOST_IMAGES]):
        if isinstance(name, str):
            yield MediaItem(key, "image", _text(name, 512), _text(said[place]) if place < len(said) else "")


def _histogram(key: str, value: Mapping[str, Any]) -> Iterator[MediaItem]:
    counts, bins = (_numbers(value.get(name)) for name in ("values", "bins"))
    if not counts or len(bins) != len(counts) + 1:
        return
    highest, width = max(max(counts), 1e-300), _WIDTH / len(counts)
    bars = []
    for place, count in enumerate(counts):
        height = max(0.0, count / highest) * _HEIGHT
        bars.append(HistogramBar(f"{place * width:.2f}", f"{_HEIGHT - height:.2f}", f"{width:.2f}", f"{height:.2f}"))
    yield MediaItem(key, "histogram", bars=bars, low=bins[0], high=bins[-1])


def _numbers(said: object) -> list[float]:
    """Give a list of finite numbers; none where it is none, or longer than a browser draws."""
    if not isinstance(said, list) or len(said) > _MOST_BINS + 1:
        return []
    found = [number(one) for one in said]
    return [one for one in found if one is not None and math.isfinite(one)]


def _text(said: object, longest: int = 300) -> str:
    """Give what every database and page takes of it."""
    return said[:longest].replace("\0", "").encode("utf-8", "replace").decode() if isinstance(said, str) else ""
