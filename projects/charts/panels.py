"""Chart panels of a run in sections by prefix, with pagination and search: a run may have hundreds of metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from urllib.parse import urlencode
from zlib import crc32

from django.urls import reverse

from projects.charts.geometry import ChartPanel, chart_panels
from projects.charts.section_order import section_of, section_order
from projects.charts.series import LoggedSeries
from projects.models import Run, Stream

SIZE = 24
_CHARTED_POINTS = 200
# More than these nobody looks through for what is to run along the bottom.
_MOST_OFFERED = 200


@dataclass(frozen=True)
class PanelSection:
    """The panels of one prefix, such as `train`; blank where names have none. `count` is of all pages."""

    name: str
    rows: Sequence[ChartPanel]
    count: int
    # Whether the page before began it.
    goes_on: bool = False
    # The address of what they draw, where it is not that of the page.
    data: str = ""
    is_pinned: bool = False
    # Sections of one panel stand beside each other; the first of these begins a row.
    begins_row: bool = False

    @property
    def is_alone(self) -> bool:
        return self.count == 1 and not self.is_pinned


@dataclass(frozen=True)
class PanelPage:
    """Panels of a stream by section and name, from one name on.

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
    sections: Sequence[PanelSection] = ()
    # What may run along the bottom of the charts.
    names: Sequence[str] = field(default=(), repr=False)

    @property
    def has_sections(self) -> bool:
        return len(self.sections) > 1 or any(section.name or section.is_pinned for section in self.sections)

    @property
    def is_live(self) -> bool:
        return self.run.finished_at is None

    @property
    def id(self) -> str:
        """Tell the groups of one page apart."""
        first = self.rows[0].metric if self.rows else ""
        return f"{self.stream}-{crc32(first.encode())}"


def panels_of(
    run: Run, *, stream: str = Stream.HISTORY, after: str = "", search: str = "", pins: Sequence[str] = ()
) -> PanelPage:
    """Give the panels whose metrics follow this name, and have the searched words in theirs; pinned ones first."""
    logged = LoggedSeries.by(run, stream)
    words = search.lower().split()
    found = [metric for metric in logged.metrics if all(word in metric.lower() for word in words)]
    pinned = [metric for metric in pins if metric in set(found)]
    wanted = [metric for metric in found if metric not in pinned]
    wanted.sort(key=section_order)
    following = [metric for metric in wanted if section_order(metric) > section_order(after)] if after else wanted
    shown = following[:SIZE]
    names = (run.project.team.name, run.project.name, run.name)
    data = more = ""
    if shown:
        data = _address("metrics", names, stream=stream, first=shown[0], last=shown[-1])
    if len(following) > SIZE:
        more = _address("panels", names, stream=stream, after=shown[-1], metric=search)
    first = [] if after else pinned
    drawn = chart_panels(logged.series(metric, _CHARTED_POINTS) for metric in [*first, *shown])
    pinned_rows, rows = drawn[: len(first)], drawn[len(first) :]
    sections = _sections(rows, Counter(map(section_of, wanted)), after)
    if pinned_rows:
        address = _address("metrics", names, stream=stream, only=first)
        sections = [PanelSection("", pinned_rows, len(first), data=address, is_pinned=True), *sections]
    page = PanelPage(stream, drawn, len(logged.metrics), data, more, search, run)
    return replace(page, sections=sections, names=logged.metrics[:_MOST_OFFERED])


def _sections(drawn: Sequence[ChartPanel], counts: Counter[str], after: str) -> list[PanelSection]:
    begun = section_of(after) if after else None
    found: list[PanelSection] = []
    for name, rows in groupby(drawn, key=lambda panel: section_of(panel.metric)):
        section = PanelSection(name, list(rows), counts[name], goes_on=name == begun)
        begins = section.is_alone and not (found and found[-1].is_alone)
        found.append(replace(section, begins_row=begins))
    return found


def stream_of(text: str) -> str:
    """Read a stream from an address; what is none is the history."""
    return text if text in Stream.values else Stream.HISTORY


def _address(name: str, names: Sequence[str], **query: str | Sequence[str]) -> str:
    said = {key: value for key, value in query.items() if value}
    return f"{reverse(name, args=names)}?{urlencode(said, doseq=True)}"
