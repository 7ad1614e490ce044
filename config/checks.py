"""System checks: settings that are each right and together wrong."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from common.processes.private_folder import is_open
from common.processes.start_checks import START
from config import env


@register(START)
def redis_without_shared_database(**_: Any) -> list[CheckMessage]:
    if settings.REDIS_URL and settings.IS_SQLITE:
        return [
            Warning(
                "REDIS_URL is set while the database is SQLite: this works on one host only.",
                hint="Set DATABASE_URL to a PostgreSQL database to share the work between hosts.",
                id="config.W001",
            )
        ]
    return []


@register(START)
def names_are_known(**_: Any) -> list[CheckMessage]:
    return [
        Warning(
            f"{name} is no setting, so it does nothing.",
            hint=f"Is {nearest} meant?" if nearest else "Every setting stands in .env.example.",
            id="config.W005",
        )
        for name, nearest in env.unknown_names().items()
    ]


@register(START)
def running_runs_are_not_taken_for_crashed(**_: Any) -> list[CheckMessage]:
    if settings.HEARTBEAT_SECONDS >= 60:
        return []
    return [
        Warning(
            f"RUNBELL_HEARTBEAT_SECONDS is {settings.HEARTBEAT_SECONDS}, and scripts say each 30 s that they live: "
            "runs that run are taken for crashed.",
            hint="Set it to 60 or more.",
            id="config.W006",
        )
    ]


@register(START)
def data_folder_is_private(**_: Any) -> list[CheckMessage]:
    if not is_open(settings.DATA_DIR):
        return []
    return [
        Warning(
            f"RUNBELL_DATA_DIR {settings.DATA_DIR} is open to other users of this machine. What Runbell writes there "
            "is closed to them, but they see which files there are.",
            hint=f"chmod 700 {settings.DATA_DIR}",
            id="config.W002",
        )
    ]


@register(START)
def secret_key_is_strong(**_: Any) -> list[CheckMessage]:
    """It signs sessions and links to files: whoever guesses it is everybody."""
    key = settings.SECRET_KEY
    if len(key) >= 32 and len(set(key)) >= 8 and not key.startswith("django-insecure-"):
        return []
    # The value is not repeated.
    return [
        Error(
            f"RUNBELL_SECRET_KEY can be guessed: it has {len(key)} characters, {len(set(key))} different ones.",
            hint="Leave it out, and one is made; or make one with: "
            "python -c 'import secrets; print(secrets.token_urlsafe(48))'",
            id="config.E001",
        )
    ]


@register(START)
def debug_is_for_this_machine_alone(**_: Any) -> list[CheckMessage]:
    host = urlsplit(settings.RUNBELL_URL).hostname or ""
    if not settings.RUNBELL_DEBUG or host == "localhost" or _is_loopback(host):
        return []
    return [
        Error(
            f"RUNBELL_DEBUG is on while RUNBELL_URL is {settings.RUNBELL_URL}: its pages tell strangers how it works.",
            hint="Set RUNBELL_DEBUG=false, or an address of this machine alone.",
            id="config.E002",
        )
    ]


@register(START)
def nothing_is_opened_to_everybody(**_: Any) -> list[CheckMessage]:
    """An address of the whole internet is no private network, and no proxy of anybody's."""
    found: list[CheckMessage] = []
    named = {
        "E003": ("RUNBELL_ALLOWED_PRIVATE_CIDRS", settings.ALLOWED_PRIVATE_NETWORKS, "deliveries may reach all of it"),
        "E004": ("RUNBELL_TRUSTED_PROXIES", settings.TRUSTED_PROXIES, "anybody may say who they are"),
    }
    for id, (name, networks, why) in named.items():
        for network in networks:
            if network.prefixlen == 0:
                hint = "Name the networks there are, such as 10.1.0.0/16."
                found.append(
                    Error(f"{name} holds {network}, which is every address: {why}.", hint=hint, id=f"config.{id}")
                )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Warning(
                "RUNBELL_ALLOWED_HOSTS holds *: every name is answered, also one that somebody else leads here.",
                hint="Name the hosts, with commas between.",
                id="config.W003",
            )
        )
    return found


@register(START)
def https_comes_from_a_proxy_we_trust(**_: Any) -> list[CheckMessage]:
    if not settings.IS_PUBLIC or settings.TRUSTED_PROXIES:
        return []
    return [
        Warning(
            f"RUNBELL_URL is {settings.RUNBELL_URL} and RUNBELL_TRUSTED_PROXIES is empty: nobody's X-Forwarded-Proto "
            "is believed, so each request is taken for plain http and sent to https without end.",
            hint="Set RUNBELL_TRUSTED_PROXIES to the address of the proxy in front, such as 127.0.0.1/32.",
            id="config.W004",
        )
    ]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
