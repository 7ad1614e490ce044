from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integrations.receivers import Answer, Receiver, Start


@pytest.fixture
def start() -> Iterator[Start]:
    """Start receivers that end with the test."""
    receivers: list[Receiver] = []

    def started(answer: Answer) -> Receiver:
        receivers.append(Receiver(answer))
        return receivers[-1]

    yield started
    for receiver in receivers:
        receiver.stop()
