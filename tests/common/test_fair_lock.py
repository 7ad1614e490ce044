from __future__ import annotations

import threading

from common.processes.fair_lock import FairLock
from tests.processes import wait_until


def test_a_fair_lock_is_had_in_the_order_in_which_it_was_asked_for() -> None:
    lock, order = FairLock(), list[int]()

    def take(number: int) -> None:
        with lock.held():
            order.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    with lock.held():
        for number, thread in enumerate(threads):
            thread.start()
            wait_until(lambda number=number: lock.waiting == number + 1, 10)  # type: ignore[misc]
    # It asks at once again, before any of those could be woken.
    take(8)
    for thread in threads:
        thread.join(timeout=10)
    assert order == list(range(9))


def test_a_fair_lock_is_free_again_where_its_holder_raised() -> None:
    lock = FairLock()
    for _ in range(2):
        try:
            with lock.held():
                raise LookupError
        except LookupError:
            pass
    assert lock.waiting == 0
