"""Checks of rows that an archive holds: each is what any door would have taken, or it is refused, or counted anew.

Whoever administers a team may send an archive, and what is in it is anybody's. What Runbell works out by itself (places
of rows, bytes, parts of compacted chunks) is worked out again: what an archive says of it is not believed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import BinaryField, DateTimeField, Field, ForeignKey, IntegerField, Model

from artifacts.manifests.parsing import refuse_script
from artifacts.models import Alias, CollectionTag, Tag, Version, VersionFile
from artifacts.name_rules import checked_aliases, checked_tags
from common.data.fields import JSONTextField
from common.data.file_names import safe_file_name
from common.data.strict_json import storable
from common.data.validation_errors import quoted, refuse
from common.data.value_count import check_text
from operations.archives.row_shapes import MOST_LINES, check_shapes
from projects.file_storage.services import read_file
from projects.history.first_metrics import first_metrics
from projects.history.row_identity import range_of, rising_range
from projects.history.row_tombstone import DIGEST_BYTES, MOST_REWOUND
from projects.models import HistoryChunk, OutputChunk, RewoundRows, Run, RunFile, StoredFile

# Further away, and times that are reckoned from it are none any more.
_FIRST_YEAR, _LAST_YEAR = 1970, 2500
# As many as a version's name has digits.
_MOST_VERSIONS = 10**9
_LARGEST_MANIFEST = 64 * 2**20


def checked(row: Any) -> Any:
    """Give the row where each of its fields may be what it is; empty may be what was. Raises ValidationError."""
    for field in type(row)._meta.concrete_fields:
        _mend(row, field)
    check_shapes(row)
    if own := _OF_MODELS.get(type(row)):
        own(row)
    fields = [field for field in type(row)._meta.concrete_fields if not field.primary_key]
    empty = [field.name for field in fields if _is_empty(field, getattr(row, field.attname))]
    unchecked = [field.name for field in fields if isinstance(field, ForeignKey | JSONTextField)]
    row.clean_fields(exclude=[*unchecked, *empty])
    return row


def check_manifest(stored: StoredFile) -> None:
    """Refuse a version's list of files that is none: clients are served it, with safe names."""
    if stored.size > _LARGEST_MANIFEST:
        refuse("manifest", f"{stored.size} bytes; the list of the files may have {_LARGEST_MANIFEST}.")
    content = read_file(stored)
    check_text(content, "manifest")
    try:
        is_list = all(isinstance(one, Mapping) for one in json.loads(content)["contents"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        is_list = False
    if not is_list:
        refuse("manifest", "It is no list of files as the wandb SDK writes it.")


def _mend(row: Any, field: Field[Any, Any]) -> None:
    """Put in the place of what no database takes what it takes; refuse what nobody can reckon with."""
    value = getattr(row, field.attname)
    if isinstance(value, str) and not isinstance(field, JSONTextField):
        setattr(row, field.attname, storable(value))
    elif isinstance(field, BinaryField) and field.model is HistoryChunk:
        # What is compacted is written as it came: nobody's archive has bytes that we would unpack.
        setattr(row, field.attname, None)
    elif isinstance(field, DateTimeField) and isinstance(value, datetime):
        if value.tzinfo is None or not _FIRST_YEAR <= value.year <= _LAST_YEAR:
            refuse(field.name, f"{quoted(str(value))} is no time between {_FIRST_YEAR} and {_LAST_YEAR}, with a zone.")
    elif isinstance(field, IntegerField) and isinstance(value, int) and not isinstance(field, ForeignKey):
        most = _MOST_VERSIONS if field.name in ("index", "next_index") else MOST_LINES
        if abs(value) > most:
            refuse(field.name, f"{quoted(value)} is beyond {most}.")


def _is_empty(field: Field[Any, Any], value: Any) -> bool:
    return (value == "" and not field.choices) or (value is None and field.null)


def _run(row: Run) -> None:
    row.first_metrics = first_metrics(row.summary)
    # Counted as its rows come.
    row.bytes_logged = 0


def _chunk(row: HistoryChunk) -> None:
    row.first_part = row.part_count = None
    row.row_count = len(row.rows)
    row.lowest, row.highest = rising_range(row.rows, row.stream) or range_of(row.rows, row.stream, row.offset)


def _rewound(row: RewoundRows) -> None:
    digests = bytes(row.digests)
    if len(digests) % DIGEST_BYTES or len(digests) > MOST_REWOUND * DIGEST_BYTES:
        refuse("digests", f"{len(digests)} bytes are no digests of rows: of {DIGEST_BYTES} bytes each.")


def _output(row: OutputChunk) -> None:
    row.line_count = row.text.count("\n") + 1


def _run_file(row: RunFile) -> None:
    row.name = safe_file_name(row.name)


def _version_file(row: VersionFile) -> None:
    row.path = safe_file_name(row.path)
    refuse_script(row.reference, "reference")


def _version(row: Version) -> None:
    if row.manifest is not None:
        check_manifest(row.manifest)


def _alias(row: Alias) -> None:
    checked_aliases([row.name])


def _tag(row: Tag | CollectionTag) -> None:
    checked_tags([row.name])


_OF_MODELS: Mapping[type[Model], Callable[[Any], None]] = {
    Run: _run, HistoryChunk: _chunk, RewoundRows: _rewound, OutputChunk: _output, RunFile: _run_file,
    VersionFile: _version_file,
    Version: _version, Alias: _alias, Tag: _tag, CollectionTag: _tag,
}  # fmt: skip
