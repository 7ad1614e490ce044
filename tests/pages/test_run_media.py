"""What a run logged beside numbers: shown where that is safe, in a sandbox, or only saved."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from projects.file_storage.services import store_run_file
from projects.models import Run, RunFile
from tests.pages.people import text
from tests.world import World

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def stored(run: Run, name: str, content: bytes) -> RunFile:
    file = RunFile.objects.create(run=run, name=name)
    store_run_file(file, BytesIO(content), length=len(content))
    return file


def logged(world: World, **summary: Any) -> Run:
    return world.run(client_summary=summary)


def content(run: Run, name: str, kind: str = "content") -> str:
    return f"{run.get_absolute_url()}/files/{kind}?name={name}"


def test_images_tables_histograms_and_sound_are_shown(bob: Client, world: World) -> None:
    run = logged(
        world,
        picture={"_type": "image-file", "path": "media/a.png", "caption": "<b>seven</b>"},
        sound={"_type": "audio-file", "path": "media/a.wav"},
        table={"_type": "table-file", "path": "media/t.table.json"},
        weights={"_type": "histogram", "values": [1, 3, "NaN", 2][:2], "bins": [0, 1, 2]},
        gone={"_type": "image-file", "path": "media/gone.png"},
    )
    stored(run, "media/a.png", PNG)
    stored(run, "media/a.wav", b"RIFF\0\0\0\0WAVEfmt ")
    stored(run, "media/t.table.json", json.dumps({"columns": ["n", "<i>"], "data": [[1, "x" * 300]] * 60}).encode())
    part = text(bob.get(f"{run.get_absolute_url()}/files", headers={"HX-Request": "true"}))
    assert f'src="{content(run, "media%2Fa.png")}" alt="&lt;b&gt;seven&lt;/b&gt;"' in part
    assert f'<audio controls preload="none" src="{content(run, "media%2Fa.wav")}"' in part
    assert "<th>&lt;i&gt;</th>" in part
    assert "50 of 60 rows" in part
    assert "Histogram of weights from 0 to 2" in part
    assert "Its content is not kept here." in part
    assert "<html" not in part
    assert "style=" not in part


@pytest.mark.parametrize(
    ("name", "holds", "kind"),
    [
        ("a.png", PNG, "image/png"),
        ("a.wav", b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        ("a.svg", SVG, ""),
        ("a.png.html", b"<script>alert(1)</script>", ""),
        ("not.png", b"<script>alert(1)</script>", ""),
        ("empty", b"", ""),
    ],
)
def test_a_file_is_shown_by_what_it_is_and_else_saved(
    bob: Client, world: World, name: str, holds: bytes, kind: str
) -> None:
    run = world.run()
    stored(run, name, holds)
    answer = bob.get(content(run, name))
    assert b"".join(answer.streaming_content) == holds  # type: ignore[attr-defined]
    assert answer["Content-Type"] == (kind or "application/octet-stream")
    assert answer["Content-Disposition"].startswith("inline" if kind else "attachment")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_html_is_shown_in_a_sandbox_without_scripts(bob: Client, world: World) -> None:
    run = logged(world, page={"_type": "html-file", "path": "media/a.html"})
    stored(run, "media/a.html", b"<script>alert(1)</script>")
    part = text(bob.get(f"{run.get_absolute_url()}/files", headers={"HX-Request": "true"}))
    assert '<iframe sandbox loading="lazy"' in part
    answer = bob.get(content(run, "media/a.html", "html"))
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox;")
    assert "allow-" not in policy
    assert "script" not in policy
    stored(run, "a.txt", b"<p>")
    assert bob.get(content(run, "a.txt", "html")).status_code == 404


@pytest.mark.parametrize(
    "value",
    [
        {"_type": "image-file", "path": 3},
        {"_type": "image-file", "path": "\u202e\0" * 600},
        {"_type": "images/separated", "filenames": [1, None, {}], "captions": 3},
        {"_type": "histogram", "values": [1], "bins": "x"},
        {"_type": "histogram", "values": [-1, 0], "bins": [0, 1, 2]},
        {"_type": "histogram", "values": [1e308] * 3, "bins": [-1e308, 0, 1, 1e308]},
        {"_type": ["image-file"]},
    ],
)
def test_hostile_values_break_no_page(bob: Client, world: World, value: dict[str, Any]) -> None:
    run = logged(world, odd=value)
    assert bob.get(f"{run.get_absolute_url()}/files").status_code == 200


@pytest.mark.parametrize("holds", [b"", b"[1]", b'{"columns": 1}', b"[" * 100_000, b'{"columns": [], "data": [1, {}]}'])
def test_a_table_that_is_none_is_only_saved(bob: Client, world: World, holds: bytes) -> None:
    run = logged(world, table={"_type": "table-file", "path": "t.json"})
    stored(run, "t.json", holds)
    assert bob.get(f"{run.get_absolute_url()}/files").status_code == 200


def test_a_stranger_gets_no_file_and_nobody_one_of_another_run(bob: Client, charlie: Client, world: World) -> None:
    run, other = world.run("r1"), world.run("r2")
    stored(run, "a.png", PNG)
    assert charlie.get(content(run, "a.png")).status_code == 404
    assert charlie.get(f"{run.get_absolute_url()}/files").status_code == 404
    assert bob.get(content(other, "a.png")).status_code == 404
    assert bob.get(content(run, "a.png")).status_code == 200
