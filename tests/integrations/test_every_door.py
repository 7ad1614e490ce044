"""An address that may not be called is refused at every door, in the same words; all others are delivered to."""

from __future__ import annotations

import datetime
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import Client as Browser
from django.urls import reverse
from rest_framework.test import APIClient

from automations.models import Execution
from automations.tasks import work
from integrations.webhook.models import Webhook
from operations.provision import UnusableProvision, provision
from outbound import url_validation
from outbound import web_provider as sending
from outbound.addresses import Policy, Refused, check, parse
from outbound.client import Client
from outbound.request_deadline import Exchange, TimedSocket
from projects.runs.lifecycle import finish_run
from tests.integrations.receivers import OK, Receiver, Start, answering, encrypted
from tests.integrations.test_addresses import cases, resolve
from tests.world import FAILED, World

WEBHOOKS = "/api/v1/teams/acme/integrations/webhook"
REFUSED = [param.values[0] for param in cases("ssrf_refuse.tsv")]
ACCEPTED = [param.values[0] for param in cases("ssrf_accept.tsv")]
# What a name resolves to, and the addresses behind disguises: no refusal may tell them.
INTERNAL = ("10.0.0.", "127.0.0.", "169.254.", "192.168.", "172.18.", "fd00", "::1")
# A name without an address may get one later: it is not dialled, and may be stored.
UNRESOLVED = "http://nxdomain.example.com/"


@dataclass
class Wire:
    """What was dialled, though every connection ends at a receiver of the test."""

    dialled: list[str]
    plain: Receiver
    encrypted: Receiver


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch, settings: Any, start: Start, tmp_path: Path) -> Wire:
    """Put the tests' resolver and receivers where the network is; nothing is opened by the operator."""
    settings.ALLOWED_PRIVATE_NETWORKS = ()
    certificate = certificate_for(ACCEPTED, tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    made = Wire([], start(answering(OK)), start(encrypted(tls, answering(OK))))

    def connected(exchange: Exchange, address: Any, seconds: float) -> socket.socket:
        made.dialled.append(str(address))
        ours = made.encrypted if exchange.parsed.scheme == "https" else made.plain
        plain = TimedSocket(socket.AF_INET, socket.SOCK_STREAM)
        plain.settimeout(seconds)
        plain.connect(("127.0.0.1", ours.port))
        return plain

    client = Client(sending.policy(), version="1.2.3", resolve=resolve, certificates=certificate)
    monkeypatch.setattr(Exchange, "_connected", connected)
    monkeypatch.setattr(url_validation, "_resolve_soon", resolve)
    monkeypatch.setattr(sending, "client", lambda: client)
    return made


def certificate_for(urls: list[str], folder: Path) -> str:
    """Give a certificate for the hosts of these addresses, in one file with its key."""
    targets = [parse(url) for url in urls]
    names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(one.host)) for one in targets if one.literal]
    names += [x509.DNSName(host) for host in {one.host for one in targets if not one.literal}]
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "everybody")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "everybody.pem").write_bytes(made.public_bytes(pem) + secret)
    return str(folder / "everybody.pem")


def words(url: str) -> str:
    """Give the rule in the words that every door has for it."""
    try:
        check(parse(url), Policy(), resolve)
    except Refused as refusal:
        return str(refusal)
    raise AssertionError(f"{url!r} is not refused")


# The doors: each tries to call this address, and gives what it is told -----------------------------


@dataclass
class House:
    api: APIClient
    browser: Browser
    world: World

    def stored(self, url: str = "https://hooks.example.com/") -> Webhook:
        """Give the webhook, with an address that passed no check: as after a change of the policy."""
        Webhook.objects.update_or_create(team=self.world.team, name="hook", defaults={"url": url})
        return Webhook.objects.select_related("team").get(name="hook")


def create(house: House, url: str) -> str:
    return url_error(house.api.post(WEBHOOKS, {"name": "new", "url": url}, format="json"))


def put(house: House, url: str) -> str:
    house.stored()
    return url_error(house.api.put(f"{WEBHOOKS}/hook", {"name": "hook", "url": url}, format="json"))


def patch(house: House, url: str) -> str:
    house.stored()
    return url_error(house.api.patch(f"{WEBHOOKS}/hook", {"url": url}, format="json"))


def provision_new(house: House, url: str) -> str:
    return provisioned({"name": "new", "url": url})


def provision_again(house: House, url: str) -> str:
    house.stored()
    return provisioned({"name": "hook", "url": url})


def add_in_settings(house: House, url: str) -> str:
    page = reverse("team_settings:integrations_webhook_add")
    return on_page(house, page, {"name": "new", "url": url, "method": "POST", "team": house.world.team.pk})


def change_in_settings(house: House, url: str) -> str:
    page = reverse("team_settings:integrations_webhook_change", args=[house.stored().pk])
    return on_page(house, page, {"name": "hook", "url": url, "method": "POST"})


def test_over_rest(house: House, url: str) -> str:
    house.stored(url)
    answer = house.api.post(f"{WEBHOOKS}/hook/test", {}, format="json").json()
    assert not answer["ok"]
    return str(answer["detail"])


def test_on_the_page(house: House, url: str) -> str:
    house.stored(url)
    answer = house.browser.post("/acme/integrations/webhook/hook/test", {"event": "run.state", "payload": ""})
    sent = answer.context["sent"]
    assert not sent["ok"]
    return str(sent["detail"])


