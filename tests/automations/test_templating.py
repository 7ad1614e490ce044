"""The template language: the shared cases, and promises that hold for any value."""

from __future__ import annotations

import json
import time
import traceback
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from automations.messages.templating import MASK, RenderedPayload, TemplateError, parse
from tests.examples import costly
from tests.template_cases import cases

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
secret_values = st.text(min_size=1).map(lambda text: f"sk-{text}")


def render(template: str, secrets: dict[str, str] | None = None, **variables: object) -> RenderedPayload:
    return parse(template).render(variables=variables, secrets=secrets or {})


def sent(template: str, **variables: object) -> Any:
    return json.loads(render(template, {}, **variables).body)


def refusal(act: Callable[[], object]) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        act()
    return caught.value


def typed(value: Any) -> str:  # as text, because 1 == 1.0 == True in Python
    return json.dumps(value, sort_keys=True)


def render_case(case: dict[str, Any]) -> RenderedPayload:
    not_granted = case.get("team_secrets_not_granted", {})
    template, secrets = parse(case["template"]), case.get("secrets", {})
    return template.render(variables=case["variables"], secrets=secrets, not_granted=not_granted)


@cases(ok=True)
def test_a_good_case_sends_and_masks_what_the_contract_says(case: dict[str, Any]) -> None:
    expect = case["expect"]
    rendered = render_case(case)
    assert typed(json.loads(rendered.body)) == typed(expect["body"])
    assert typed(json.loads(rendered.masked)) == typed(expect.get("masked", expect["body"]))
    for text in expect.get("text_must_not_contain", ()):
        assert text not in rendered.body.decode()
        assert text not in rendered.masked


@cases(ok=False)
def test_a_bad_case_is_refused_with_its_code_and_names_and_no_secret(case: dict[str, Any]) -> None:
    expect = case["expect"]
    error = refusal(lambda: render_case(case))
    assert error.code == expect["error"]
    assert not expect.get("error_names") or list(error.names) == expect["error_names"]
    assert all(name in str(error) for name in expect.get("error_names", ()))
    known_secrets = {**case.get("secrets", {}), **case.get("team_secrets_not_granted", {})}
    assert not any(value in everything_said(error) for value in known_secrets.values())


def everything_said(error: BaseException) -> str:
    """All that a log or an error page could take from the error, and from what caused it."""
    said = "".join(traceback.format_exception(error)) + repr(vars(error))
    return said + (everything_said(error.__context__) if error.__context__ else "")


@given(st.text())
def test_any_text_in_a_string_arrives_as_it_is(text: str) -> None:
    assert sent('{"t":"<${a}>","k${a}":1}', a=text) == {"t": f"<{text}>", f"k{text}": 1}


@pytest.mark.parametrize(("text", "arrives"), [("x\ud800", "x\ufffd"), ("\ud83d\ude80", "\U0001f680")])
def test_only_lone_surrogates_are_replaced(text: str, arrives: str) -> None:
    assert sent('["${a}",${a},${b}]', a=text, b={text: text}) == [arrives, arrives, {arrives: arrives}]


@costly
@given(json_values)
@example('","admin":true,"x":"')
@example("\\")
def test_a_value_never_adds_structure(value: object) -> None:
    body = sent('{"text":"${a}","bare":${a},"last":1}', a=value)
    assert list(body) == ["text", "bare", "last"]
    assert isinstance(body["text"], str)
    assert typed(body["bare"]) == typed(value)


@pytest.mark.parametrize("template", [r'["\${a}","${b}"]', r'["\u00${a}"]', r'["\\\${a}"]'])
def test_a_placeholder_cannot_finish_an_escape(template: str) -> None:
    assert refusal(lambda: parse(template)).code == "invalid_json"


@given(secret_values, st.text())
def test_a_secret_is_never_in_the_masked_form(secret: str, other: str) -> None:
    escaped = json.dumps(secret, ensure_ascii=False)[1:-1]
    assume(secret not in other and escaped not in json.dumps(other, ensure_ascii=False))
    rendered = render('{"a":"${S}${S}","b":${S},"${S}":"${other}"}', {"S": secret}, other=other)
    assert secret not in rendered.masked + repr(rendered)
    assert escaped not in rendered.masked
    assert json.loads(rendered.body)["b"] == secret


@pytest.mark.parametrize("ending", ["", "1${S}}", "1} ${S}", "${nope}}", "${OTHER}}", "${odd}}", "${large}}"])
@given(secret=secret_values)
def test_an_error_never_holds_a_secret(ending: str, secret: str) -> None:
    template = parse('{"a":"${S}", "b":' + ending)
    odd = {"odd": object(), "large": "A" * 1_000_001}
    error = refusal(lambda: template.render(variables=odd, secrets={"S": secret}, not_granted={"OTHER"}))
    assert secret not in everything_said(error)


