"""The page `/metrics`, in Prometheus' text format, and who may read it: whoever is near, or shows the token."""

from __future__ import annotations

import hmac
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from common.http import client_address
from operations.monitoring.samples import Samples

# This machine and private networks: a scraper stands there. Not link-local: that of a cloud answers for others.
_NEAR = [
    ip_network(text) for text in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
]
# A proxy that we do not know says whom it asks for: where it stands says nothing then.
_SAID_BY_PROXIES = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
_REFUSED = (
    "Metrics are for this machine and private networks, or for who sends RUNBELL_METRICS_TOKEN "
    "as Authorization: Bearer TOKEN.\n"
)
_TEXT = "text/plain; charset=utf-8"
_registry = CollectorRegistry()
_registry.register(Samples())


def metrics(request: HttpRequest) -> HttpResponse:
    """Give the numbers of the whole installation; 404 where they have a bind of their own and this is another."""
    if settings.METRICS_BIND and not is_on_own_bind(request):
        return HttpResponse("Metrics are answered at RUNBELL_METRICS_BIND.\n", status=404, content_type=_TEXT)
    if not may_read(request):
        return HttpResponse(_REFUSED, status=403, content_type=_TEXT)
    return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def may_read(request: HttpRequest) -> bool:
    """Whether whoever asks is told numbers of the whole installation: from near, or with the token."""
    return _is_near(request) or _shows_token(request)


def is_on_own_bind(request: HttpRequest) -> bool:
    """Whether it came in by RUNBELL_METRICS_BIND, where nothing but metrics and probes is answered."""
    bind = settings.METRICS_BIND
    return bind is not None and request.META.get("SERVER_PORT") == str(bind.port)


def _is_near(request: HttpRequest) -> bool:
    # Behind a proxy everybody comes from near, and not every proxy says for whom it asks.
    if settings.IS_PUBLIC and not is_on_own_bind(request):
        return False
    return _stands_near(request) and _names_this_machine(request)


def _names_this_machine(request: HttpRequest) -> bool:
    """Whether it was asked for by an address, or a name of one label: a name of the world's may be a stranger's."""
    name = request.META.get("HTTP_HOST", "").rpartition("@")[2]
    name = name.partition("]")[0].lstrip("[") if name.startswith("[") else name.partition(":")[0]
    try:
        return any(ip_address(name) in network for network in _NEAR)
    except ValueError:
        return "." not in name


def _stands_near(request: HttpRequest) -> bool:
    trusted = settings.TRUSTED_PROXIES
    found = client_address.address_of(request.META, trusted)
    if found is None:
        return False
    if any(request.META.get(header) for header in _SAID_BY_PROXIES):
        is_known = client_address.is_trusted_peer(request.META, trusted)
        if not is_known or any(ip_address(found) in network for network in trusted):
            return False
    return any(ip_address(found) in network for network in _NEAR)


def _shows_token(request: HttpRequest) -> bool:
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    token = settings.METRICS_TOKEN
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode())
