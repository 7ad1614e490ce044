"""The message context: what an action tells of, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class MessageContext:
    """What an action tells of, as plain values: frozen with an execution, or samples in a test.

    `subject` is the run or version and `why` what the conditions found, both in words. `url` is the subject's page
    and `history_url` the page of the execution, both within Runbell.
    """

    variables: Mapping[str, object]
    subject: str = ""
    url: str = ""
    why: str = ""
    history_url: str = ""