@pytest.mark.parametrize(
    "template",
    [
        "${" * 500_000,
        "$${" * 300_000,
        "${artifact_metadata." + "a" * 1_000_000,
        '"' + "".join(f"${{v{number}}}" for number in range(100_000)),
        "[" + "${a}," * 200_000 + "\n" * 100_000,
    ],
    ids=lambda template: template[:24],
)
def test_a_hostile_template_is_refused_in_linear_time(template: str) -> None:
    started = time.process_time()
    refusal(lambda: render(template, {"b": "sk-1"}, a=1))
    # Linear time takes about two seconds at most, quadratic time would take hours.
    assert time.process_time() - started < 5


def test_a_payload_may_be_a_million_bytes_and_not_one_more() -> None:
    assert len(render('"${a}"', a="é" * 499_999).body) == 1_000_000
    assert refusal(lambda: render('"${a} "', a="é" * 499_999)).code == "too_large"
    assert refusal(lambda: check('"' + "é" * 500_000 + '"')).code == "too_large"


def test_a_payload_that_is_too_large_is_not_built_to_its_end() -> None:
    template = parse("[" + "${a}," * 1_000 + "0]")
    tracemalloc.start()
    refusal(lambda: template.render(variables={"a": "A" * 100_000}, secrets={}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_the_names_are_in_order_and_without_repeats() -> None:
    template = parse('{"${b}":${a},"c":"${b}$${no}${artifact_metadata.x y}"}')
    assert template.names == ("b", "a", "artifact_metadata.x y")


def test_a_metadata_key_that_is_absent_is_blank_or_null() -> None:
    assert sent('["${artifact_metadata.x}",${artifact_metadata.x}]') == ["", None]


@pytest.mark.parametrize("value", [10**5000, {"a": object()}, b"bytes"], ids=["huge", "object", "bytes"])
def test_a_value_that_json_cannot_hold_is_refused_by_name(value: object) -> None:
    error = refusal(lambda: render('{"v":${metric_value}}', metric_value=value))
    assert (error.code, error.names) == ("invalid_json", ("metric_value",))
    assert "line 1, column 6, ${metric_value}" in str(error)


def check(template: str) -> None:
    known = ["project_name", "run_name"]
    parse(template).check(known=known, secrets=["API_KEY"], not_granted=["OTHER_KEY", "run_name"])


@pytest.mark.parametrize("template", ["${run_name}", '["${API_KEY}",${artifact_metadata.x}]', "{}"])
def test_a_good_template_may_be_saved(template: str) -> None:
    check(template)


def test_saving_an_unknown_variable_lists_those_that_exist_closest_first() -> None:
    error = refusal(lambda: check('{\n  "a": "${projct_name}",\n  "b": "${Projct_name}"\n}'))
    assert (error.code, error.names) == ("unknown_variable", ("projct_name", "Projct_name"))
    assert str(error) == (
        "Unknown variable at line 2, column 9, ${projct_name}, ${Projct_name}: did you mean ${project_name}? "
        "These exist: project_name, run_name, API_KEY, artifact_metadata.<key>."
    )


def test_a_name_in_the_wrong_case_is_recognised_in_the_hint() -> None:
    assert "did you mean ${API_KEY}?" in str(refusal(lambda: check('"${api_key}"')))


def test_saving_a_secret_that_is_not_granted_is_refused_with_the_remedy() -> None:
    error = refusal(lambda: check('{"a":"${OTHER_KEY}"}'))
    assert (error.code, error.names) == ("secret_not_granted", ("OTHER_KEY",))
    assert str(error).endswith("${OTHER_KEY}: grant it to the webhook, or take it out.")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ('{\n "a":1\n "b":1}', "line 3, column 2: expected a comma or the closing bracket."),
        ('{"a":1,}', "line 1, column 8: expected a key in double quotes."),
        ('{"a":"${run_name}","b":}', "line 1, column 24: expected a value."),
        ('{"$${":1} x', "line 1, column 11: expected the end of the document."),
        ("[$${run_name}]", "line 1, column 3: expected a value."),
        ("[1${run_name}]", "line 1, column 3, ${run_name}: expected a comma or the closing bracket."),
        ("{${run_name}:1}", "line 1, column 2, ${run_name}: expected a key in double quotes."),
        ('{"a":\n NaN}', "line 2, column 2: expected null, not NaN."),
        ("[" * 100_000, "line 1, column 1: expected fewer lists and objects inside each other."),
    ],
    ids=lambda text: text[:30],
)
def test_saving_malformed_json_says_where_and_what_was_expected(template: str, message: str) -> None:
    assert str(refusal(lambda: check(template))) == f"Invalid JSON at {message}"


def test_a_bad_placeholder_is_shown_with_its_place_and_the_remedy() -> None:
    error = refusal(lambda: parse('{"a":\n"${a.b}"}'))
    assert "line 2, column 2: cannot read '${a.b}\"}'; write ${name}" in str(error)


def test_a_secret_is_masked_by_its_place_even_when_it_is_empty() -> None:
    assert render('["${S}",${S}]', {"S": ""}).masked == f'["{MASK}","{MASK}"]'


def test_a_variable_that_does_not_apply_still_wins_over_a_secret() -> None:
    assert render('"${run_name}"', {"run_name": "sk-1"}, run_name=None).body == b'""'
