"""Settings of outgoing requests, read from the environment: the operator's proxy, and whose certificates count."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from config import env, well_formed
from outbound.proxy import outgoing_proxy


def ca_bundle() -> str:
    """Give the path of a PEM file whose authorities are trusted in place of the usual ones; empty: the usual ones."""
    return env.file("RUNBELL_CA_BUNDLE", "", well_formed.certificates)


def proxy() -> outgoing_proxy.OutgoingProxy | None:
    """Give what requests go through by CONNECT, if anything."""
    # Read where there is no proxy too: what is wrong in them is wrong before somebody needs it.
    judge = env.choice("RUNBELL_OUTGOING_PROXY_JUDGE", "runbell", among=("runbell", "proxy"))
    past = env.parsed("RUNBELL_OUTGOING_PROXY_EXCEPT", "", _past)
    url = env.url("RUNBELL_OUTGOING_PROXY", "", schemes=("http",))
    if not url:
        return None
    try:
        return outgoing_proxy.parse(url, takes_names=judge == "proxy", past=past)
    except ValueError as error:
        raise ImproperlyConfigured(f"RUNBELL_OUTGOING_PROXY {error}") from None


def _past(texts: list[str]) -> list[str]:
    outgoing_proxy.past_places(texts)
    return texts
