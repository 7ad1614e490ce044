"""Naming rules: one public class of a name, no neighbours that differ by an s, no figure of speech, no former word."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from tests.architecture.former_words import IN_TEXT, WHOLE_NAMES, is_former
from tests.architecture.source_tree import ROOT, folders, sources
from tests.architecture.todays_exceptions import FIGURES_OF_SPEECH, NEIGHBOURS, SHARED_CLASS_NAMES

# Django looks for a command's class by this name.
DJANGO_NAMES = frozenset({"Command"})
DJANGO_CONFIGURATIONS = frozenset({"AppConfig", "AdminConfig"})


def is_configuration(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id in DJANGO_CONFIGURATIONS for base in node.bases)


def public_classes() -> dict[str, set[str]]:
    """Give the files of each public class by its name. Classes inside of others, such as `Meta`, do not count."""
    files: dict[str, set[str]] = defaultdict(set)
    for path, tree in sources().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not is_configuration(node):
                files[node.name].add(path)
    return {name: paths for name, paths in files.items() if name not in DJANGO_NAMES}


def test_no_two_public_classes_have_one_name() -> None:
    shared = {name: sorted(paths) for name, paths in public_classes().items() if len(paths) > 1}
    assert {name: paths for name, paths in shared.items() if name not in SHARED_CLASS_NAMES} == {}
    assert SHARED_CLASS_NAMES - shared.keys() == set(), "no longer needed in todays_exceptions"


def test_no_two_neighbours_differ_by_an_s() -> None:
    neighbours = set()
    for folder in folders():
        inside = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
        neighbours |= {f"{folder.relative_to(ROOT)}/{name}" for name in inside if f"{name}s" in inside}
    assert neighbours - NEIGHBOURS == set()
    assert NEIGHBOURS - neighbours == set(), "no longer needed in todays_exceptions"


def test_no_file_or_folder_is_named_by_a_figure_of_speech() -> None:
    named = {part for path in sources() for part in path.removesuffix(".py").split("/")} & WHOLE_NAMES
    assert named - FIGURES_OF_SPEECH == set()
    assert FIGURES_OF_SPEECH - named == set(), "no longer needed in todays_exceptions"


# Former words --------------------------------------------------------------------------------------

TEMPLATES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for folder in ("templates", "integrations")
    for path in sorted((ROOT / folder).rglob("*.html"))
}
GETTEXT = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext"}


def trees() -> Iterator[tuple[str, ast.AST]]:
    yield from sources().items()
    for folder in ("tests", "bench"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def test_no_function_or_class_has_a_former_name() -> None:
    defined = {
        (path, node.name)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    assert sorted(one for one in defined if is_former(one[1])) == []


def test_no_template_speaks_in_former_words() -> None:
    spoken = {
        (path, found.group())
        for path, text in TEMPLATES.items()
        for found in IN_TEXT.finditer(re.sub(r"<[^>]*>|{[%#].*?[%#]}", _only_read, text))
    }
    assert spoken == set()


def _only_read(tag: re.Match[str]) -> str:
    """Leave of a tag what people read of it: what is translated, and its labels."""
    read = re.findall(r"""translate ['"]([^'"]*)|(?:title|label|placeholder)="([^"]*)""", tag[0])
    return " ".join(text for pair in read for text in pair)


def test_no_text_for_people_speaks_in_former_words() -> None:
    said = {
        (path, text.value)
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT
        for text in node.args
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }
    assert sorted(one for one in said if IN_TEXT.search(one[1])) == []


def test_no_url_has_a_former_name() -> None:
    assert sorted(name for name in url_names() if is_former(name)) == []


def url_names() -> Iterator[str]:
    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            elif pattern.name:
                yield pattern.name

    return walk(get_resolver().url_patterns)


def test_no_data_attribute_has_a_former_name() -> None:
    scripts = {path.name: path.read_text() for path in sorted((ROOT / "frontend").rglob("*.js"))}
    named = {
        (path, *name)
        for path, text in {**TEMPLATES, **scripts}.items()
        for name in re.findall(r"\bdata-([a-z-]+)|\bdataset\.(\w+)", text)
        if any(is_former(part) for part in name)
    }
    assert named == set()
