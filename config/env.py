"""The one reader of the environment: each value is checked here and refused by its name."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

Value = TypeVar("Value")

_env = environ.Env()
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_MAIL_SERVERS = ("smtp://", "smtp+tls://", "smtp+ssl://")
_DATABASES = ("sqlite:///", "postgres://", "postgresql://")


def load_file(path: Path) -> None:
    """Read a `.env` file; what the environment already says wins."""
    if path.exists():
        environ.Env.read_env(path)


def text(name: str, default: str) -> str:
    # Not environ's str(): it takes a value that starts with `$` for a reference to another variable.
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    value = text(name, str(default)).lower()
    if value not in _TRUE | _FALSE:
        raise _refusal(name, value, "true or false")
    return value in _TRUE


def number(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name, str(default))
    if not re.fullmatch(r"-?[0-9]{1,12}", value) or not least <= int(value) <= most:
        raise _refusal(name, value, f"a whole number from {least} to {most}")
    return int(value)


def choice(name: str, default: str, *, among: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in among:
        raise _refusal(name, value, "one of " + ", ".join(filter(None, among)))
    return value


def items(name: str, default: str = "") -> list[str]:
    """Give the values between commas, without the spaces around them."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def parsed(name: str, default: str, parse: Callable[[list[str]], Value]) -> Value:
    """Give `parse(values between commas)`; its ValueError stops the start with the variable's name."""
    try:
        return parse(items(name, default))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from None


def database(name: str, default: str) -> dict[str, Any]:
    value = text(name, default)
    if not value.startswith(_DATABASES):
        # The value is not repeated: it may hold a password.
        raise ImproperlyConfigured(f"{name} must start with one of {', '.join(_DATABASES)}")
    config: dict[str, Any] = _env.db_url_config(value)
    return config


def url(name: str, default: str, *, schemes: tuple[str, ...]) -> str:
    """Give an address without a slash at its end, or an empty text where the default is empty."""
    value = text(name, default).rstrip("/")
    if value and not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise _refusal(name, value.split("@")[-1], "an address with " + " or ".join(f"{s}://" for s in schemes))
    return value


def mail(name: str) -> dict[str, Any]:
    """Give Django's settings of a mail server from one address; all blank without one."""
    value = text(name, "")
    if value and not value.startswith(_MAIL_SERVERS):
        # The value is not repeated: it may hold a password.
        raise ImproperlyConfigured(f"{name} must start with one of {', '.join(_MAIL_SERVERS)}")
    found: dict[str, Any] = _env.email_url_config(value) if value else {}
    if value and not found["EMAIL_HOST"]:
        raise ImproperlyConfigured(f"{name} must name a host, such as smtp+tls://user:password@mail.example.com:587")
    texts = ("EMAIL_HOST", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD")
    flags = ("EMAIL_USE_TLS", "EMAIL_USE_SSL")
    return {
        **{key: found.get(key) or "" for key in texts},
        **{key: bool(found.get(key)) for key in flags},
        "EMAIL_PORT": found.get("EMAIL_PORT") or 0,
    }


def directory(name: str, default: Path) -> Path:
    """Give a folder that exists; made, private to its owner, where it does not."""
    path = Path(text(name, str(default))).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(name, str(path), f"a folder that can be written ({error.strerror})") from None
    return path


def kept_key(path: Path) -> str:
    """Give the key in this file, made (mode 0600) where there is none yet.

    Two processes that start together get the same key: the file appears whole or not at all.
    """
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def _refusal(name: str, value: str, remedy: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} must be {remedy}, not {value!r}")
