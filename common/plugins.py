"""Plug-in registry by key: one file registers one class, and everything else follows."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable, Iterator
from typing import ClassVar, Generic, TypeVar

from django_stubs_ext import StrOrPromise

from common.data.validation_errors import quoted


class Plugin:
    """What people choose by its label, and the database knows by its key."""

    key: ClassVar[str]
    label: ClassVar[StrOrPromise]


Class = TypeVar("Class", bound=Plugin)


class UnknownKey(LookupError):
    """Nothing is registered under this key; the message lists what is."""


class PluginRegistry(Generic[Class]):
    """Classes by their `key`. A key used twice is refused when the second file is read."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._classes: dict[str, type[Class]] = {}

    def register(self, plugin: type[Class]) -> type[Class]:
        if plugin.key in self._classes:
            raise ValueError(f"two {self.noun}s are called {plugin.key!r}: {self._classes[plugin.key]}, {plugin}")
        self._classes[plugin.key] = plugin
        return plugin

    def get(self, key: object) -> type[Class]:
        if isinstance(key, str) and key in self._classes:
            return self._classes[key]
        raise UnknownKey(f"{quoted(key)} is no {self.noun}. Choose one of: {', '.join(self._classes)}")

    def choices(self) -> list[tuple[str, StrOrPromise]]:
        return [(plugin.key, plugin.label) for plugin in self]

    def __iter__(self) -> Iterator[type[Class]]:
        return iter(self._classes.values())

    def __contains__(self, key: object) -> bool:
        return key in self._classes


def read_module(name: str) -> None:
    """Import a module for the plug-ins it registers. For `AppConfig.ready`: models exist by then."""
    importlib.import_module(name)


def read_modules(package: str) -> None:
    """Import every module of a package and of its subpackages, so that its plug-ins register themselves."""
    folder = importlib.import_module(package)
    for entry in sorted(pkgutil.iter_modules(folder.__path__), key=lambda entry: entry.name):
        name = f"{package}.{entry.name}"
        if entry.ispkg:
            read_modules(name)
        else:
            importlib.import_module(name)


def read_folders(package: str, modules: Iterable[str]) -> None:
    """Import these modules of every folder of a package that has them: a folder is a plug-in with parts."""
    folder = importlib.import_module(package)
    for name in sorted(entry.name for entry in pkgutil.iter_modules(folder.__path__) if entry.ispkg):
        for module in modules:
            if importlib.util.find_spec(f"{package}.{name}.{module}"):
                importlib.import_module(f"{package}.{name}.{module}")
