"""The Grafana dashboard and the Prometheus rules ask for metrics that there are, by labels that these have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils.timezone import now

from events import prometheus_metrics
from events.models import WorkerHeartbeat
from operations.monitoring.samples import Samples

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
RULES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "prometheus-rules.yaml").read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text())
_NAME = re.compile(r"\brunbell_\w+")
_LABELS = re.compile(r"by \(([^)]*)\)|\{([^{}]*)\}")
# Prometheus' own.
_OF_SCRAPES = {"instance", "job"}


def expressions() -> dict[str, str]:
    rules = {rule["alert"]: rule["expr"] for rule in RULES}
    panels = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
    }
    assert len(rules) == len(RULES)
    return rules | panels


def label_names(expression: str) -> set[str]:
    """Give the labels that it groups by or chooses among."""
    found = set()
    for grouped, chosen in _LABELS.findall(expression):
        found |= {part.strip() for part in grouped.split(",") if part.strip()}
        found |= {re.split(r"[=!~]", part)[0].strip() for part in chosen.split(",") if part.strip()}
    return found


@pytest.fixture(scope="module")
def counted() -> dict[str, set[str]]:
    """The labels of each sample that is counted, whether it was or not."""
    found: dict[str, set[str]] = {f"{one.name}_total": set(one.labels) for one in prometheus_metrics.COUNTERS}
    for one in prometheus_metrics.HISTOGRAMS:
        found |= {f"{one.name}_bucket": {*one.labels, "le"}, f"{one.name}_sum": set(one.labels)}
        found[f"{one.name}_count"] = set(one.labels)
    return found


def gauges() -> Iterator[tuple[str, set[str]]]:
    WorkerHeartbeat.objects.create(name="host beat-1", beat_at=now())
    for family in Samples().collect():
        if family.type == "gauge":
            # Without a sample the labels cannot be seen, but by whoever wrote them.
            yield family.name, set(getattr(family, "_labelnames", ()))


def test_rules_and_dashboard_ask_for_what_is_told(db: None, counted: dict[str, set[str]]) -> None:
    known = counted | dict(gauges())
    for place, expression in expressions().items():
        names = set(_NAME.findall(expression))
        assert names and names <= known.keys(), place
        labels = set.union(*(known[name] for name in names)) | _OF_SCRAPES
        assert label_names(expression) <= labels, place


def test_every_metric_is_shown(db: None, counted: dict[str, set[str]]) -> None:
    shown = set(_NAME.findall(" ".join(expressions().values())))
    known = {*counted, *(name for name, _labels in gauges())}
    left_out = {name for name in known - shown if not name.endswith(("_sum", "_count"))}
    assert left_out == set()


def test_the_docs_tell_of_every_metric(db: None, counted: dict[str, set[str]]) -> None:
    text = (ROOT / "docs" / "monitoring.md").read_text()
    names = {one.name for one in (*prometheus_metrics.COUNTERS, *prometheus_metrics.HISTOGRAMS)} | {
        name for name, _labels in gauges()
    }
    assert {name for name in names if f"`{name}" not in text} == set()


def test_each_rule_says_how_bad_it_is_and_what_happened() -> None:
    assert {rule["labels"]["severity"] for rule in RULES} == {"critical", "warning"}
    assert [rule["alert"] for rule in RULES if not rule["annotations"]["summary"].endswith(".")] == []
    assert all(rule["expr"].count("(") == rule["expr"].count(")") for rule in RULES)


def test_panels_stand_beside_and_below_each_other_with_ids_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    cells = [
        (x, y)
        for panel in panels
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert {x for x, _ in cells} == set(range(24))
    assert len({panel["id"] for panel in panels}) == len(panels)
