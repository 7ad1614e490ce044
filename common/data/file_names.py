"""File names: the one rule for what clients call files, and the safe name under which older ones are served.

Clients write files by these names below a folder of theirs, on any system. So a name that leads out of that folder on
one of them (`../x`, `/x`, `C:x`, `a\\b`), or is none there (`NUL`), is refused on its way in, at every door.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from common.data.validation_errors import quoted, refuse

LONGEST = 1024
# C0 and C1 controls, line separators, halves of surrogate pairs, and what turns the direction in which a name is read.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
# Whatever follows a dot, and also below a folder: Windows opens a device.
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9\u00b9\u00b2\u00b3])\s*([.:].*)?", re.I | re.S)
_MARK = re.compile(r"(?:^|/)[0-9a-f]{8}-[^/]*\Z")


def check_file_name(name: str, field: str, *, longest: int = LONGEST) -> None:
    """Refuse what is no name of a file below a folder, on any system."""
    if reason := _fault(name, longest):
        refuse(
            field,
            f"{quoted(name)} is no usable name of a file: {reason}. Write it like sub/model.bin: relative, with / "
            f"between its parts, in at most {longest} characters.",
        )


def is_file_name(name: str) -> bool:
    return not _fault(name, LONGEST)


def safe_file_name(name: str) -> str:
    """Give the name itself, or for one that would be refused today one that is safe, and no other file's.

    What is stored from before the rule is served by it.
    """
    if is_file_name(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    parts = [_UNPRINTABLE.sub("_", part) for part in name.replace("\\", "/").split("/")]
    kept = [part.replace(":", "_") for part in parts if part.rstrip(". ")]
    folders = [f"_{part}" if _fault(part, LONGEST) else part for part in kept[:-1]]
    # Cut at the front: the end of the last part tells what sort of file it is.
    found = "/".join([*folders, f"{digest}-{(kept or ['file'])[-1][-100:]}"])
    return found if is_file_name(found) else f"{digest}-file"


def stored_names(wanted: Iterable[str], stored: Iterable[str]) -> list[str]:
    """Give what files are stored as that clients ask for by the names we serve. `stored` is read only where needed."""
    asked = set(wanted)
    served = {name for name in asked if _MARK.search(name)}
    return [*asked, *(name for name in stored if safe_file_name(name) in served)] if served else list(asked)


def _fault(name: str, longest: int) -> str:
    """Say what is wrong with the name; an empty text where nothing is."""
    if not name or len(name) > longest:
        return f"it has {len(name)} characters"
    if _UNPRINTABLE.search(name):
        return "it holds a control character"
    if "\\" in name:
        return "it holds a backslash, which leads into another folder on Windows"
    if name.startswith("/"):
        return "it is an absolute path"
    if _DRIVE.match(name):
        return "it begins with a drive letter"
    return next(filter(None, map(_fault_of_part, name.split("/"))), "")


def _fault_of_part(part: str) -> str:
    # Windows leaves out the dots and spaces at the end: `.. ` is `..` there.
    if not part.rstrip(". "):
        return f"its part {part!r} names no file" if part else "one of its parts is empty"
    if _DEVICE.fullmatch(part.rstrip(". ")):
        return f"{quoted(part)} is a device on Windows"
    return f"{quoted(part)} is a drive letter" if len(part) == 2 and _DRIVE.match(part) else ""
