"""Sockets: only the guarded client opens any, and what else names a socket library opens none with it."""

from __future__ import annotations

import ast

from tests.architecture.source_tree import ROOT, importers, sources

SOCKETS = {
    "aiohttp", "asyncio.streams", "boto3", "botocore", "ftplib", "http.client", "httpx", "requests", "smtplib",
    "opentelemetry.exporter", "sentry_sdk", "socket", "socketserver", "ssl", "storages", "urllib.request", "urllib3",
}  # fmt: skip
# smtp: to the one host that the operator names, over the sockets of `request_deadline`.
MAY_OPEN_SOCKETS = {
    *(f"outbound/{name}.py" for name in ("client", "connections", "request_deadline", "addresses", "proxy/tunnel")),
    "integrations/email/smtp.py",
}
# slack/client gives slack-sdk's clients our socket in place of theirs (and urllib's Request is how they write one);
# email/provider reads what smtplib and ssl raise.
MAY_NAME_THEM = {"integrations/slack/web/client.py", "integrations/email/provider.py"}
# Of slack-sdk the others use what opens nothing: its models, its errors, its writing of addresses.
SLACK_CLIENTS = {"slack_sdk.WebClient", "slack_sdk.WebhookClient", "slack_sdk.web", "slack_sdk.webhook"}
# To the storage that the operator named, and nowhere else; nobody's data says where.
MAY_STORE = {"projects/file_storage/s3.py"}
# To the collector and to the Sentry that the operator named, by their own libraries, where a setting names one: what
# they send is masked there, and nothing of it is a team's (tests/telemetry).
MAY_REPORT = {"operations/telemetry/open_telemetry.py", "operations/telemetry/sentry.py"}
# Only to resolve a name before it is stored, with the same judgement as the client's.
MAY_RESOLVE = {"outbound/url_validation.py"}
# Of the web server beside it, on loopback: the health check of a container.
MAY_ASK_OURSELVES = {"cli/probe.py"}
# The web server's own sockets come from its listener, which gunicorn opens.
SERVES = {"cli/web_server/client_connection.py"}


def test_only_the_guarded_client_opens_sockets() -> None:
    openers = {path for path in importers(SOCKETS) if "/management/commands/" not in path}
    assert (
        openers - MAY_RESOLVE - MAY_NAME_THEM - MAY_STORE - MAY_REPORT - MAY_ASK_OURSELVES - SERVES == MAY_OPEN_SOCKETS
    )


def test_who_only_names_them_uses_nothing_that_opens_a_socket() -> None:
    used = {
        f"{node.value.id}.{node.attr}"
        for path in MAY_NAME_THEM
        for node in ast.walk(sources()[path])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    opening = {"urllib.request", "smtplib.SMTP", "smtplib.SMTP_SSL", "ssl.create_default_context", "ssl.SSLContext"}
    assert used & opening == {"urllib.request"}
    assert "urlopen" not in (ROOT / "integrations/slack/web/client.py").read_text()


def test_the_web_server_opens_no_socket() -> None:
    used = {
        node.attr
        for path in SERVES
        for node in ast.walk(sources()[path])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "socket"
    }
    # The type of what it is given, and a flag.
    assert used == {"socket", "SHUT_WR"}
    assert "socket.socket(" not in "".join((ROOT / path).read_text() for path in SERVES)


def test_slack_sdk_sends_only_through_the_one_socket() -> None:
    assert importers(SLACK_CLIENTS) == {"integrations/slack/web/client.py"}


def test_who_may_resolve_does_nothing_else_with_sockets() -> None:
    used = {
        node.attr
        for path in MAY_RESOLVE
        for node in ast.walk(sources()[path])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "socket"
    }
    assert used == {"getaddrinfo"}
