"""Filter documents: what the SDK sends reads back equal, each operator keeps its table, and nonsense is refused."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from automations.filters.errors import FilterError
from automations.filters.fields import MUTATION_FIELDS, RUN_FIELDS, FilterField
from automations.filters.operators import OPERATORS
from automations.filters.parsing import describe, parse
from automations.filters.wire_format import read, wrapped_for_mutation, wrapped_for_runs

INPUTS = json.loads((Path(__file__).parents[1] / "data" / "automation_inputs.json").read_text())
NAN, INF = math.nan, math.inf
ABSENT = object()
DEEP = 30_000


def sent_filter(automation: dict[str, Any], key: str) -> tuple[object, Mapping[str, FilterField]]:
    sent = json.loads(automation[key])
    return (sent["run_filter"], RUN_FIELDS) if "run_filter" in sent else (automation[key], MUTATION_FIELDS)


def field_named(name: str) -> FilterField:
    return FilterField(name, has_keys=name == "config")


def matches(document: object, value: object) -> bool:
    return parse(document, fields=field_named).matches({} if value is ABSENT else {"f": value})


def refusal(document: object, fields: Mapping[str, FilterField] = RUN_FIELDS) -> FilterError:
    with pytest.raises(FilterError) as caught:
        parse(document, fields=fields)
    return caught.value


def nested(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(levels - 1):
        document = {"$not": document}
    return document


@pytest.mark.parametrize("key", ["eventFilter", "saved_event_filter"])
@pytest.mark.parametrize("automation", INPUTS.values(), ids=INPUTS.keys())
def test_every_filter_of_the_sdk_reads_back_equal(automation: dict[str, Any], key: str) -> None:
    text, fields = sent_filter(automation, key)
    original, _ = sent_filter(automation, "eventFilter")
    assert json.dumps(parse(read(text), fields=fields).document, separators=(",", ":")) == original


@pytest.mark.parametrize("automation", INPUTS.values(), ids=INPUTS.keys())
def test_wrapping_what_the_sdk_sent_changes_nothing(automation: dict[str, Any]) -> None:
    text, fields = sent_filter(automation, "eventFilter")
    document: Any = read(text)
    wrapped = wrapped_for_runs(document) if fields is RUN_FIELDS else wrapped_for_mutation(document)
    assert wrapped == document


TABLE: list[tuple[object, list[object], list[object]]] = [
    # what stands under the field, values that match, values that do not
    ("a", ["a", ["a", 1]], ["A", "ab", None, ABSENT, []]),
    ({"$eq": 1}, [1, 1.0, [0, 1]], [True, "1", [[1]], NAN]),
    ({"$eq": True}, [True, [True]], [1, "true", ABSENT]),
    ({"$eq": None}, [None, ABSENT, [None]], [0, "", False, []]),
    ({"$eq": ["a", 1]}, [["a", 1], ("a", 1.0)], [["a"], [1, "a"], ["a", True], "a"]),
    ({"$eq": NAN}, [], [NAN, [NAN], 0]),
    ({"$eq": INF}, [INF], [-INF, NAN, "Infinity"]),
    ({"$eq": 2**53 + 1}, [2**53 + 1], [2.0**53]),
    ({"$ne": "a"}, ["b", 1, None, ABSENT, []], ["a", ["a", "b"]]),
    ({"$ne": NAN}, [NAN, 1, ABSENT], []),
    ({"$ne": None}, [0, "", []], [None, ABSENT, [None]]),
    ({"$gt": 1}, [2, 1.5, INF, [0, 2]], [1, True, "2", NAN, None, ABSENT, []]),
    ({"$gte": 1}, [1, 1.0, INF], [0.9, NAN, "1", ABSENT]),
    ({"$lt": 1}, [0, -INF, [5, 0]], [1, False, NAN, None, ABSENT]),
    ({"$lte": 1}, [1, 0], [1.5, NAN, False]),
    ({"$lte": INF}, [INF, 1, 10**400], [NAN, "x"]),
    ({"$gt": "b"}, ["c", "ba", ["a", "c"]], ["b", "B", 3, None, ABSENT]),
    ({"$gte": NAN}, [], [NAN, 1, INF]),
    ({"$in": ["a", 1, None]}, ["a", 1.0, None, ABSENT, ["x", "a"]], ["b", True, [], NAN]),
    ({"$in": [["a", "b"]]}, [["a", "b"]], ["a", ["b", "a"]]),
    ({"$in": []}, [], ["a", None, ABSENT, []]),
    ({"$nin": ["a", None]}, ["b", 1, []], ["a", ["b", "a"], None, ABSENT]),
    ({"$nin": []}, ["a", ABSENT], []),
    ({"$exists": True}, [None, "", 0, []], [ABSENT]),
    ({"$exists": False}, [ABSENT], [None, "", 0]),
    ({"$regex": "prod"}, ["preprod-1", ["x", "prod"]], ["Prod", "", 1, None, ABSENT, []]),
    ({"$regex": "^a.c$"}, ["abc", "a\ud800c"], ["abcd", "a\nc"]),
    ({"$regex": "(?i)^PROD"}, ["prod"], ["a prod"]),
    ({"$contains": "od"}, ["prod", ["x", "prod"]], ["OD", 1, None, ABSENT, []]),
    ({"$contains": 64}, [[32, 64], [64.0]], [64, "64", ["64"], [], ABSENT]),
    ({"$all": ["a", "b"]}, [["b", "c", "a"]], [["a"], "a", ABSENT, []]),
    ({"$all": ["a"]}, ["a", ["a"]], ["b"]),
    ({"$all": []}, [], [[], "a", ABSENT]),
    ({"$size": 2}, [["a", "a"], (1, 2)], ["ab", 2, [], ABSENT]),
    ({"$size": 0}, [[]], ["", None, ABSENT]),
    ({"$not": {"$gt": 1}}, [1, NAN, "x", ABSENT], [2]),
    ({"$not": {"$gt": 1, "$lt": 5}}, [0, 9], [3]),
    ({"$gt": 1, "$lt": 5, "$ne": 3}, [2, 4.5], [1, 3, 5]),
]  # fmt: skip
ROWS = [
    pytest.param(test, value, expected, id=f"{json.dumps(test)} {'takes' if expected else 'drops'} {shown}")
    for test, taken, dropped in TABLE
    for expected, values in ((True, taken), (False, dropped))
    for value in values
    for shown in [{ABSENT: "no field"}.get(value) if value is ABSENT else ascii(value)[:40]]
]


@pytest.mark.parametrize(("test", "value", "expected"), ROWS)
def test_operator(test: object, value: object, expected: bool) -> None:
    assert matches({"f": test}, value) is expected


@pytest.mark.parametrize(
    ("document", "taken"),
    [
        pytest.param({}, "abc", id="nothing asked"),
        pytest.param({"$and": []}, "abc", id="and of nothing"),
        pytest.param({"$or": [{"$and": []}]}, "abc", id="no filter of a mutation event"),
        pytest.param({"$and": [{"f": {"$gte": "b"}}, {"f": {"$lte": "b"}}]}, "b", id="and"),
        pytest.param({"$or": [{"f": "a"}, {"f": "c"}]}, "ac", id="or"),
        pytest.param({"$nor": [{"f": "a"}, {"f": "c"}]}, "b", id="nor"),
        pytest.param({"$not": {"f": "a"}}, "bc", id="not"),
        pytest.param({"f": {"$ne": "a"}, "$or": [{"f": "a"}, {"f": "b"}], "g": None}, "b", id="several keys"),
    ],
)
def test_what_joins_filters(document: object, taken: str) -> None:
    assert [value for value in "abc" if matches(document, value)] == list(taken)


RUN = {
    "display_name": "exp-1",
    "job_type": "train",
    "username": "ada",
    "tags": ["baseline", "europe"],
    "created_at": datetime(2026, 11, 23, 10, tzinfo=UTC),
    "config": {"lr": 0.1, "layers": [64, 32], "model": {"depth": 3}, "box": {"value": 7}, "a.b": 1, "none": None},
    "summary": {"val/acc": 0.9, "system.gpu.0.temp": 61},
}


@pytest.mark.parametrize(
    "document",
    [
        {"displayName": "exp-1", "jobType": "train", "user.username": "ada", "user": "ada"},
        {"config.lr": {"$lt": 1}, "config.lr.value": 0.1, "config.model.value.depth": 3, "config.model.depth": 3},
        {"config.box.value": 7, "config.a.b": 1, "config.a.b.value": 1, "config.layers.1": 32, "config.layers": 64},
        {"config.none": {"$exists": True}, "config.lr.x": {"$exists": False}, "config.layers.9": None},
        {"summary_metrics.val/acc": 0.9, "summaryMetrics.system.gpu.0.temp": {"$gt": 60}, "state": None},
        {"tags": {"$all": ["europe"], "$size": 2}, "created_at": {"$gte": "2026-11-23T11:00:00+01:00"}},
        {"createdAt": {"$eq": "2026-11-23T10:00:00Z", "$lt": "2026-11-24", "$ne": "2026-11-23", "$exists": True}},
    ],
    ids=["spellings", "config", "keys as written", "missing keys", "summary", "tags and time", "times"],
)
def test_the_fields_of_runs(document: dict[str, Any]) -> None:
    run_filter = parse(document, fields=RUN_FIELDS)
    each = [parse({name: test}, fields=RUN_FIELDS).matches(RUN) for name, test in document.items()]
    assert (each, run_filter.matches(RUN), run_filter.fields) == ([True] * len(document), True, set(document))


# The oracle: docs/filters.md once more, sharing nothing with the code.
def same(a: object, b: object) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    both_numbers = type(a) in (int, float) and type(b) in (int, float)
    return (both_numbers or type(a) is type(b)) and bool(a == b) and not isinstance(a, list)


def oracle(test: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    return all(_holds(key, wanted, facts) for key, wanted in test.items())


def _holds(key: str, wanted: Any, facts: Mapping[str, Any]) -> bool:
    if key in ("$and", "$or", "$nor"):
        answers = [oracle(inner, facts) for inner in wanted]
        return {"$and": all(answers), "$or": any(answers), "$nor": not any(answers)}[key]
    if key == "$not":
        return not oracle(wanted, facts)
    return all(_field_holds(operator, operand, key, facts) for operator, operand in wanted.items())


def _field_holds(operator: str, operand: Any, name: str, facts: Mapping[str, Any]) -> bool:
    value = facts.get(name)
    parts = value if isinstance(value, list) else [value]
    alike = [part for part in parts if type(part) is not bool and isinstance(part, (str, int, float))]
    alike = [part for part in alike if isinstance(part, str) == isinstance(operand, str)]

    def among(options: list[Any]) -> bool:
        return any(same(part, option) for part in [value, *parts] for option in options)

    answers = {
        "$eq": lambda: among([operand]),
        "$ne": lambda: not among([operand]),
        "$in": lambda: among(operand),
        "$nin": lambda: not among(operand),
        "$all": lambda: operand != [] and all(among([option]) for option in operand),
        "$exists": lambda: (name in facts) is operand,
        "$gt": lambda: any(part > operand for part in alike),
        "$gte": lambda: any(part >= operand for part in alike),
        "$lt": lambda: any(part < operand for part in alike),
        "$lte": lambda: any(part <= operand for part in alike),
        "$size": lambda: isinstance(value, list) and len(value) == operand,
        "$contains": lambda: any(isinstance(part, str) and operand in part for part in parts),
        "$regex": lambda: any(isinstance(part, str) and operand in part for part in parts),
        "$not": lambda: not all(_field_holds(key, inner, name, facts) for key, inner in operand.items()),
    }
    return answers[operator]()


texts = st.text("ab", max_size=2)
numbers = st.sampled_from([-1, 0, 1, 1.0, 0.5, NAN, INF, -INF])
singles = st.none() | st.booleans() | numbers | texts
values = singles | st.lists(singles, max_size=3)
facts_of_any_kind = st.dictionaries(st.sampled_from("fg"), values)
field_tests = st.recursive(
    st.dictionaries(st.sampled_from(["$eq", "$ne"]), values, min_size=1)
    | st.dictionaries(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), numbers | texts, min_size=1)
    | st.dictionaries(st.sampled_from(["$in", "$nin", "$all"]), st.lists(values, max_size=3), min_size=1)
    | st.dictionaries(st.sampled_from(["$contains", "$regex"]), texts, min_size=1)
    | st.fixed_dictionaries({"$exists": st.booleans()})
    | st.fixed_dictionaries({"$size": st.integers(0, 3)}),
    lambda inner: st.fixed_dictionaries({"$not": inner}),
    max_leaves=2,
)
documents = st.recursive(
    st.dictionaries(st.sampled_from("fg"), field_tests, max_size=2),
    lambda inner: (
        st.dictionaries(st.sampled_from(["$and", "$or", "$nor"]), st.lists(inner, min_size=1, max_size=3), max_size=2)
        | st.fixed_dictionaries({"$not": inner})
    ),
    max_leaves=6,
)


@given(documents, facts_of_any_kind)
@example({"f": {"$eq": [NAN]}}, {"f": [NAN]})
def test_a_filter_says_what_the_oracle_says(document: dict[str, Any], facts: dict[str, Any]) -> None:
    found = parse(document, fields=field_named)
    assert found.matches(facts) is oracle(document, facts)
    assert repr(found.document) == repr(document)
    assert (describe(found) == "any") <= found.matches(facts)


junk = st.recursive(
    singles | st.just(10**400) | st.binary(max_size=2) | st.just("\ud800"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*OPERATORS, "f", "config.x", "f.", "", 7, None]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(junk, junk)
def test_anything_else_is_refused_in_words_and_nothing_crashes(document: object, value: object) -> None:
    try:
        found = parse(document, fields=field_named)
    except FilterError as error:
        assert error.remedy in str(error) and error.path in str(error) and len(str(error)) < 1500
    else:
        assert found.matches({"f": value, "config": value}) in (True, False)
        assert describe(found)


WHERE: list[tuple[str, object, str, str]] = [
    ("root", ["alias"], "", "is no object. Give an object"),
    ("null", None, "", "None is no object"),
    ("key that is no text", {7: 1}, "", "7 is a key that is no text"),
    ("and of an object", {"$and": {}}, "$and", "Give a list of filters"),
    ("item of or", {"$or": [{}, "x"]}, "$or.1", "'x' is no object"),
    ("or of nothing", {"$or": []}, "$or", "[] has no filter in it"),
    ("not of a list", {"$not": []}, "$not", "is no object"),
    ("not of a value", {"name": {"$not": "x"}}, "name.$not", "Give operators in an object"),
    ("no operator", {"name": {}}, "name", "{} names no operator"),
    ("no dollar", {"name": {"eq": 1}}, "name.eq", f"'eq' is no operator. Operators are: {', '.join(OPERATORS)}."),
    ("unknown at the root", {"$where": "x"}, "$where", "'$where' is no operator. Operators are: $and, $or"),
    ("unknown, deep", {"$or": [{"$and": [{}, {"name": {"$like": 1}}]}]}, "$or.0.$and.1.name.$like", "$contains, $all"),
    ("field operator at the root", {"$eq": 1}, "$eq", "'$eq' stands under a field"),
    ("and under a field", {"name": {"$and": []}}, "name.$and", "does not stand under a field"),
    ("unknown field", {"nme": 1}, "nme", "'nme' is no field here. Fields are: name, display_name"),
    ("config without a key", {"config": 1}, "config", "config.KEY, summary_metrics.KEY"),
    ("key of a plain field", {"name.x": 1}, "name.x", "is no field here"),
    ("broken name", {"config..x": 1}, "config..x", "is no field name"),
    ("newline after a name", {"name\n": 1}, "name\n", "is no field name"),
    ("operator as a key", {"config.$eq": 1}, "config.$eq", "is no field name"),
    ("endless name", {"config." + "x" * 300: 1}, "config." + "x" * 93 + "…", "has 307 characters"),
    ("object for eq", {"name": {"$eq": {"a": 1}}}, "name.$eq", "objects are not compared"),
    ("list in a list", {"name": {"$eq": [["a"]]}}, "name.$eq.0", "is a list in a place for one value"),
    ("no list for in", {"name": {"$in": "a"}}, "name.$in", "'a' is no list. Give a list of values"),
    ("bad item of in", {"name": {"$in": ["a", {}]}}, "name.$in.1", "{} is an object"),
    ("boolean above", {"name": {"$gt": True}}, "name.$gt", "True is neither a number nor a text"),
    ("null above", {"name": {"$lte": None}}, "name.$lte", "None is neither"),
    ("exists of a number", {"name": {"$exists": 1}}, "name.$exists", "1 is neither true nor false"),
    ("size below nothing", {"name": {"$size": -1}}, "name.$size", "-1 is no number of elements"),
    ("size of true", {"name": {"$size": True}}, "name.$size", "True is no number of elements"),
    ("regex of a number", {"name": {"$regex": 1}}, "name.$regex", "1 is no text. Put it in quotes."),
    ("broken regex", {"name": {"$regex": "(a"}}, "name.$regex", "'(a' is no regular expression (RE2): missing )"),
    ("look-ahead", {"name": {"$regex": "(?=a)"}}, "name.$regex", "Look-arounds and back-references"),
    ("half a character", {"name": {"$regex": "\ud800"}}, "name.$regex", "half of a surrogate pair"),
    ("regex too large", {"name": {"$regex": "\\pL{1000}"}}, "name.$regex", "too large"),
    ("regex too long", {"name": {"$regex": "a" * 501}}, "name.$regex", "has 501 characters. Use 500 at most."),
    ("contains a list", {"name": {"$contains": ["a"]}}, "name.$contains", "is a list in a place for one value"),
    ("options of regex", {"name": {"$regex": "a", "$options": "i"}}, "name.$options", "'$options' is no operator"),
    ("no time", {"created_at": {"$gt": "yesterday"}}, "created_at.$gt", "'yesterday' is no time. Write it as ISO 8601"),
    ("regex on a time", {"created_at": {"$regex": "^2026"}}, "created_at.$regex", "does not judge times"),
    ("too deep", nested(21), ".".join(["$not"] * 20), "Nest 20 objects at most"),
    ("far too deep", nested(DEEP), ".".join(["$not"] * 20), "Nest 20 objects at most"),
    ("too many", {"$or": [{"name": "x"}] * 500}, "$or.499.name", "a filter has 500 operators at most"),
    ("too many empty ones", {"$or": [{}] * 600}, "$or.499", "500 operators"),
    ("long list", {"name": {"$in": ["a"] * 1001}}, "name.$in", "has 1001 elements. A list has 1000 at most."),
    ("huge number", {"name": 10**5000}, "name", "a number of hundreds of digits is too large"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "path", "words"), [row[1:] for row in WHERE], ids=[row[0] for row in WHERE])
def test_a_refusal_says_where_what_and_what_instead(document: object, path: str, words: str) -> None:
    error = refusal(document)
    assert error.path == path
    assert words in str(error)
    assert error.remedy and len(str(error)) < 1500


def test_the_limits_themselves_are_allowed() -> None:
    parse(nested(20), fields=RUN_FIELDS)
    parse({"$or": [{"name": "x"}] * 499}, fields=RUN_FIELDS)
    parse({"name": {"$in": ["x"] * 1000, "$regex": "a" * 500}}, fields=RUN_FIELDS)


def test_a_filter_that_holds_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["$not"] = loop
    assert "nested too deep" in str(refusal(loop))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)*$", "(.*a){20}$", "(a?){250}a{250}$"])
def test_a_catastrophic_regex_takes_linear_time(pattern: str) -> None:
    found = parse({"f": {"$regex": pattern}}, fields=field_named)
    started = time.process_time()
    found.matches({"f": "a" * 20_000 + "!"})
    assert time.process_time() - started < 2


def test_a_filter_does_not_follow_changes_to_its_document() -> None:
    document: dict[str, Any] = {"alias": {"$in": ["a"]}}
    found = parse(document, fields=MUTATION_FIELDS)
    document["alias"]["$in"].append("b")
    found.document["alias"] = "c"
    assert found.document == {"alias": {"$in": ["a"]}}
    assert not found.matches({"alias": "b"})


@pytest.mark.parametrize(
    "sent",
    [
        {"alias": "a"},
        '{"alias": "a"}',
        {"filter": '{"alias": "a"}'},
        {"filter": {"alias": "a"}},
        '{"filter": "{\\"alias\\": \\"a\\"}"}',
    ],
    ids=["document", "text", "text in a wrapper", "document in a wrapper", "all as text"],
)
def test_a_filter_is_read_from_each_of_its_shapes(sent: object) -> None:
    assert read(sent) == {"alias": "a"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{alias: 1}", "is no JSON: Expecting property name"),
        ("", "is no JSON"),
        ("[" * DEEP, "is nested too deep"),
        ('{"tag": ' + "1" * 5000 + "}", "is no JSON: Exceeds the limit"),
        ('{"tag": "a", "tag": "b"}', "'tag' stands twice in one object. Join the two with $and."),
    ],
    ids=["no JSON", "nothing", "deep", "endless number", "same key twice"],
)
def test_text_that_is_no_filter_is_refused(text: str, words: str) -> None:
    with pytest.raises(FilterError) as caught:
        read(text)
    assert words in str(caught.value)


A, B = {"alias": "a"}, {"alias": "b"}


@pytest.mark.parametrize(
    ("document", "mutation", "runs"),
    [
        ({}, {"$or": [{"$and": []}]}, {"$and": []}),
        (A, {"$or": [{"$and": [A]}]}, {"$and": [A]}),
        ({"$and": [A, B]}, {"$or": [{"$and": [A, B]}]}, {"$and": [A, B]}),
        ({"$or": [A, B]}, {"$or": [{"$and": [{"$or": [A, B]}]}]}, {"$and": [{"$or": [A, B]}]}),
        ({"$and": [A], **B}, {"$or": [{"$and": [{"$and": [A], **B}]}]}, {"$and": [{"$and": [A], **B}]}),
        ({"$or": [{"$and": [A]}]}, {"$or": [{"$and": [A]}]}, {"$and": [{"$or": [{"$and": [A]}]}]}),
    ],
    ids=["nothing", "one", "and", "or", "and with more", "wrapped already"],
)  # fmt: skip
def test_wrapping_gives_the_shape_of_the_wire_once(document: Any, mutation: object, runs: object) -> None:
    assert (wrapped_for_mutation(document), wrapped_for_runs(document)) == (mutation, runs)
    assert wrapped_for_mutation(wrapped_for_mutation(document)) == mutation
    assert wrapped_for_runs(wrapped_for_runs(document)) == runs


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({}, "any"),
        ({"$or": [{"$and": []}]}, "any"),
        ({"$not": {}}, "nothing"),
        ({"$or": [{"$and": [{"alias": "production"}, {"tag": {"$regex": "^europe"}}]}]},
         "alias is production and tag matches ^europe"),
        ({"$or": [{"alias": "a", "tag": "b"}, {"alias": "c"}]}, "(alias is a and tag is b) or alias is c"),
        ({"$not": {"alias": {"$contains": "test"}}}, "not (alias contains test)"),
        ({"$nor": [{"alias": "a"}, {"alias": "b"}]}, "not (alias is a or alias is b)"),
        ({"alias": {"$in": ["a", "b c"]}}, 'alias is one of a, "b c"'),
        ({"alias": {"$nin": list("abcdefg")}}, "alias is none of a, b, c, d, e and 2 more"),
        ({"alias": {"$exists": False}, "tag": {"$exists": True}}, "alias does not exist and tag exists"),
        ({"alias": {"$size": 1, "$all": ["x"]}}, "alias has 1 element and alias has all of x"),
        ({"alias": {"$gt": 0.123456, "$lte": NAN}}, "alias is above 0.123456 and alias is at most NaN"),
        ({"alias": "1", "tag": {"$ne": None}}, 'alias is "1" and tag is not null'),
        ({"alias": "x\u202e\n"}, r'alias is "x\u202e\n"'),
        ({"alias": "y" * 99}, "alias is " + "y" * 60 + "…"),
    ],
)  # fmt: skip
def test_a_filter_is_described_in_a_sentence(document: object, sentence: str) -> None:
    assert describe(parse(document, fields=MUTATION_FIELDS)) == sentence


def test_filters_need_no_framework() -> None:
    program = "import sys; sys.modules['django'] = None; import automations.filters"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
