"""Text that knows which of its parts matter."""

from __future__ import annotations

import copy
import json

from django.template import Context, Template

from common.pages.rich_text import joined, metric, pattern, rich_text, strong

LOSS = rich_text(
    "the ", metric("val/loss"), " of ", joined(" or ", [strong("a"), strong("b")]), " like ", pattern("^p")
)


def test_a_rich_text_is_its_plain_text_to_everybody() -> None:
    assert LOSS == "the val/loss of a or b like ^p"
    assert json.dumps({"said": LOSS}) == '{"said": "the val/loss of a or b like ^p"}'
    assert type(str(LOSS)) is str


def test_a_template_marks_its_parts() -> None:
    written = Template("{{ said }}.").render(Context({"said": LOSS}))
    marked = "the <strong><code>val/loss</code></strong> of <strong>a</strong> or <strong>b</strong>"
    assert written == f"{marked} like <code>^p</code>."


def test_every_part_is_escaped() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    written = rich_text(hostile, strong(hostile), metric(hostile), pattern(hostile)).__html__()
    assert "<img" not in written
    assert written.count("&lt;img src=x onerror=alert(1)&gt;") == 4


def test_what_people_typed_is_no_place_to_put_something() -> None:
    assert rich_text("{subject} is ", pattern("{subject}")).put("{subject}", strong("it")) == "it is {subject}"


def test_a_copy_keeps_its_parts() -> None:
    assert copy.deepcopy(LOSS).__html__() == LOSS.__html__()
