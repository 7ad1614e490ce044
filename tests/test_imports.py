"""The plan of the house holds: who imports whom, who opens sockets, and how large things may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Design section 1: each may import those that stand after it.
ORDER = (
    "config", "wandb_api", "automations", "registries", "artifacts", "projects", "events", "integrations",
    "secrets_vault", "teams", "common",
)  # fmt: skip
QUEUE = {"django_q"}
SOCKETS = {
    "aiohttp", "asyncio.streams", "boto3", "botocore", "ftplib", "http.client", "httpx", "requests", "smtplib",
    "socket", "socketserver", "ssl", "storages", "urllib.request", "urllib3",
}  # fmt: skip
# smtp: to the one host that the operator names, over the sockets of `exchange`.
MAY_OPEN_SOCKETS = {f"integrations/{name}.py" for name in ("http", "pinned", "exchange", "addresses", "smtp")}
# slack_client gives slack-sdk's clients our socket in place of theirs (and urllib's Request is how they write one);
# providers/email reads what smtplib and ssl raise.
MAY_NAME_THEM = {"integrations/slack_client.py", "integrations/providers/email.py"}
# Of slack-sdk the others use what opens nothing: its models, its errors, its writing of addresses.
SLACK_CLIENTS = {"slack_sdk.WebClient", "slack_sdk.WebhookClient", "slack_sdk.web", "slack_sdk.webhook"}
# To the storage that the operator named, and nowhere else; nobody's data says where.
MAY_STORE = {"projects/stored/s3.py"}
# Only to resolve a name before it is stored, with the same judgement as the client's.
MAY_RESOLVE = {"integrations/services.py"}
LONGEST_FILE = 250
LONGEST_FUNCTION = 30


@cache
def sources() -> dict[str, ast.Module]:
    """Every file of ours by its path, but migrations and tests."""
    found = [path for app in ORDER for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in found}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(modules: set[str]) -> set[str]:
    return {
        path
        for path, tree in sources().items()
        if any(name == module or name.startswith(f"{module}.") for name in imported(tree) for module in modules)
    }


@pytest.mark.parametrize("app", [name for name in ORDER if (ROOT / name).is_dir()])
def test_an_app_imports_only_what_stands_below_it(app: str) -> None:
    above = set(ORDER[: ORDER.index(app)])
    upward = {
        f"{path} imports {name}"
        for path, tree in sources().items()
        for name in imported(tree)
        if path.startswith(f"{app}/") and name.partition(".")[0] in above
    }
    assert upward == set()


def test_nothing_is_imported_relatively_or_inside_a_function() -> None:
    hidden = {
        f"{path}:{inner.lineno}"
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    }
    relative = {
        f"{path}:{node.lineno}"
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    }
    assert (hidden, relative) == (set(), set())


def test_only_one_file_knows_the_task_queue() -> None:
    assert importers(QUEUE) == {"events/queue.py"}


def test_only_the_guarded_client_opens_sockets() -> None:
    openers = {path for path in importers(SOCKETS) if "/management/commands/" not in path}
    assert openers - MAY_RESOLVE - MAY_NAME_THEM - MAY_STORE == MAY_OPEN_SOCKETS


def test_who_only_names_them_uses_nothing_that_opens_a_socket() -> None:
    used = {
        f"{node.value.id}.{node.attr}"
        for path in MAY_NAME_THEM
        for node in ast.walk(sources()[path])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    opening = {"urllib.request", "smtplib.SMTP", "smtplib.SMTP_SSL", "ssl.create_default_context", "ssl.SSLContext"}
    assert used & opening == {"urllib.request"}
    assert "urlopen" not in (ROOT / "integrations/slack_client.py").read_text()


def test_slack_sdk_sends_only_through_the_one_socket() -> None:
    assert importers(SLACK_CLIENTS) == {"integrations/slack_client.py"}


def test_who_may_resolve_does_nothing_else_with_sockets() -> None:
    used = {
        node.attr
        for path in MAY_RESOLVE
        for node in ast.walk(sources()[path])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "socket"
    }
    assert used == {"getaddrinfo"}


def test_no_file_is_too_long_to_read() -> None:
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in sources()}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long_to_read() -> None:
    lengths = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}
