"""What ended a run, found in what it printed: tracebacks as Python, torchrun, Ray and others write them."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from projects.console.log_line import LogLine
from projects.console.traceback_search import find_last_words, find_traceback

SIMPLE = """\
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    main()
    ~~~~^^
ValueError: no such dataset
"""
CHAINED = f"""{SIMPLE}
During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "train.py", line 5, in <module>
    raise RuntimeError("gave up")
RuntimeError: gave up
"""
CAUSED = CHAINED.replace(
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
CUDA = """\
Traceback (most recent call last):
  File "train.py", line 3, in forward
    return self.net(x)
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79 GiB
of which 1 GiB is free.
"""
GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "train.py", line 1, in <module>
  |     raise ExceptionGroup("many", found)
  | ExceptionGroup: many (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: one
    +---------------- 2 ----------------
    | TypeError: two
    +------------------------------------
"""
TORCHRUN = """\
W1130 09:00:00 torch/distributed/run.py] closing
Traceback (most recent call last):
  File "/usr/bin/torchrun", line 8, in <module>
    sys.exit(main())
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
============================================================
train.py FAILED
"""


def log(text: str) -> list[LogLine]:
    return [LogLine(number, line) for number, line in enumerate(text.rstrip("\n").split("\n"))]


def prefixed(text: str, prefix: str) -> str:
    return "".join(f"{prefix}{line}\n" for line in text.splitlines())


def said(lines: Sequence[LogLine]) -> str:
    return "".join(f"{line.said}\n" for line in lines)


@pytest.mark.parametrize(
    ("printed", "found", "exception"),
    [
        pytest.param(f"epoch 1\n{SIMPLE}wandb: bye\n", SIMPLE, "ValueError: no such dataset", id="one"),
        pytest.param(f"{CHAINED}\nbye\n", CHAINED, "RuntimeError: gave up", id="chained"),
        pytest.param(CAUSED, CAUSED, "RuntimeError: gave up", id="caused"),
        pytest.param(f"{SIMPLE}\nrecovered\n{CUDA}", CUDA, CUDA.splitlines()[3], id="the last of two"),
        pytest.param(f"{GROUP}bye\n", GROUP, "  | ExceptionGroup: many (2 sub-exceptions)", id="group"),
        pytest.param(prefixed(SIMPLE, "[rank0]: "), SIMPLE, "ValueError: no such dataset", id="rank"),
        pytest.param(prefixed(SIMPLE, "(train pid=17) "), SIMPLE, "ValueError: no such dataset", id="Ray"),
        pytest.param(prefixed(SIMPLE, "3: "), SIMPLE, "ValueError: no such dataset", id="srun"),
        pytest.param(
            prefixed(SIMPLE, "ERROR 2026-11-30T09:00:00.000001 "), SIMPLE, "ValueError: no such dataset", id="the SDK's"
        ),
        pytest.param(
            f"\x1b[31m{SIMPLE.replace(chr(10), chr(27) + '[0m' + chr(10))}", SIMPLE, "ValueError: no such dataset",
            id="coloured",
        ),
        pytest.param(f"{prefixed(CUDA, '[rank1]: ')}{TORCHRUN}", CUDA, CUDA.splitlines()[3], id="not its launcher's"),
    ],
)  # fmt: skip
def test_the_traceback_that_ended_it_is_found_whole(printed: str, found: str, exception: str) -> None:
    traceback = find_traceback(log(printed))
    assert traceback is not None
    assert said(traceback.lines) == found
    assert traceback.exception.said == exception


def test_of_ranks_that_write_between_each_other_the_first_that_fell_is_shown_alone() -> None:
    late = prefixed(SIMPLE.replace("ValueError: no such dataset", "DistBackendError: NCCL timeout"), "[rank0]: ")
    early = prefixed(CUDA, "[rank3]: ")
    mixed = "".join(f"{one}\n" for pair in zip(early.splitlines(), late.splitlines(), strict=False) for one in pair)
    traceback = find_traceback(log(f"epoch 1\n{mixed}{TORCHRUN}"))
    assert traceback is not None
    assert {line.rank for line in traceback.lines} == {"[rank3]:"}
    assert traceback.exception.said.startswith("torch.OutOfMemoryError")


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "epoch 1\nloss 0.5",
        "Traceback (most recent call last):\n  File",
        "12: 3",
        SIMPLE + "retried\n" * 201,
        f"{SIMPLE}retried\nKilled\n",
    ],
    ids=["nothing", "none", "cut off", "a number", "caught long ago", "killed later"],
)
def test_where_there_is_none_none_is_made_up(printed: str) -> None:
    assert find_traceback(log(printed)) is None


@pytest.mark.parametrize(
    "words",
    [
        "Killed",
        "/bin/bash: line 1: 4242 Killed",
        "/bin/bash: line 1: 4242 Killed                  python train.py",
        "RuntimeError: CUDA error: device-side assert triggered",
        "CUDA out of memory. Tried to allocate 20 MiB",
        "Segmentation fault (core dumped)",
        "slurmstepd: error: *** JOB 7 ON node3 CANCELLED AT 2026-11-30 DUE TO TIME LIMIT ***",
        "OSError: [Errno 28] No space left on device",
    ],
)
def test_last_words_are_found_before_what_a_wrapper_says(words: str) -> None:
    found = find_last_words(log(f"epoch 1\n{words}\nwandb: View run at https://example.test"))
    assert found is not None
    assert found.said == words


@pytest.mark.parametrize("words", ["epoch 3: loss 0.2", "skilled", "killed 3 zombies"])
def test_what_every_script_prints_is_no_last_word(words: str) -> None:
    assert find_last_words(log(words)) is None


@pytest.mark.parametrize(
    "line", ["\x1b]" * 8000, " | " * 5000, "1" * 16_000, "(" * 16_000, "Traceback (most recent call last):" * 400]
)
def test_hostile_lines_take_no_time(line: str) -> None:
    begun_at = time.thread_time()
    lines = [LogLine(number, line) for number in range(100)]
    assert find_traceback(lines) is None
    find_last_words(lines)
    assert time.thread_time() - begun_at < 2
