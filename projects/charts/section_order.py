"""The order of a run's charts: by section, which is the prefix of a metric's name, then by name."""

from __future__ import annotations


def section_of(metric: str) -> str:
    """Give the prefix: `train` of `train/loss`; blank where the name has none."""
    prefix, slash, _rest = metric.partition("/")
    return prefix if slash else ""


def section_order(metric: str) -> tuple[str, str]:
    """Give what metrics are sorted by; those without a prefix stand first."""
    return section_of(metric), metric
