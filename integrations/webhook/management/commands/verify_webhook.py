"""`manage.py verify_webhook`: tell whether a request that was captured is signed with a secret."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from outbound.signing import held

# Standard Webhooks: a receiver refuses what is older, so that nobody can send it a second time.
_FRESH_SECONDS = 5 * 60


class Command(BaseCommand):
    help = (
        "Verify a captured request. Give its headers and its body, byte for byte, in files; the secret comes from "
        "WEBHOOK_SECRET, from another variable, from a file or from standard input, never from the command line."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--headers", type=Path, required=True, help="`Name: value` lines, or a JSON object.")
        parser.add_argument("--body", type=Path, required=True, help="The body as it came.")
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--secret-env", default="WEBHOOK_SECRET", metavar="NAME", help="Variable with the secret.")
        source.add_argument("--secret-file", type=Path, metavar="FILE", help="File with the secret.")
        source.add_argument("--secret-stdin", action="store_true", help="Read the secret from standard input.")

    def handle(self, *args: Any, headers: Path, body: Path, **options: Any) -> None:
        given = _headers(_read(headers).decode("utf-8", "surrogateescape"))
        found = held(given, _read(body), _secret(options))
        for name, right in found.items():
            self.stdout.write(f"{name}: {'holds' if right else 'does not hold'}")
        if not found:
            raise CommandError("The request carries no signature. Choose a signing secret for the webhook.")
        if not any(found.values()):
            raise CommandError(_why_not(given))
        self.stdout.write(_age(given))


def _why_not(headers: dict[str, str]) -> str:
    missing = [name for name in ("webhook-id", "webhook-timestamp") if name not in headers]
    if missing and "x-wandb-signature" not in headers:
        return f"No signature can hold: the header {missing[0]} is missing, and it is signed too."
    return (
        "No signature holds. Either the secret is another one, or the body is not byte for byte the one that came: "
        "a parser or an editor may have changed spaces, line ends or a last line break."
    )


def _age(headers: dict[str, str]) -> str:
    text = headers.get("webhook-timestamp", "")
    if not (text.isascii() and text.isdigit()):
        return "There is no webhook-timestamp, so nothing tells how old it is."
    age = int(time.time()) - int(text)
    if abs(age) <= _FRESH_SECONDS:
        return f"It was sent {age} s ago."
    return f"It was sent {age} s ago: a receiver refuses what is more than {_FRESH_SECONDS} s away from its own clock."


def _headers(text: str) -> dict[str, str]:
    if text.lstrip().startswith("{"):
        try:
            pairs = json.loads(text).items()
        except ValueError as error:
            raise CommandError(f"The headers are no JSON object: {error}.") from None
        return {str(name).lower(): str(value).strip() for name, value in pairs}
    # A request line, such as `POST /hook HTTP/1.1`, has no colon before its first space.
    lines = (line.partition(":") for line in text.splitlines() if ":" in line.split(" ")[0])
    return {name.strip().lower(): value.strip() for name, _colon, value in lines}


def _secret(options: dict[str, Any]) -> str:
    if options["secret_stdin"]:
        secret = sys.stdin.read()
    elif options["secret_file"]:
        secret = _read(options["secret_file"]).decode("utf-8", "replace")
    else:
        secret = os.environ.get(options["secret_env"], "")
        if not secret:
            raise CommandError(f"The variable {options['secret_env']} is not set. Put the signing secret into it.")
        return secret
    # Editors and `echo` end a file with a line break, which is not part of the secret.
    secret = secret.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise CommandError("The secret is empty.")
    return secret


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
