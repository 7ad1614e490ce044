"""Read a `.wandb` file: the records that the wandb SDK writes offline, in the log format of LevelDB.

Our own reader, of which there is not much: since wandb-core the SDK has none in Python (only its own program reads
such files), and Runbell must not need the SDK. The format is that of LevelDB's log with another header: blocks of
32 KiB, in them pieces with checksum, length and kind; a record is one piece, or a first, some middle and a last one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from importers.imported_run import UnreadableSource

# Four letters, a number of the format and its version.
_HEADER = b":W&B\xe1\xbe\x00"
_BLOCK = 32 * 1024
_PIECE_HEADER = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
# The checksum of each kind of piece begins with the kind.
_CHECKSUM_OF_KIND = {kind: zlib.crc32(bytes([kind])) for kind in (_FULL, _FIRST, _MIDDLE, _LAST)}


def read_records(path: Path) -> Iterator[bytes]:
    """Give each whole record. One that breaks off at the end, as that of a killed script does, ends the file.

    Raises UnreadableSource for what is no such file, and where a piece in its middle is damaged.
    """
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            raise UnreadableSource(f"{path} is no file of an offline run: it does not begin as one of wandb's.")
        begun = b""
        for kind, data in _pieces(file, path):
            if kind in (_FULL, _FIRST):
                begun = data
            else:
                begun += data
            if kind in (_FULL, _LAST):
                yield begun
                begun = b""


def _pieces(file: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
    place = len(_HEADER)
    while True:
        left = _BLOCK - place % _BLOCK
        if left < _PIECE_HEADER.size:
            # Too little for another piece: the block ends with zeros.
            file.read(left)
            place += left
            continue
        header = file.read(_PIECE_HEADER.size)
        if len(header) < _PIECE_HEADER.size:
            return
        checksum, length, kind = _PIECE_HEADER.unpack(header)
        data = file.read(length)
        if len(data) < length:
            return
        place += len(header) + length
        if kind not in _CHECKSUM_OF_KIND or zlib.crc32(data, _CHECKSUM_OF_KIND[kind]) != checksum:
            if not file.read(1):
                return
            raise UnreadableSource(f"{path} is damaged {place} bytes from its beginning. Copy it anew.")
        yield kind, data
