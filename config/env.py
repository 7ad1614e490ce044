"""Environment variables: the one reader; each value is checked here and refused by its name."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

import environ
from django.core.exceptions import ImproperlyConfigured

from common.processes import private_folder
from config import well_formed

Value = TypeVar("Value")

# What must not stand in an environment that others can read: each can be given as the path of a file in NAME_FILE.
SECRETS = frozenset(
    [
        "RUNBELL_SECRET_KEY", "RUNBELL_FERNET_KEYS", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SLACK_CLIENT_SECRET",
        "RUNBELL_S3_ACCESS_KEY", "RUNBELL_S3_SECRET_KEY", "RUNBELL_OIDC_PROVIDERS", "RUNBELL_METRICS_TOKEN",
        "RUNBELL_DEADMAN_URL", "RUNBELL_ALARM_SLACK_URL", "RUNBELL_ALARM_WEBHOOK_URL", "RUNBELL_OUTGOING_PROXY",
        "RUNBELL_SENTRY_DSN",
    ]
)  # fmt: skip
_env = environ.Env()
# A process's title stands where its arguments did, and not over its environment, by which processes are found.
os.environ.setdefault("SPT_NOENV", "1")
# Every name that was asked for: any other that looks like one of ours is a mistake (check config.W005).
asked: set[str] = set()
_secret_values: set[str] = set()
# Read elsewhere: by our own processes of each other, by examples, by compose files, by tests.
_ASKED_ELSEWHERE = {"RUNBELL_HEARTBEAT_FILE", "RUNBELL_API_KEY", "RUNBELL_HOST_NAME"}
# Kubernetes tells each container of a service that is called runbell.
_NOT_OURS = re.compile(r"RUNBELL_(TEST_.*|SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_(TCP|UDP).*)?)")
_PASSWORD = re.compile(r"://[^:/@]*:([^/@]+)@")
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_MAIL_SERVERS = ("smtp://", "smtp+tls://", "smtp+ssl://")
_SQLITE = "sqlite:///"
_DATABASES = (_SQLITE, "postgres://", "postgresql://")


def load_file(path: Path) -> None:
    """Read a `.env` file; what the environment already says wins. Not under DJANGO_READ_DOT_ENV_FILE=false."""
    if path.exists() and flag("DJANGO_READ_DOT_ENV_FILE", True):
        environ.Env.read_env(path)


def refuse_former_names(names: Mapping[str, str]) -> None:
    """Refuse a variable by the name it had before, so that nobody's setting is silently passed over."""
    for former, now in names.items():
        if os.environ.get(former, "").strip():
            raise ImproperlyConfigured(f"{former} is called {now} now. Rename it.")


def unknown_names() -> dict[str, str]:
    """Give the variables that look like one of ours and are none, each with the nearest that is; once all is read."""
    known = asked | {f"{name}_FILE" for name in SECRETS} | _ASKED_ELSEWHERE
    found = [name for name in sorted(os.environ) if name.startswith("RUNBELL_") and not _NOT_OURS.fullmatch(name)]
    return {name: "".join(get_close_matches(name, sorted(known), 1)) for name in found if name not in known}


def text(name: str, default: str) -> str:
    asked.add(name)
    # Not environ's str(): it takes a value that starts with `$` for a reference to another variable.
    value = os.environ.get(name, "").strip()
    if name in SECRETS:
        value = _of_file(name, value)
        _secret_values.add(value)
    return value or default


def secret_values(*others: str) -> frozenset[str]:
    """Give every secret that was read, passwords in addresses by themselves too: what leaves is searched for them."""
    passwords = {unquote(password) for value in _secret_values for password in _PASSWORD.findall(value)}
    return frozenset({*_secret_values, *passwords, *others} - {""})


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


def formed(name: str, default: str, form: Callable[[str], Value]) -> Value | str:
    """Give `form(value)`, or the default as it stands; its ValueError stops the start with the variable's name."""
    value = text(name, "")
    try:
        return form(value) if value else default
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} {error}") from None


def document(name: str, default: str, parse: Callable[[str], Value]) -> Value:
    """Give `parse(the text, or the file that NAME_FILE names, as it stands)`; ValueError stops the start."""
    asked.add(name)
    value = os.environ.get(name, "").strip()
    try:
        return parse(_of_file(name, value, joint="\n") or default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} {error}") from None


def database(name: str, default: str) -> dict[str, Any]:
    value = text(name, default)
    if not value.startswith(_DATABASES):
        # The value is not repeated: it may hold a password.
        raise ImproperlyConfigured(f"{name} must start with one of {', '.join(_DATABASES)}")
    if value.startswith(_SQLITE):
        found: dict[str, Any] = _env.db_url_config(_in_full(name, value))
        return found
    try:
        found = _env.db_url_config(well_formed.database_address(value))
        well_formed.database_options(found.get("OPTIONS", {}))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} {error}") from None
    return found


def url(
    name: str, default: str, *, schemes: tuple[str, ...], form: Callable[[str], str] = well_formed.any_address
) -> str:
    """Give an address without a slash at its end, or an empty text where the default is empty."""
    value = text(name, default).rstrip("/")
    if value and not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise _refusal(name, value.split("@")[-1], "an address with " + " or ".join(f"{s}://" for s in schemes))
    try:
        return form(value) if value else ""
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} {error}") from None


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
    """Give a folder that exists; made, private to its owner, where it does not.

    Our children stand in another folder than we do (`common.processes`), so they are told it in full.
    """
    path = Path(text(name, str(default))).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        private_folder.keep_private(path)
    except OSError as error:
        raise _refusal(name, str(path), f"a folder that can be written ({error.strerror})") from None
    os.environ[name] = str(path)
    return path


def file(name: str, default: str, form: Callable[[Path], None]) -> str:
    """Give the path of a file, in full: our children stand in another folder. `form` raises ValueError."""
    value = text(name, default)
    if not value:
        return ""
    path = Path(value).expanduser().absolute()
    try:
        form(path)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} {error}") from None
    os.environ[name] = str(path)
    return str(path)


def key_in_file(path: Path) -> str:
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


def _of_file(name: str, value: str, joint: str = ",") -> str:
    """Give the secret, from the file that NAME_FILE names; never both. Its lines are joined."""
    path = os.environ.get(f"{name}_FILE", "").strip()
    if not path:
        return value
    if value:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both given. Keep one of them.")
    file = Path(path).expanduser().absolute()
    # Our children stand in another folder than we do (`common.processes`).
    os.environ[f"{name}_FILE"] = str(file)
    try:
        found = joint.join(filter(None, map(str.strip, file.read_text().splitlines())))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise _refusal(f"{name}_FILE", path, f"a file that can be read ({reason})") from None
    if not found:
        raise _refusal(f"{name}_FILE", path, "a file with the value in it; that one is empty")
    return found


def _in_full(name: str, value: str) -> str:
    """Give SQLite's address with an absolute path, and tell our children the same."""
    path, mark, options = value.removeprefix(_SQLITE).partition("?")
    if not path or path.startswith(("/", ":")):
        return value
    os.environ.pop(f"{name}_FILE", None)
    os.environ[name] = f"{_SQLITE}{Path(path).absolute()}{mark}{options}"
    return os.environ[name]


def _refusal(name: str, value: str, remedy: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} must be {remedy}, not {value!r}")
