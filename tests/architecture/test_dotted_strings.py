"""Dotted strings: what settings and plug-in readers name by a string is there, whatever was moved or renamed."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.apps import apps
from django.utils.module_loading import import_string

from config import settings
from tests.architecture.source_tree import APPS, ENTRY_POINTS, source_texts

DOTTED = re.compile(r"[a-z_]\w*(\.\w+)+")
# Functions that import the module whose name they are given.
READERS = {"import_module", "read_module", "read_modules", "include"}


def strings_in(value: object) -> Iterator[str]:
    """Give each string in a setting, however deep. Keys are names of their own, such as loggers."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from strings_in(inner)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from strings_in(inner)


def is_path(text: str) -> bool:
    """Whether it is dotted, and begins with an app of ours or a package that is installed."""
    if not DOTTED.fullmatch(text):
        return False
    first = text.partition(".")[0]
    return first in APPS or importlib.util.find_spec(first) is not None


def dotted_settings() -> list[str]:
    values = [value for name, value in vars(settings).items() if name.isupper()]
    return sorted({text for text in strings_in(values) if is_path(text)} | set(settings.INSTALLED_APPS))


def modules_read() -> list[str]:
    """Give the names that code hands to a reader of modules. Only files that name one are parsed: collecting waits."""
    return sorted(
        argument.value
        for text in source_texts().values()
        if any(reader in text for reader in READERS)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and (getattr(node.func, "id", "") or getattr(node.func, "attr", "")) in READERS
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    )


def resolved(name: str) -> Any:
    """Give the module, the class, the function or the model of this name. Raises where there is none."""
    if name == settings.AUTH_USER_MODEL:
        return apps.get_model(name)
    if name.rpartition(".")[0] in ENTRY_POINTS:
        # tests/config/test_ready.py imports them, in processes of their own.
        return importlib.util.find_spec(name.rpartition(".")[0])
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # Not the module's own imports: those must be there.
        if error.name is None or not name.startswith(error.name):
            raise
        return import_string(name)


@pytest.mark.parametrize("name", dotted_settings())
def test_every_dotted_string_in_settings_resolves(name: str) -> None:
    assert resolved(name) is not None


@pytest.mark.parametrize("name", modules_read())
def test_every_module_that_is_read_by_its_name_is_there(name: str) -> None:
    assert importlib.util.find_spec(name) is not None


def test_the_strings_are_found_wherever_settings_keep_them() -> None:
    found = dotted_settings()
    assert {settings.ENGINE_TASK, settings.SWEEP_TASK, settings.ROOT_URLCONF, settings.EMAIL_BACKEND} <= set(found)
    assert set(settings.MIDDLEWARE) <= set(found)
    assert set(settings.TEMPLATES[0]["OPTIONS"]["context_processors"]) <= set(found)
    assert {storage["BACKEND"] for storage in settings.STORAGES.values()} <= set(found)
    assert set(settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"]) <= set(found)


@pytest.mark.parametrize("name", ["teams.no_such_module", "teams.models.NoSuchModel"])
def test_a_string_that_leads_nowhere_is_refused(name: str) -> None:
    with pytest.raises(ImportError):
        resolved(name)
