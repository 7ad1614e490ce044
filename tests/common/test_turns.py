from __future__ import annotations

import threading

from common.turns import Turns
from tests.processes import wait_until


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turns, order = Turns(), list[int]()

    def take(number: int) -> None:
        with turns.one():
            order.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    with turns.one():
        for number, thread in enumerate(threads):
            thread.start()
            wait_until(lambda number=number: turns.waiting == number + 1, 10)  # type: ignore[misc]
    # It asks at once again, before any of those could be woken.
    take(8)
    for thread in threads:
        thread.join(timeout=10)
    assert order == list(range(9))


def test_a_turn_that_breaks_off_is_over() -> None:
    turns = Turns()
    for _ in range(2):
        try:
            with turns.one():
                raise LookupError
        except LookupError:
            pass
    assert turns.waiting == 0
