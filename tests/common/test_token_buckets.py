"""Token buckets, and the file in which the processes of one host share them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.rate_limits.bucket_file import BucketFile
from common.rate_limits.token_bucket import Bucket, BucketRate, parse_rate, taken

SLOW = BucketRate(0.001, 50)
ROOT = Path(__file__).resolve().parents[2]


@given(st.lists(st.integers(0, 40), max_size=60), st.sampled_from([1, 2, 5]), st.integers(1, 8))
def test_a_bucket_lets_through_what_one_with_counted_tokens_would(pauses: list[int], rate: int, burst: int) -> None:
    """Against the plain way: tokens that are filled up tenth by tenth of a second."""
    full_at, now, tokens = 0.0, 1000, burst * 10
    for pause in pauses:
        now, tokens = now + pause, min(burst * 10, tokens + pause * rate)
        then, wait = taken(full_at, BucketRate(rate, burst), now / 10)
        assert (wait == 0) == (tokens >= 10)
        if wait:
            assert wait == pytest.approx((10 - tokens) / rate / 10)
        else:
            tokens, full_at = tokens - 10, then


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    assert taken(2_000_000.0, BucketRate(1, 10), 1_000_000.0)[1] == 0


@pytest.mark.parametrize("text", ["", "5", "0,5", "-1,5", "5,0", "a,b", "1,2,3", "nan,5", "inf,5", "5,1.5"])
def test_a_rate_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 100,10000"):
        parse_rate(text.split(",") if text else [])


def test_of_several_buckets_all_are_taken_from_or_none(tmp_path: Path) -> None:
    file, empty = BucketFile(tmp_path / "buckets"), Bucket("empty", BucketRate(0.001, 1))
    assert file.take([empty], 1.0) == 0
    for _ in range(100):
        assert file.take([Bucket("other", SLOW), empty], 1.0) > 0
    assert [file.take([Bucket("other", SLOW)], 1.0) for _ in range(50)] == [0] * 50


def test_processes_and_threads_share_what_is_left(tmp_path: Path) -> None:
    """Five processes of four threads ask 2,000 times for 50: exactly 50 pass."""
    code = f"""
import sys, threading
from pathlib import Path
from common.rate_limits.bucket_file import BucketFile
from common.rate_limits.token_bucket import Bucket, BucketRate
file, passed = BucketFile(Path({str(tmp_path / "buckets")!r})), []
def ask():
    for _ in range(100):
        if not file.take([Bucket("one", BucketRate(0.001, 50))], 1.0):
            passed.append(1)
threads = [threading.Thread(target=ask) for _ in range(4)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
print(len(passed))
"""
    running = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(5)
    ]
    assert sum(int(process.communicate(timeout=60)[0]) for process in running) == 50


def test_a_process_that_is_killed_while_it_counts_holds_up_nobody(tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
from common.rate_limits.bucket_file import BucketFile
file = BucketFile(Path({str(tmp_path / "buckets")!r}))
with file._locked():
    print("has it", flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "has it\n"
    answers: deque[float] = deque()
    file = BucketFile(tmp_path / "buckets")
    waiting = threading.Thread(target=lambda: answers.append(file.take([Bucket("one", SLOW)], 1.0)))
    waiting.start()
    time.sleep(0.2)
    assert not answers
    holder.kill()
    holder.communicate()
    waiting.join(10)
    assert list(answers) == [0]


def test_strangers_with_ever_new_names_free_nobody_who_has_to_wait(tmp_path: Path) -> None:
    file, greedy = BucketFile(tmp_path / "buckets"), Bucket("greedy", BucketRate(1, 5))
    for _ in range(5):
        file.take([greedy], 1.0)
    for number in range(100_000):
        file.take([Bucket(f"stranger{number}", BucketRate(1, 5))], 1.5)
    assert file.take([greedy], 1.5) == pytest.approx(0.5)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    BucketFile(tmp_path / "buckets")
    assert (tmp_path / "buckets").stat().st_mode & 0o777 == 0o600
