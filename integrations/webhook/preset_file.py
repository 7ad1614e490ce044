"""Presets: what well-known receivers want, as data. Each is a file in `integrations/webhook/presets/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from common.data import bounded_yaml
from common.data.validation_errors import quoted
from common.plugins import UnknownKey

_FOLDER = Path(__file__).parent / "presets"


@dataclass(frozen=True)
class Preset:
    """A webhook and its payload, filled in but for what only the team knows.

    `blanks` are the words in the URL to put something of one's own for; `secrets` are to be made and granted: by name,
    what each holds. `docs` is the service's own page.
    """

    key: str
    label: str
    about: str
    docs: str
    payload: str
    url: str = ""
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    access_token: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    blanks: tuple[str, ...] = ()
    # What is sent becomes a message that people read: no secret may stand in it.
    read_by_people: bool = False

    @property
    def granted_secrets(self) -> list[str]:
        return [name for name in self.secrets if name != self.access_token]

    @property
    def fills(self) -> dict[str, Any]:
        """Give the fields of a webhook that it fills in."""
        return {
            "url": self.url, "method": self.method, "headers": dict(self.headers),
            "access_token": self.access_token, "granted_secrets": self.granted_secrets,
        }  # fmt: skip

    def blanks_in(self, url: str) -> list[str]:
        """Give the words that still stand in the address as the preset has them."""
        return [word for word in self.blanks if re.search(rf"\b{word}\b", url)]


@cache
def presets() -> dict[str, Preset]:
    """Give all of them by key, in the order in which people are offered them."""
    found = [_read(path) for path in sorted(_FOLDER.glob("*.yaml"))]
    return {preset.key: preset for preset in sorted(found, key=lambda one: (one.key != "generic", one.label))}


def get(key: str) -> Preset:
    if key not in presets():
        raise UnknownKey(f"{quoted(key)} is no preset. Choose one of: {', '.join(presets())}")
    return presets()[key]


def _read(path: Path) -> Preset:
    values = bounded_yaml.load(path.read_text("utf-8"))
    return Preset(key=path.stem, **{**values, "blanks": tuple(values.get("blanks", ()))})
