"""List search (filter, order, page) of `wandb.Api()`: the documents of `docs/filters.md`, on the facts of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from automations.filters import parsing
from automations.filters.errors import FilterError
from automations.filters.fields import Fields, FilterField
from automations.filters.parsing import Filter
from common.data.strict_json import NestedTooDeep, read
from common.data.validation_errors import quoted, refuse
from common.data.value_count import check_text
from wandb_api.graphql.connections import PageRequest, RelayPage, page

# What SQLite takes in one query.
_MOST = 30_000

Row = TypeVar("Row", bound=Model)
# Where a row stands: what has no value comes last, as the first says.
SortOrder = tuple[bool, Any]


@dataclass(frozen=True)
class ListSearch(Generic[Row]):
    """What rows of one kind are found by.

    `columns` are the orders that the database can do, `exact` the fields it can compare with a text by itself.
    """

    fields: Fields
    facts: Callable[[Row], Mapping[str, object]]
    columns: Mapping[str, str]
    usual: str
    exact: Mapping[str, str] = field(default_factory=dict)

    def matching(self, rows: QuerySet[Row], document: str | None, field: str = "filters") -> QuerySet[Row]:
        """Give the rows that the filter lets through; the database orders and cuts them."""
        asked = self.filter(document, field)
        if asked is None:
            return rows
        by_column = {
            key: value for key, value in asked.document.items() if key in self.exact and isinstance(value, str)
        }
        rows = rows.filter(**{self.exact[key]: value for key, value in by_column.items()})
        if len(by_column) == len(asked.document):
            return rows
        found = [row.pk for row in rows.iterator(chunk_size=500) if asked.matches(self.facts(row))]
        if len(found) > _MOST:
            refuse(
                field, f"{len(found)} rows match, and {_MOST} is the most here. Ask for less, such as by created_at."
            )
        return rows.filter(pk__in=found)

    def filter(self, document: str | None, field: str = "filters") -> Filter | None:
        """Read a filter; None where it lets everything through."""
        if not document:
            return None
        check_text(document, field)
        try:
            sent = read(document)
            return parsing.parse(sent, fields=self.fields) if sent else None
        except FilterError as error:
            refuse(field, str(error))
        except NestedTooDeep as error:
            refuse(field, str(error))
        except (ValueError, RecursionError):
            refuse(field, f"{quoted(document)} is not JSON.")

    def ordered(self, rows: QuerySet[Row], order: str | None) -> QuerySet[Row]:
        """Order by a column: `-created_at`, `+name`, `name`."""
        name, descending = split_order(order or self.usual)
        if name not in self.columns:
            refuse("order", f"{quoted(order)} is no order. Choose one of: {', '.join(self.columns)}, with + or -.")
        sign = "-" if descending else ""
        return rows.order_by(sign + self.columns[name], f"{sign}pk")

    def page(self, rows: QuerySet[Row], asked: PageRequest) -> RelayPage:
        """Give the part of the rows that is asked for."""
        found = self.ordered(self.matching(rows, asked.get("filters")), asked.get("order"))
        return page(found, first=asked.get("first"), after=asked.get("after"))


def split_order(order: str) -> tuple[str, bool]:
    """Give what is ordered by, and whether the highest comes first."""
    return order.lstrip("+-"), order.startswith("-")


def rank(value: object) -> SortOrder:
    """Give what values of one order compare by: numbers before texts, and nothing at all last."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # NaN would leave no order at all.
        return (False, (0, float(value), "")) if value == value else (True, (0, 0.0, ""))
    return (value is None or value == "", (1, 0.0, str(value)))


def in_order(rows: Sequence[tuple[object, Row]], descending: bool) -> list[Row]:
    """Order rows by the value beside each; those without one come last either way."""
    there = [(rank(value), row) for value, row in rows]
    known = sorted((one for one in there if not one[0][0]), key=lambda one: one[0], reverse=descending)
    return [row for _rank, row in known] + [row for found, row in there if found[0]]


NAME, CREATED_AT = FilterField("name"), FilterField("created_at", is_time=True)
