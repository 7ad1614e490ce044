"""A secret is found however it was written, and other text is left alone."""

from __future__ import annotations

import gzip
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound import secret_search
from outbound.masking import LONGEST_STORED, MASK, NOT_TEXT, TOO_SHORT, kept_body, kept_headers, masked_text
from tests.canaries import CANARIES, ENCODINGS

LONG_ENOUGH = {name: secret for name, secret in CANARIES.items() if secret_search.is_findable(secret)}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", LONG_ENOUGH)
def test_no_piece_of_it_is_left(name: str, encoding: str) -> None:
    secret = LONG_ENOUGH[name][:5000]
    written = ENCODINGS[encoding](secret)
    text = masked_text(f"before {written} after", [secret])
    assert MASK in text
    # What may be left is less than a piece: of the ends of an encoded one, or of its punctuation.
    left = text.replace(MASK, "").removeprefix("before").removesuffix("after")
    assert len(left.strip()) < 12 * 6
    assert secret_search.find(text, secret) == []


@pytest.mark.parametrize("encoding", ["plain", "JSON", "percent", "hexadecimal", "base64", "base64 without padding"])
def test_what_stands_around_it_stays(encoding: str) -> None:
    written = ENCODINGS[encoding](CANARIES["PLAIN"])
    assert (
        masked_text(f'{{"echo": "{written}", "ok": true}}', [CANARIES["PLAIN"]]) == '{"echo": "********", "ok": true}'
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"ok": true, "id": "msg_0123456789abcdef0123456789abcdef"}',
        "<html><body>Thank you for your request</body></html>",
        "ZGlkIHlvdSBleHBlY3QgYSBzZWNyZXQ/",
        "68 65 6c 6c 6f 20 77 6f 72 6c 64",
        "",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert masked_text(text, LONG_ENOUGH.values()) == text


# No asterisk in it: what stands in its place is made of them, and would be found again.
SECRET = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=8, max_size=40).filter(
    secret_search.is_findable
)


@given(SECRET, st.text(max_size=50), st.text(max_size=50))
def test_whatever_it_is_and_wherever_it_stands_it_is_masked(secret: str, before: str, after: str) -> None:
    assert secret_search.find(masked_text(before + secret + after, [secret]), secret) == []
    assert masked_text(before + secret + after, [secret]) != before + secret + after


@given(st.text(max_size=300), st.text(min_size=8, max_size=20))
def test_no_answer_is_too_odd_to_be_read(text: str, secret: str) -> None:
    masked_text(text, [secret])


@pytest.mark.parametrize("secret", ["ß", "7e", " \t  ", "canry15", "a b c d e f g"])
def test_of_an_answer_that_may_hold_a_short_secret_nothing_is_kept(secret: str) -> None:
    assert kept_body(b'{"ok": true}', {}, [secret, "another of good length"]) == TOO_SHORT
    kept = kept_headers({"Content-Type": "text/html", "X-7e": "7e", "Server": "ß"}, [secret])
    assert kept == {"Content-Type": MASK, "Server": MASK}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(CANARIES["PLAIN"].encode()), {}),
        (b"\x00\x01", {}),
        (b"plain?", {"content-encoding": "br"}),
        ("canary".encode("utf-16"), {}),
    ],
    ids=["gzip", "zeros", "said to be packed", "UTF-16"],
)
def test_of_an_answer_that_is_no_text_nothing_is_kept(body: bytes, headers: dict[str, str]) -> None:
    assert kept_body(body, headers, [CANARIES["PLAIN"]]) == NOT_TEXT


def test_without_a_secret_everything_is_kept() -> None:
    assert kept_body(b"\xff\x00ok", {}, []) == "\ufffd\ufffdok"


@pytest.mark.parametrize("encoding", ["plain", "JSON, each character escaped", "percent in lower case", "base64"])
@pytest.mark.parametrize("shown", range(0, 120, 7))
def test_where_an_answer_is_cut_no_piece_is_left(encoding: str, shown: int) -> None:
    secret = CANARIES["PLAIN"]
    written = ENCODINGS[encoding](secret)
    body = ("." * (LONGEST_STORED - min(shown, len(written))) + written + "." * 100).encode()
    kept = kept_body(body, {}, [secret])
    assert len(kept) <= LONGEST_STORED
    assert set(kept.replace(MASK, "")) <= {".", "…"}


def test_a_large_answer_takes_no_long_time() -> None:
    body = ("abc%41def\\u0041 " * 1100).encode()[:LONGEST_STORED]
    begun = time.perf_counter()
    kept_body(body, {}, [CANARIES["PLAIN"], CANARIES["LONG"]])
    # 0.1 s on an idle machine; what would be quadratic takes minutes.
    assert time.perf_counter() - begun < 5