def deliver(house: House, url: str) -> str:
    hook = house.stored(url)
    action = {"webhook": hook.pk, "payload": "{}"}
    Execution.objects.create(
        automation=house.world.team.automations.get(), team=house.world.team, receiver_key=f"webhook:{hook.pk}",
        next_attempt_at="2026-01-01T00:00:00Z", action_type="send_webhook", action=action,
    )  # fmt: skip
    work()
    execution = Execution.objects.order_by("-id")[0]
    assert execution.state != "delivered"
    Execution.objects.all().delete()
    return execution.reason


test_over_rest.__test__ = test_on_the_page.__test__ = False  # type: ignore[attr-defined]
STORING = [create, put, patch, provision_new, provision_again, add_in_settings, change_in_settings]
PAGES = [add_in_settings, change_in_settings]
SENDING = [test_over_rest, test_on_the_page, deliver]


def url_error(answer: Any) -> str:
    assert answer.status_code == 400, answer.content
    assert [error["field"] for error in answer.json()["errors"]] == ["url"]
    return str(answer.json()["errors"][0]["message"])


def provisioned(webhook: dict[str, str]) -> str:
    document = {"organizations": [{"name": "research", "teams": [{"name": "acme", "webhooks": [webhook]}]}]}
    with pytest.raises(UnusableProvision) as refused:
        provision(document)
    return str(refused.value)


def on_page(house: House, page: str, values: dict[str, Any]) -> str:
    answer = house.browser.post(page, values)
    assert answer.status_code == 200
    errors: dict[str, list[str]] = answer.context["adminform"].form.errors
    assert list(errors) == ["url"]
    return " ".join(errors["url"])


@pytest.fixture
def house(world: World, api: APIClient, wire: Wire) -> House:
    browser = Browser()
    browser.force_login(world.users["alice"])
    made = House(api, browser, world)
    made.stored()
    world.automation(FAILED)
    return made


@pytest.mark.parametrize("door", [*STORING, *SENDING], ids=lambda door: door.__name__)
def test_what_may_not_be_called_is_refused_in_the_same_words(
    house: House, wire: Wire, door: Callable[[House, str], str]
) -> None:
    wrong = []
    # A page of the admin takes its time; one of each kind will do there.
    for url in REFUSED[::6] if door in PAGES else REFUSED:
        if door in STORING and url in (UNRESOLVED, ""):
            continue
        said = door(house, url)
        # How the address was written is said back to whoever wrote it; what is behind it is not.
        told_of = [text for text in INTERNAL if text in said and text not in url]
        rule = "The name could not be resolved" if url == UNRESOLVED else words(url)
        if rule not in said or told_of:
            wrong.append((url, said, told_of))
    assert wrong == []
    assert wire.dialled == []
    assert [wire.plain.connections, wire.encrypted.connections] == [0, 0]


@pytest.mark.parametrize("door", STORING, ids=lambda door: door.__name__)
def test_a_refused_address_is_not_stored(house: House, door: Callable[[House, str], str]) -> None:
    for url in REFUSED[::10]:
        door(house, url)
        assert [(webhook.name, webhook.url) for webhook in Webhook.objects.all()] == [
            ("hook", "https://hooks.example.com/")
        ]


def test_every_other_address_is_delivered_to_at_an_address_that_was_checked(house: House, wire: Wire) -> None:
    for number, url in enumerate(ACCEPTED):
        wire.dialled.clear()
        assert house.api.patch(f"{WEBHOOKS}/hook", {"url": url}, format="json").status_code == 200
        finish_run(house.world.run(f"run{number}"), 1)
        work()
        execution = Execution.objects.order_by("-id")[0]
        assert (execution.state, execution.reason) == ("delivered", "The receiver answered 200."), url
        # None, where the connection of the line before could be used again.
        assert len(wire.dialled) <= 1
        assert set(wire.dialled) <= {str(address) for address in check(parse(url), Policy(), resolve)}
    assert len(wire.plain.requests) + len(wire.encrypted.requests) == len(ACCEPTED)


def test_a_name_that_answers_differently_after_its_check_is_not_followed(
    house: House, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = iter(["93.184.216.34", "127.0.0.1", "10.0.0.1"])

    def rebinding(host: str, port: int, **options: object) -> Any:
        return [(0, 0, 0, "", (next(asked), port))]

    client = Client(sending.policy(), version="1.2.3", resolve=rebinding)
    monkeypatch.setattr(sending, "client", lambda: client)
    house.stored("http://rebind.example.com/")
    test = f"{WEBHOOKS}/hook/test"
    # 1. Checked and dialled at the first answer, though the second would already be another.
    assert house.api.post(test, {}, format="json").json()["ok"]
    assert wire.dialled == ["93.184.216.34"]
    # 2. A new connection asks anew, and is refused.
    client.close()
    assert "private or reserved" in house.api.post(test, {}, format="json").json()["detail"]
    assert wire.dialled == ["93.184.216.34"]


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("where", ["http://127.0.0.1:{port}/", "//127.0.0.1:{port}/", "/again", "file:///etc/passwd"])
def test_a_redirect_is_an_answer_and_never_followed(
    house: House, wire: Wire, start: Start, status: int, where: str
) -> None:
    inside = start(answering(OK))
    location = where.format(port=inside.port)
    head = f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nRefresh: 0; url={location}\r\nContent-Length: 0\r\n\r\n"
    wire.plain.answer = answering(head.encode())
    house.stored("http://hooks.example.com/")

    answer = house.api.post(f"{WEBHOOKS}/hook/test", {}, format="json").json()

    assert answer["detail"].startswith(f"The receiver answered {status}. Redirects are not followed")
    assert (wire.plain.connections, inside.connections) == (1, 0)
    assert json.loads(json.dumps(answer))["reply"]["headers"]["Location"] == location
