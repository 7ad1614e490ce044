"""Whatever people and scripts call things, a Slack message says it literally and keeps to Slack's limits."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from automations.messages import text_fields
from automations.messages.context import MessageContext
from integrations.slack import message as slack_message
from integrations.slack.message import message
from integrations.slack.text import escaped, line, link
from tests.slack_server import too_long

# Much of what matters is made of few signs.
WORDS = (
    st.text()
    | st.text(alphabet="<>&|!@#*_`~;:/ \n\t\u2028😀amplt", max_size=400)
    | st.integers(0, 9000).map("&".__mul__)
)
OURS = re.compile(r"<http://bell\.test/[^<>|]*\|[^<>]*>")
PAGE, HISTORY = "http://bell.test/acme/mnist/runs/r1", "http://bell.test/executions/1"


@given(WORDS, st.integers(0, 200))
@example("&" * 50, 7)
@example("😀" * 50, 8)
def test_a_text_fits_and_is_cut_between_whole_signs(text: str, limit: int) -> None:
    said = escaped(text, limit)
    assert utf16(said) <= limit
    assert "<" not in said
    assert ">" not in said
    assert not re.search(r"&(?!amp;|lt;|gt;)", said)
    shown = html.unescape(said)
    clean = escaped(text, 10**6)
    assert said == clean or html.unescape(clean).startswith(shown.removesuffix("…"))


@given(WORDS)
def test_what_is_shown_is_what_was_meant(text: str) -> None:
    plain = "".join(sign if sign in "\n\t" or sign.isprintable() else " " for sign in text)
    said = escaped(plain, 10**6)
    assert said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == plain


@given(WORDS)
def test_a_line_has_no_breaks(text: str) -> None:
    assert not re.search(r"[\n\r\t]", line(text, 300))


@given(WORDS, WORDS)
def test_only_our_own_address_becomes_a_link(url: str, label: str) -> None:
    said = link(PAGE, label, 300)
    assert OURS.sub("", said).count("<") == 0
    other = link(url, label, 300)
    assert other.count("<") <= 1
    assert "<!" not in other
    assert "<@" not in other


@given(
    title=WORDS, text=WORDS, name=WORDS, why=WORDS, subject=WORDS, by=WORDS, level=st.sampled_from(["INFO", "ERROR"])
)
def test_a_message_keeps_to_slacks_limits_and_mentions_nobody(level: str, **said: str) -> None:
    values = {
        "automation_name": said["name"], "event_author": said["by"], "run_name": said["subject"],
        "entity_name": said["by"], "project_name": said["name"], "metric_name": said["name"], "event_type": said["by"],
        "metric_filter": said["why"], "metric_value": 0.5, "run_status": said["title"], "event_time": said["title"],
    }  # fmt: skip
    context = MessageContext(values, said["subject"], PAGE, said["why"], HISTORY)
    told = message(context, title=said["title"], text=said["text"], severity=level)
    assert too_long(told) == ""
    for part in every_text(told):
        assert utf16(part) <= slack_message.SECTION
        assert OURS.sub("", part).count("<") == 0


@given(st.dictionaries(st.sampled_from(["run_name", "alias", "tag"]), WORDS | st.none() | st.floats()), WORDS)
def test_a_text_with_variables_is_filled_once(values: dict[str, Any], value: str) -> None:
    known = {"run_name": value, "alias": None, "tag": None, **values, "run_id": "${run_name} $${x}"}
    assert text_fields.filled('a "quoted" \\ text\nof ${run_id}', known) == 'a "quoted" \\ text\nof ${run_name} $${x}'


def every_text(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [text for inner in part.values() for text in every_text(inner)]
    if isinstance(part, list):
        return [text for inner in part for text in every_text(inner)]
    return [part] if isinstance(part, str) else []


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize(
    ("text", "limit", "said"),
    [
        ("<!channel>", 100, "&lt;!channel&gt;"),
        ("&lt;", 100, "&amp;lt;"),
        ("abcdef", 5, "abcd…"),
        ("ab&", 6, "ab…"),
        ("ab&", 7, "ab&amp;"),
        ("a\x00b\x1bc", 100, "a b c"),
    ],
)
def test_escaping_by_example(text: str, limit: int, said: str) -> None:
    assert escaped(text, limit) == said
