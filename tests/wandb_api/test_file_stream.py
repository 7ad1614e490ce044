"""What running scripts post: kept once, however often it comes; never refused for what stands in it."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import pytest
from django.test import Client

from events.models import Event
from projects.history.console_output import output_lines, output_lines_from
from projects.history.reading import rows_of
from projects.history.stream_offsets import client_line_counts
from projects.models import HistoryChunk, Run, RunFile
from projects.runs.lifecycle import RunDetails, start_run, stop_run
from tests.world import World, threshold

ADDRESS = "/files/acme/mnist/run1/file_stream"


class Script:
    """Posts as wandb-core does."""

    def __init__(self, key: str) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {key}"}

    def send(self, body: dict[str, Any] | bytes, address: str = ADDRESS) -> tuple[int, dict[str, Any]]:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.client.post(address, sent, content_type="application/json", headers=self.headers)
        return answer.status_code, answer.json()

    def post(self, *, address: str = ADDRESS, **body: Any) -> dict[str, Any]:
        status, said = self.send(body, address)
        assert status == 200, said
        return said

    def log(self, offset: int, *rows: dict[str, Any] | str) -> dict[str, Any]:
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        return self.post(files={"wandb-history.jsonl": {"offset": offset, "content": lines}})

    def print(self, offset: int, *lines: str) -> None:
        self.post(files={"output.log": {"offset": offset, "content": list(lines)}})


@pytest.fixture
def script(world: World) -> Script:
    world.run()
    return Script(world.keys["alice"])


def run() -> Run:
    return Run.objects.get()


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(kind=kind).order_by("pk"))


def test_rows_are_kept_as_the_text_they_came_in(script: Script) -> None:
    script.log(0, '{"loss":1.50,"_step":0}', '{"loss":2,"_step":1}')
    assert list(HistoryChunk.objects.values_list("offset", "row_count")) == [(0, 2)]
    assert list(rows_of(run())) == [{"loss": 1.5, "_step": 0}, {"loss": 2, "_step": 1}]
    assert (run().summary, run().rows_logged) == ({"loss": 2, "_step": 1}, 2)


def test_a_post_that_comes_again_changes_nothing(script: Script, world: World) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(threshold(), event="RUN_METRIC")
    body: dict[str, Any] = {
        "files": {
            "wandb-history.jsonl": {"offset": 0, "content": ['{"loss":3}']},
            "wandb-events.jsonl": {"offset": 0, "content": ['{"system.cpu":1}']},
            "wandb-summary.json": {"offset": 0, "content": ['{"loss":3}']},
            "output.log": {"offset": 0, "content": ["hello"]},
        },
        "uploaded": ["config.yaml"],
        "complete": True,
        "exitcode": 3,
    }
    for _ in range(3):
        script.post(**body)
    assert client_line_counts(run()) == {"history": 1, "system": 1, "output": 1}
    assert [event.data["state"] for event in events("run.state")] == ["running", "failed"]
    assert (len(events("run.history")), RunFile.objects.count(), run().exit_code) == (2, 1, 3)


def test_one_post_is_one_event_however_many_rows_it_has(script: Script, world: World) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(threshold(), event="RUN_METRIC")
    script.log(0, *({"loss": step} for step in range(1000)))
    assert len(events("run.history")) == 1


def test_a_post_of_very_many_rows_is_kept_in_pieces_that_are_judged_one_by_one(script: Script) -> None:
    script.log(0, *({"loss": step} for step in range(25_000)))
    chunks = list(HistoryChunk.objects.order_by("offset").values_list("offset", "position", "row_count"))
    assert chunks == [(0, 0, 10_000), (10_000, 10_000, 10_000), (20_000, 20_000, 5_000)]


def test_a_repeat_that_is_cut_otherwise_keeps_what_is_new(script: Script) -> None:
    script.log(0, {"a": 0}, {"a": 1})
    script.log(1, {"a": 1}, {"a": 2}, {"a": 3})
    assert [row["a"] for row in rows_of(run())] == [0, 1, 2, 3]
    assert run().rows_logged == 4


def test_nan_and_infinity_are_numbers(script: Script) -> None:
    script.log(0, '{"loss":NaN,"up":Infinity,"down":-Infinity}')
    (row,) = rows_of(run())
    assert math.isnan(row["loss"])
    assert (row["up"], row["down"]) == (math.inf, -math.inf)


@pytest.mark.parametrize("broken", ['{"loss":', "[1]", "1", "null", '{"a":1},{"a":2}', "", '{"a":1}]'])
def test_a_broken_line_costs_no_other_and_no_line_number(script: Script, broken: str) -> None:
    script.log(0, '{"loss":1}', broken, '{"loss":3}')
    assert list(rows_of(run())) == [{"loss": 1}, {}, {"loss": 3}]
    assert client_line_counts(run())["history"] == 3


def test_half_a_character_is_replaced_and_a_whole_one_kept(script: Script) -> None:
    script.log(0, r'{"half":"\ud83d","whole":"\ud83d\ude00"}')
    assert list(rows_of(run())) == [{"half": "\N{REPLACEMENT CHARACTER}", "whole": "😀"}]


def test_the_last_number_of_each_metric_is_known_whatever_came_after_it(script: Script) -> None:
    script.log(0, {"loss": 1, "text": "a"}, {"loss": 2, "acc": 0.5}, {"loss": "none", "text": "b"})
    assert run().summary == {"loss": 2, "acc": 0.5, "text": "b"}
    script.log(3, {"net": {"loss": 4}, "list": [1], "image": {"_type": "image-file"}})
    assert run().summary == {"loss": 2, "acc": 0.5, "text": "b", "net.loss": 4}


def test_the_scripts_own_summary_is_the_one_that_is_shown(script: Script) -> None:
    script.log(0, {"loss": 1})
    script.post(files={"wandb-summary.json": {"offset": 0, "content": ['{"old":1}', '{"best":42,"loss":{"min":1}}']}})
    assert run().shown_summary == {"best": 42, "loss": {"min": 1}}
    assert run().summary == {"loss": 1}


def test_an_empty_post_says_that_the_run_lives(script: Script) -> None:
    Run.objects.update(state="crashed", heartbeat_at="2026-01-01T00:00:00Z")
    assert script.post() == {"exitcode": None, "limits": {}}
    assert (run().state, run().heartbeat_at.year > 2025) == ("running", True)


@pytest.mark.parametrize(
    ("said", "state", "exit_code"),
    [
        ({"complete": True, "exitcode": 0}, "finished", 0),
        ({"complete": True, "exitcode": 7}, "failed", 7),
        ({"complete": True}, "finished", 0),
        ({"exitcode": 1}, "failed", 1),
        ({"complete": True, "exitcode": 2**40}, "failed", 2**31 - 1),
        ({"complete": True, "exitcode": "odd"}, "failed", 1),
        ({"complete": False, "exitcode": None}, "running", None),
    ],
)
def test_a_run_ends_with_its_scripts_exit_code(
    script: Script, said: dict[str, Any], state: str, exit_code: int | None
) -> None:
    script.post(**said)
    assert (run().state, run().exit_code) == (state, exit_code)


def test_a_run_that_is_over_stays_so_when_its_last_post_comes_late(script: Script) -> None:
    script.post(complete=True, exitcode=0)
    script.log(0, {"loss": 1})
    assert (run().state, run().rows_logged) == ("finished", 1)


def test_a_script_whose_run_was_stopped_is_told_so(script: Script) -> None:
    assert "stopped" not in script.post()
    stop_run(run())
    assert script.post()["stopped"] is True


def test_a_script_that_begins_anew_keeps_its_lines_apart_from_the_earlier_ones(script: Script, world: World) -> None:
    def post() -> None:
        script.post(
            files={
                "wandb-events.jsonl": {"offset": 0, "content": ['{"system.cpu":1}']},
                "output.log": {"offset": 0, "content": ["hello"]},
            },
            complete=True,
        )

    post()
    start_run(world.project, "run1", RunDetails(), user=world.users["alice"], anew=True)
    post()
    assert run().chunks.filter(stream="system").count() == 2
    assert list(output_lines(run())) == ["hello", "hello"]
    assert client_line_counts(run()) == {"history": 0, "system": 1, "output": 1}


@pytest.mark.parametrize(
    "files",
    [
        None,
        [],
        {"wandb-history.jsonl": None},
        {"wandb-history.jsonl": {}},
        {"wandb-history.jsonl": {"offset": -1, "content": ["{}"]}},
        {"wandb-history.jsonl": {"offset": True, "content": ["{}"]}},
        {"wandb-history.jsonl": {"offset": 2**63, "content": ["{}"]}},
        {"wandb-history.jsonl": {"offset": 0, "content": []}},
        {"wandb-history.jsonl": {"offset": 0, "content": "{}"}},
        {"wandb-summary.json": {"offset": 0, "content": []}},
        {"output.log": {"offset": 0, "content": []}},
        {"unknown.txt": {"offset": 0, "content": ["x"]}},
    ],
)
def test_what_makes_no_sense_is_passed_over(script: Script, files: Any) -> None:
    script.post(files=files, uploaded=[1, None])
    assert (HistoryChunk.objects.count(), RunFile.objects.count()) == (0, 0)


@pytest.mark.parametrize("body", [b"{", b"[]", b"1", b'"\xff"', b"[" * 100_000])
def test_what_is_no_json_object_is_refused_with_400(script: Script, body: bytes) -> None:
    status, said = script.send(body)
    assert (status, said["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("charlie", 404), ("bob", 200)])
def test_only_members_post(script: Script, world: World, who: str, status: int) -> None:
    body = {"files": {"wandb-history.jsonl": {"offset": 0, "content": ["{}"]}}}
    assert Script(world.keys[who]).send(body)[0] == status
    assert HistoryChunk.objects.count() == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    ("address", "status"),
    [("/files/acme/mnist/run2/file_stream", 404), ("/files/acme/nix/run1/file_stream", 404)],
)
def test_a_run_that_is_not_there_is_not_found(script: Script, address: str, status: int) -> None:
    assert script.send({}, address)[0] == status


def test_without_a_key_or_with_a_wrong_one_nothing_is_kept(script: Script) -> None:
    for headers in ({}, {"Authorization": "Bearer " + "x" * 44}):
        script.headers = headers
        assert script.send({"complete": True})[0] == 401
    assert run().state == "running"


def test_printed_lines_are_written_over_as_progress_bars_do(script: Script) -> None:
    script.print(0, "begin", "0 %")
    script.print(1, "50 %")
    script.print(1, "100 %", "end")
    assert list(output_lines(run())) == ["begin", "100 %", "end"]


def test_of_very_long_output_the_newest_is_kept_and_the_count_stays_right(script: Script, settings: Any) -> None:
    settings.LOG_LIMIT = 2 * 2**20
    for post in range(40):
        script.print(post * 100, *(f"{post}-{line} " + "x" * 990 for line in range(100)))
    kept = list(output_lines(run()))
    assert client_line_counts(run())["output"] == 4000
    assert sum(map(len, kept)) < 3_000_000
    assert (kept[-1].split()[0], kept[0].split()[0]) == ("39-99", f"{(4000 - len(kept)) // 100}-{-len(kept) % 100}")


def test_a_line_without_end_is_cut(script: Script) -> None:
    script.print(0, "x" * 1_000_000, "a\0bc\nd")
    first, second = output_lines(run())
    assert (len(first), first[-1], second) == (16_385, "…", "a\N{REPLACEMENT CHARACTER}bc d")


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("  0%|\r 50%|\r100%|", "100%|"),
        ("\r 50%|\r100%|\r", "100%|"),
        ("2026-11-30T09:00:00.000001  0%|\r 50%|", "2026-11-30T09:00:00.000001  50%|"),
        ("ERROR 2026-11-30T09:00:00.000001 \r 50%|\r", "ERROR 2026-11-30T09:00:00.000001  50%|"),
        ("windows\r\n", "windows"),
        ("\r", ""),
    ],
)
def test_a_progress_bar_is_kept_in_its_last_state(script: Script, printed: str, kept: str) -> None:
    script.print(0, printed)
    assert list(output_lines(run())) == [kept]


def test_lines_that_are_sent_again_stay_once_also_where_some_are_missing_before_them(script: Script) -> None:
    script.print(0, "a", "b")
    script.print(5, "f", "g")
    script.print(6, "G", "h")
    assert output_lines_from(run(), 0, 9) == [(0, "a"), (1, "b"), (5, "f"), (6, "G"), (7, "h")]


def test_what_was_packed_with_gzip_is_stored_as_it_was(script: Script) -> None:
    line = json.dumps({"loss": 0.5, "_step": 1})
    body = gzip.compress(json.dumps({"files": {"wandb-history.jsonl": {"offset": 0, "content": [line]}}}).encode())
    script.headers["Content-Encoding"] = "gzip"
    assert script.send(body)[0] == 200
    assert [row["loss"] for row in rows_of(run())] == [0.5]


@pytest.mark.parametrize(
    ("encoding", "body", "status", "said"),
    [
        ("gzip", b"{}", 400, "The body is no gzip."),
        ("gzip", gzip.compress(b'{"files": {}}')[:-3], 400, "The gzip breaks off."),
        ("gzip", gzip.compress(bytes(33 * 2**20)), 413, "too large"),
        ("br", b"{}", 400, "Send it plain, or as gzip."),
    ],
    ids=["no gzip", "broken off", "a bomb", "another"],
)
def test_what_cannot_be_unpacked_is_refused(script: Script, encoding: str, body: bytes, status: int, said: str) -> None:
    script.headers["Content-Encoding"] = encoding
    found, answer = script.send(body)
    assert (found, said in answer["errors"][0]["message"]) == (status, True)
