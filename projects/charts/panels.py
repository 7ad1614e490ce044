"""Chart panels of a run, with pagination and search: a run may have hundreds of metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from zlib import crc32

from django.urls import reverse

from projects.charts.geometry import ChartPanel, chart_panels
from projects.charts.series import LoggedSeries
from projects.models import Run, Stream

SIZE = 24
_CHARTED_POINTS = 200


@dataclass(frozen=True)
class PanelPage:
    """Panels of a stream by name, from one name on.

    `data` is the address of what they draw, `more` of the panels that follow (empty: none do), `count` how many
    metrics there are whatever was searched for.
    """

    stream: str
    rows: Sequence[ChartPanel]
    count: int
    data: str
    more: str
    search: str
    run: Run

    @property
    def is_live(self) -> bool:
        return self.run.finished_at is None

    @property
    def id(self) -> str:
        """Tell the groups of one page apart."""
        first = self.rows[0].metric if self.rows else ""
        return f"{self.stream}-{crc32(first.encode())}"


def panels_of(run: Run, *, stream: str = Stream.HISTORY, after: str = "", search: str = "") -> PanelPage:
    """Give the panels whose metrics follow this name, and have the searched words in theirs."""
    logged = LoggedSeries.by(run, stream)
    words = search.lower().split()
    wanted = [metric for metric in logged.metrics if all(word in metric.lower() for word in words)]
    following = [metric for metric in wanted if metric > after]
    shown = following[:SIZE]
    names = (run.project.team.name, run.project.name, run.name)
    data = more = ""
    if shown:
        data = _address("metrics", names, stream=stream, first=shown[0], last=shown[-1])
    if len(following) > SIZE:
        more = _address("panels", names, stream=stream, after=shown[-1], metric=search)
    drawn = chart_panels(logged.series(metric, _CHARTED_POINTS) for metric in shown)
    return PanelPage(stream, drawn, len(logged.metrics), data, more, search, run)


def stream_of(text: str) -> str:
    """Read a stream from an address; what is none is the history."""
    return text if text in Stream.values else Stream.HISTORY


def _address(name: str, names: Sequence[str], **query: str) -> str:
    return f"{reverse(name, args=names)}?{urlencode({key: value for key, value in query.items() if value})}"
