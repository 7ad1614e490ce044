"""The head of a run's page answers the alert; its log is read by page, searched, and followed while it grows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.console.log_pages import PAGE_LINES
from projects.history.console_output import store_output
from projects.models import OutputChunk, Run
from projects.runs.lifecycle import finish_run, mark_crashed, stop_run
from tests.pages.people import text
from tests.world import World

TRACEBACK = ["Traceback (most recent call last):", '  File "a.py", line 1', "ValueError: no such dataset"]
HTMX = {"HX-Request": "true"}


def printed(run: Run, *lines: str, offset: int = 0) -> Run:
    store_output(run, offset, lines)
    return run


def log_of(run: Run, query: str = "") -> str:
    return f"{run.get_absolute_url()}/log{query}"


def many_lines(run: Run, count: int, size: int = 1000) -> None:
    """Write so many lines as `store_output` does; quick for a million."""
    pieces = (
        OutputChunk(
            run=run, offset=start, line_count=size, text="\n".join(f"step {n}" for n in range(start, start + size))
        )
        for start in range(0, count, size)
    )
    OutputChunk.objects.bulk_create(pieces, batch_size=100)


def test_the_page_of_a_failed_run_begins_with_its_traceback(bob: Client, world: World) -> None:
    run = printed(world.run(), *(f"step {n}" for n in range(200)), *TRACEBACK, "wandb: bye")
    finish_run(run, 1)
    page = text(bob.get(run.get_absolute_url()))
    head = page.partition('id="automations"')[0]
    assert "Its script ended with exit code 1." in head
    assert '<p class="ending-cause mono">ValueError: no such dataset</p>' in head
    assert "File &quot;a.py&quot;, line 1" in head
    assert "step 199" not in head
    assert f'{log_of(run)}?line=201#L201">The traceback in the log' in head


def test_what_it_triggered_stands_before_its_charts(bob: Client, world: World) -> None:
    page = text(bob.get(world.run().get_absolute_url()))
    assert page.index("data-ending") < page.index('id="automations"') < page.index('id="metrics"')


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (2, "Its script ended with exit code 2."),
        (137, "A signal ended its script: SIGKILL, exit code 137. Most often memory ran out."),
        (-11, "A signal ended its script: SIGSEGV, exit code -11."),
        (255, "Its script ended with exit code 255."),
    ],
)
def test_why_it_ended_is_said_in_words(bob: Client, world: World, code: int, said: str) -> None:
    run = world.run()
    finish_run(run, code)
    page = text(bob.get(run.get_absolute_url()))
    assert said in page
    assert "It sent nothing of what it printed." in page


def test_a_run_that_was_stopped_or_went_silent_says_so(bob: Client, world: World, settings: Any) -> None:
    stopped = world.run("r1")
    stop_run(stopped)
    finish_run(stopped, 1)
    assert "stopped because a person asked for it" in text(bob.get(stopped.get_absolute_url()))
    settings.HEARTBEAT_SECONDS = 0
    silent = world.run("r2")
    assert mark_crashed() == 1
    assert "Its script went silent" in text(bob.get(silent.get_absolute_url()))


def test_without_a_traceback_the_last_lines_and_words_are_shown(bob: Client, world: World) -> None:
    run = printed(world.run(), *(f"step {n}" for n in range(50)), "Killed", "bye")
    finish_run(run, 137)
    page = text(bob.get(run.get_absolute_url()))
    assert '<p class="ending-cause mono">Killed</p>' in page
    assert "step 49" in page
    assert "step 39" not in page


def test_while_it_runs_the_newest_lines_are_there_and_come_by_themselves(bob: Client, world: World) -> None:
    run = printed(world.run(), "Traceback (most recent call last):", "  caught", "ValueError: retried", "step 1")
    part = text(bob.get(f"{run.get_absolute_url()}/state"))
    assert "step 1" in part
    assert "ending-cause" not in part
    assert 'hx-trigger="every 5s"' in part


def test_a_log_is_read_page_by_page_in_both_directions(bob: Client, world: World) -> None:
    run = world.run()
    many_lines(run, 2000)
    finish_run(run, 0)
    newest = bob.get(log_of(run))
    assert [line.number for line in newest.context["lines"]] == list(range(2000 - PAGE_LINES, 2000))
    earlier = bob.get(log_of(run, f"?line={newest.context['page'].earlier}"))
    assert earlier.context["lines"][-1].number == 2000 - PAGE_LINES - 1
    assert (
        bob.get(log_of(run, f"?line={earlier.context['page'].later}")).context["lines"][0].number == 2000 - PAGE_LINES
    )
    oldest = bob.get(log_of(run, "?line=1")).context["page"]
    assert (oldest.start, oldest.earlier) == (0, None)
    assert bob.get(log_of(run, "?line=999999999")).context["lines"][0].number == 1999
    assert bob.get(log_of(run, "?line=nonsense")).status_code == 200


def test_a_page_takes_as_many_queries_however_long_the_log_is(bob: Client, world: World) -> None:
    def queries(address: str) -> int:
        bob.get(address)
        with CaptureQueriesContext(connection) as seen:
            assert bob.get(address).status_code == 200
        return len(seen)

    short, long = printed(world.run("r1"), "one"), world.run("r2")
    many_lines(long, 300_000)
    for run in (short, long):
        finish_run(run, 1)
    # As it goes back for what ended it: one more for each two pieces, of which at most eight are read.
    assert queries(log_of(long)) == queries(log_of(short))
    assert queries(log_of(long, "?line=150000")) == queries(log_of(short, "?line=1"))
    assert queries(long.get_absolute_url()) <= queries(short.get_absolute_url()) + 4


def test_old_lines_that_are_no_longer_kept_are_told(bob: Client, world: World) -> None:
    run = world.run()
    many_lines(run, 3000)
    run.output.filter(offset__lt=2000).delete()
    assert "2000 older lines are no longer kept." in text(bob.get(log_of(run, "?line=1")))


def test_the_log_is_searched_from_its_end_back_whatever_the_case(bob: Client, world: World) -> None:
    run = printed(world.run(), "Loss is NaN", "loss 1", "\x1b[31mlo\x1b[0mss 2", "<b>loss</b> 3", "other")
    found = bob.get(log_of(run, "?q=LOSS"))
    assert [hit.line.position for hit in found.context["found"].hits] == [4, 3, 2, 1]
    assert "&lt;b&gt;<mark>loss</mark>&lt;/b&gt; 3" in text(found)
    assert "No line that is kept has “gain” in it." in text(bob.get(log_of(run, "?q=gain")))


def test_a_search_reads_a_bounded_part_and_leads_on(bob: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projects.console.log_pages._MOST_SEARCHED", 2)
    run = world.run()
    many_lines(run, 5000)
    first = bob.get(log_of(run, "?q=step 1999")).context["found"]
    assert (first.hits, first.before) == ([], 3000)
    second = bob.get(log_of(run, "?q=step 1999&before=3000")).context["found"]
    assert [hit.line.number for hit in second.hits] == [1999]
    many = bob.get(log_of(run, "?q=step")).context["found"]
    assert (len(many.hits), many.before) == (100, 4900)


def test_only_what_is_new_comes_and_nothing_where_nothing_did(bob: Client, world: World) -> None:
    run = printed(world.run(), *(f"step {n}" for n in range(20)))
    shown = bob.get(log_of(run)).context
    look = log_of(run, f"/new?from={shown['next']}&since=0&seen={shown['digest']}")
    assert shown["next"] == 12
    assert bob.get(look, headers=HTMX).status_code == 204
    printed(run, "50 %", "100 %", offset=19)
    part = bob.get(look, headers=HTMX)
    assert [line.number for line in part.context["lines"]] == [12]
    assert [line.text for line in part.context["unsettled"]][-2:] == ["50 %", "100 %"]
    assert "step 3<" not in text(part)
    finish_run(run, 0)
    last = text(bob.get(look, headers=HTMX))
    assert "The run is over." in last
    assert "hx-get" not in last


def test_what_came_too_fast_is_left_out_and_a_page_does_not_grow_for_ever(bob: Client, world: World) -> None:
    run = world.run()
    many_lines(run, 3000)
    part = bob.get(log_of(run, "/new?from=10&since=0&seen=1"), headers=HTMX)
    assert "2490 lines came too fast" in text(part)
    many_lines_more = Run.objects.get(pk=run.pk)
    store_output(many_lines_more, 3000, [f"more {n}" for n in range(5000)])
    assert bob.get(log_of(run, "/new?from=3000&since=0&seen=1"), headers=HTMX).headers["HX-Refresh"] == "true"


def test_hostile_lines_stay_text(bob: Client, world: World) -> None:
    run = printed(world.run(), "<script>alert(1)</script>", "a\0b", "x" * 10_000, "\u202eevil", "\x1b[31;1mred")
    page = text(bob.get(log_of(run)))
    assert "<script>alert" not in page
    assert "8000 more characters" in page
    assert '<span class="unseen">U+202E</span>evil' in page
    assert '<span class="ansi-1 ansi-bold">red</span>' in page
    assert "style=" not in page.partition("<main")[2]
    assert "x" * 10_000 in text(bob.get(log_of(run, "?line=3")))


def test_the_file_holds_all_lines_as_they_came(bob: Client, world: World) -> None:
    run = printed(world.run(), "one", "\x1b[31mtwo")
    answer = bob.get(log_of(run, "/file"))
    assert b"".join(answer.streaming_content) == b"one\n\x1b[31mtwo\n"  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == 'attachment; filename="run1.log"'


def test_a_stranger_sees_nothing_of_a_log(charlie: Client, world: World) -> None:
    run = printed(world.run(), "hush")
    for address in (log_of(run), log_of(run, "?q=hush"), log_of(run, "/file"), f"{run.get_absolute_url()}/state"):
        answer = charlie.get(address)
        assert answer.status_code == 404
        assert "hush" not in text(answer)
