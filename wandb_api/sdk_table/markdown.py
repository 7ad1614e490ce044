"""The tables of docs/wandb-sdk.md, written from code: what works, what is refused, which input is not done."""

from __future__ import annotations

from pathlib import Path

from wandb_api.sdk_table.calls import REFUSED, WORKS
from wandb_api.sdk_table.inputs import NOT_DONE

PAGE = Path(__file__).parents[2] / "docs" / "wandb-sdk.md"
COMMAND = "python -m wandb_api.sdk_table.markdown"


def tables() -> dict[str, str]:
    """Give each table by the name that its place in the page has."""
    return {
        "what works": _table(("", ""), [(row.subject, row.text) for row in WORKS]),
        "what is refused": _table(("what", "where its user hears it"), [(row.what, row.where) for row in REFUSED]),
        "input that is not done": _table(
            ("input", "what it would say"), [(f"`{at}`", it) for at, it in NOT_DONE.items()]
        ),
    }


def filled(page: str) -> str:
    """Give the page with each table at its place. Raises ValueError where a place is missing."""
    for name, table in tables().items():
        begin, end = f"<!-- {name}: written by {COMMAND} -->", f"<!-- end of {name} -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise ValueError(f"The page needs one place for {name!r}, between {begin} and {end}.")
        before, after = page.partition(begin)[0], page.partition(end)[2]
        page = f"{before}{begin}\n\n{table}\n\n{end}{after}"
    return page


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    return "\n".join(["| " + " | ".join(head) + " |", "|---|---|", *(f"| {one} | {other} |" for one, other in rows)])


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text()))
