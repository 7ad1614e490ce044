"""Doing a thing several times at once, and having another do it between a look and a save."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

Answer = TypeVar("Answer")
AT_ONCE = 4


def at_once(do: Callable[[int], Answer]) -> list[Answer]:
    """Do it in several threads that start together, each with a connection of its own."""
    barrier = Barrier(AT_ONCE)

    def one(number: int) -> Answer:
        try:
            barrier.wait(10)
            return do(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


@contextmanager
def after_the_first_look(model: type[Model], happen: Callable[[], object]) -> Iterator[None]:
    """Let `happen` come to pass right after the table was first read: what was read is out of date from then on."""
    looks = 0

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal looks
        answer = run(sql, params, many, context)
        if sql.startswith("SELECT") and f'FROM "{model._meta.db_table}"' in sql:
            looks += 1
            if looks == 1:
                happen()
        return answer

    with connection.execute_wrapper(execute):
        yield
    assert looks, f"Nobody looked at {model.__name__}."
