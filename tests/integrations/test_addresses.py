from __future__ import annotations

import json
import re
import socket
from ipaddress import ip_address
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from common.http.networks import parse_networks
from outbound.addresses import Policy, Refused, check, parse

DATA = Path(__file__).parents[1] / "data"
NAMES = json.loads((DATA / "ssrf_dns.json").read_text())["exact"]


def cases(file: str, groups: str = "") -> list[ParameterSet]:
    lines = (DATA / file).read_text("utf-8").rstrip("\n").split("\n")
    urls = [line.rpartition("\t")[::2] for line in lines]
    return [
        pytest.param(url, id=f"{number} {about}")
        for number, (url, about) in enumerate(urls, 1)
        if re.search(groups, about)
    ]


def addresses_of(host: str) -> list[str]:
    name = host.rstrip(".")
    if name.endswith(".nip.test"):
        written = name.removesuffix(".nip.test")
        octets = bytes.fromhex(written) if re.fullmatch("[0-9a-f]{8}", written) else None
        return [".".join(map(str, octets)) if octets else ".".join(written.split(".")[-4:])]
    if name.endswith(".sslip.test"):
        return [name.removesuffix(".sslip.test").replace("-", ".")]
    found = NAMES.get(name, [])
    return addresses_of(found["cname"]) if isinstance(found, dict) else found


def resolve(host: str, port: int, **options: object) -> list[object]:
    addresses = addresses_of(host)
    if not addresses:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [(socket.AF_UNSPEC, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


def resolve_to(*addresses: str) -> object:
    return lambda host, port, **options: [(0, 0, 0, "", (address, port)) for address in addresses]


def checked(url: str, *allowed: str) -> list[str]:
    policy = Policy(allowed_private=parse_networks(allowed))
    return [str(address) for address in check(parse(url, policy), policy, resolve)]


def rule(url: str, *allowed: str) -> str:
    with pytest.raises(Refused) as refusal:
        checked(url, *allowed)
    return refusal.value.rule


@pytest.mark.parametrize("url", cases("ssrf_refuse.tsv"))
def test_a_dangerous_url_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        checked(url)


@pytest.mark.parametrize("url", cases("ssrf_accept.tsv"))
def test_a_harmless_url_is_accepted(url: str) -> None:
    assert all(ip_address(address).is_global for address in checked(url))


@pytest.mark.parametrize("url", cases("ssrf_refuse.tsv", r"\[(parser|unicode|scheme|policy)\]"))
def test_an_ambiguous_url_is_refused_before_any_name_is_resolved(url: str) -> None:
    with pytest.raises(Refused):
        parse(url)


RESERVED = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
    "::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 "
    "5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8 4000::/3"
)


@pytest.mark.parametrize("network", RESERVED.split())
def test_both_ends_of_a_reserved_network_are_refused(network: str) -> None:
    (block,) = parse_networks([network])
    for address in (block[0], block[-1]):
        host = f"[{address}]" if block.version == 6 else address
        assert rule(f"http://{host}/") == "address"


NEIGHBOURS = (
    "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 "
    "172.15.255.255 172.32.0.0 192.167.255.255 198.17.255.255 198.20.0.0 223.255.255.255 168.63.129.15 "
    "[2000::] [2001:200::1] [2003::1] [2606:4700::1111] [3ffd:ffff::1]"
)


@pytest.mark.parametrize("address", NEIGHBOURS.split())
def test_the_neighbours_of_reserved_networks_are_accepted(address: str) -> None:
    assert checked(f"https://{address}/") == [address.strip("[]")]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Hooks.Example.COM./a?b=c#d", "https://hooks.example.com/a?b=c"),
        ("http://hooks.example.com:80?x=1", "http://hooks.example.com/?x=1"),
        ("http://hooks.example.com:443/", "http://hooks.example.com:443/"),
        (
            "https://bücher.example.com/ä b".replace(" ", "%20"),
            "https://xn--bcher-kva.example.com/%C3%A4%20b",
        ),
        ("https://[2A00:0::1]:8443/@me", "https://[2a00::1]:8443/@me"),
    ],
    ids=["case, dot and fragment", "no path", "unusual port", "IDN", "IPv6"],
)
def test_an_address_has_one_spelling(url: str, expected: str) -> None:
    assert parse(url).url == expected
    assert parse(expected).url == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://hooks.example.com:/", "port"),
        ("http://hooks.example.com:0/", "port"),
        ("http://hooks.example.com:0443/", "port"),
        ("http://hooks.example.com:+443/", "port"),
        ("http://hooks.example.com:6379/", "port"),
        ("http://hooks.example.com:22/", "port"),
        ("http://hooks.example.com/a b", "characters"),
        ("http://hooks.example.com/\r\nX: y", "characters"),
        ("http://hooks.example.com/\ud800", "characters"),
        (" http://hooks.example.com/", "scheme"),
        ("http:///hooks.example.com/", "host"),
        ("http://hooks..example.com/", "host"),
        ("http://-hooks.example.com/", "host"),
        ("http://hooks.example.com../", "host"),
        ("http://1.2.3.0x4/", "host"),
        ("http://[::1/", "host"),
        ("http://[::1]x/", "host"),
        ("http://१२७.0.0.1/", "host"),
        ("http://loc\u00adalhost/", "host"),
        ("http://hooks.exam\u212ale.com/", "host"),
        ("http://hooks\uff0eexample.com/", "host"),
        ("http://xn--localhost-/", "host"),
        ("http://xn--a.example.com/", "host"),
        (f"http://{'a.' * 127}com/", "host"),
        ("http://hooks.example.com#@127.0.0.1/", "credentials"),
    ],
)
def test_a_refusal_names_its_rule(url: str, expected: str) -> None:
    assert rule(url) == expected


# Kinds that the shared list does not hold.
FURTHER = {
    "http://[2001:470:1f0b::5efe:7f00:1]/": "address",  # ISATAP: 127.0.0.1
    "http://[2a00:1450::200:5efe:a9fe:a9fe]/": "address",  # ISATAP with the unique bit: 169.254.169.254
    "http://[::ffff:0:7f00:1]/": "address",  # IPv4-translated (SIIT)
    "http://[64:ff9b:1::7f00:1]/": "address",  # local-use NAT64
    "http://[2001:0:7f00:1::]/": "address",  # Teredo
    "http://[2001:20::1]/": "address",  # ORCHIDv2
    "http://[5f00::1]/": "address",  # segment routing
    "http://[fec0::1]/": "address",  # site-local, deprecated and still routed by some
    "http://[0:0:0:0:0:ffff:7f00:1]/": "address",
    "http://[::ffff:127.0.0.1%25lo]/": "host",
    "http://[::1%lo]/": "host",
    "http://[v1.::1]/": "host",  # RFC 3986 leaves room for it; no resolver knows it
    "http://[::1].example.com/": "host",
    "http://[127.0.0.1]/": "host",
    "http://::1/": "host",
    "http://%31%32%37.0.0.1/": "host",
    "http://127.0.0.1%2f.example.com/": "host",
    "http://127.0.0.1%00.example.com/": "host",
    "http://127.0.0.1;.example.com/": "host",
    "http://127.0.0.1&.example.com/": "host",
    "http://127.0.0.1,.example.com/": "host",
    "http://127.0.0.1../": "host",
    "http://.127.0.0.1/": "host",
    "http://127.0.0.1.:80/": "host",
    "http://017700000001/": "host",
    "http://0x7F.1/": "host",
    "http://127.0.0.0x1/": "host",
    "http://1.1.1.1.127.0.0.1/": "host",
    "http://127.0.0.1:80:80/": "port",
    "http://127.0.0.1:80 /": "characters",
    "http://hooks.example.com:80@127.0.0.1/": "credentials",
    "http://@127.0.0.1/": "credentials",
    "http://:@127.0.0.1/": "credentials",
    "http://a:b@c:d@127.0.0.1/": "credentials",
    "http://hooks.example.com?@127.0.0.1/": "credentials",
    "http://hooks.example.com\\@127.0.0.1/": "characters",
    "http://hooks.example.com\\.127.0.0.1/": "characters",
    "http://127.0.0.1\t.example.com/": "characters",
    "http://hooks.example.com\x0b/": "characters",
    "http://hooks.example.com\u0085/": "host",
    "http://hooks.example.com\u202e/": "host",
    "http://loca\u2113host/": "host",
    "http://ⓛocalhost/": "host",
    "http://localho\u017ft/": "host",
    "http://xn--localhost/": "host",
    "http://hooks\uff61example.com/": "host",
    "http://127\u30020\u30020\u30021/": "host",
    "http:/127.0.0.1/": "scheme",
    "http:127.0.0.1/": "scheme",
    "http:\\\\127.0.0.1/": "scheme",
    "//127.0.0.1/": "scheme",
    "127.0.0.1": "scheme",
    "javascript:alert(1)//http://a.example.com/": "scheme",
    "view-source:http://127.0.0.1/": "scheme",
    "url:http://127.0.0.1/": "scheme",
    "\u0130ttp://127.0.0.1/": "scheme",
    "http\x00://hooks.example.com/": "scheme",
    "\x00http://hooks.example.com/": "scheme",
    "gopher://127.0.0.1:6379/_FLUSHALL": "scheme",
    "ldap://127.0.0.1/": "scheme",
    "unix:///var/run/docker.sock": "scheme",
    "http://hooks.example.com:6379/": "port",
    "http://hooks.example.com:10250/": "port",
    "http://hooks.example.com:-1/": "port",
    "http://hooks.example.com:0x50/": "port",
    "http://hooks.example.com:80\u0660/": "port",
    "http://192.0.0.170/": "address",  # NAT64 discovery
    "http://192.0.0.192/": "address",  # Oracle's metadata
    "http://255.255.255.255/": "address",
    "http://[ff05::1:3]/": "address",
}


@pytest.mark.parametrize("url", FURTHER, ids=ascii)
def test_further_kinds_are_refused(url: str) -> None:
    assert rule(url) == FURTHER[url]


@pytest.mark.parametrize(
    "answer",
    ["2001:470::5efe:10.0.0.1", "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::", "fe80::1%1"],
)
def test_a_public_name_with_a_disguised_answer_is_refused(answer: str) -> None:
    with pytest.raises(Refused) as refusal:
        check(parse("https://hooks.example.com/"), resolve=resolve_to("93.184.216.34", answer))
    assert "10.0.0.1" not in str(refusal.value)


def test_what_a_resolver_answers_beside_addresses_is_no_address() -> None:
    with pytest.raises(Refused) as refusal:
        check(parse("https://hooks.example.com/"), resolve=resolve_to("93.184.216.34", "localhost"))
    assert refusal.value.rule == "dns"


def test_an_address_that_only_looks_like_a_tunnel_is_accepted() -> None:
    assert checked("http://[2001:470::5efe:5db8:d822]/") == ["2001:470::5efe:5db8:d822"]
    assert checked("http://[2a00:1450:5efe::1]/") == ["2a00:1450:5efe::1"]


@pytest.mark.parametrize("port", [81, 3000, 8080, 8888, 65535])
def test_a_port_without_a_known_service_is_accepted(port: int) -> None:
    assert parse(f"http://hooks.example.com:{port}/").port == port


def test_an_opened_network_opens_just_itself() -> None:
    assert checked("http://172.18.0.9/", "172.18.0.0/16") == ["172.18.0.9"]
    assert checked("http://redis/", "172.18.0.0/16") == ["172.18.0.2"]
    assert checked("http://[::ffff:172.18.0.9]/", "172.18.0.0/16") == ["172.18.0.9"]
    assert rule("http://172.19.0.9/", "172.18.0.0/16") == "address"


def test_localhost_works_when_only_its_ipv4_network_is_opened() -> None:
    assert checked("http://localhost:9999/", "127.0.0.0/8") == ["127.0.0.1"]
    assert checked("http://localhost:9999/", "127.0.0.0/8", "::1/128") == ["127.0.0.1", "::1"]


DANGEROUS = (
    "127.0.0.1 0.0.0.0 169.254.169.254 100.100.100.200 168.63.129.16 [::1] [::] [fe80::1] [fd00:ec2::254] "
    "[::7f00:1] [64:ff9b::a9fe:a9fe] [2002:7f00:1::] [::ffff:127.0.0.1] localhost"
)


@pytest.mark.parametrize("host", DANGEROUS.split())
def test_a_broad_network_does_not_open_the_host_or_its_metadata(host: str) -> None:
    assert rule(f"http://{host}/", "0.0.0.0/0", "::/0", "126.0.0.0/7", "fd00::/8") == "address"


def test_a_named_link_local_network_is_opened() -> None:
    assert checked("http://169.254.169.254/", "169.254.169.254/32") == ["169.254.169.254"]


def test_an_internal_name_with_a_public_address_is_refused() -> None:
    for host in ("intranet", "app.localhost", "box.local", "db.internal"):
        with pytest.raises(Refused):
            check(parse(f"http://{host}/"), resolve=resolve_to("93.184.216.34"))


def test_an_opened_address_does_not_excuse_a_forbidden_one_beside_it() -> None:
    policy = Policy(parse_networks(["10.0.0.0/8"]))
    with pytest.raises(Refused):
        check(parse("http://hooks.example.com/"), policy, resolve_to("10.0.0.1", "192.168.0.1"))
    with pytest.raises(Refused):
        check(parse("http://localhost/"), policy, resolve_to("10.0.0.1", "127.0.0.1", "192.168.0.1"))


def test_a_literal_asks_no_resolver() -> None:
    def forbidden(*arguments: object, **options: object) -> list[object]:
        raise AssertionError("resolved a literal")

    assert check(parse("https://93.184.216.34/"), resolve=forbidden) == [ip_address("93.184.216.34")]


def test_no_answer_is_a_refusal() -> None:
    with pytest.raises(Refused) as refusal:
        check(parse("https://hooks.example.com/"), resolve=resolve_to())
    assert refusal.value.rule == "dns"


def test_a_refusal_does_not_tell_what_the_name_resolved_to() -> None:
    with pytest.raises(Refused) as refusal:
        checked("https://internal.corp.test/")
    assert "RUNBELL_ALLOWED_PRIVATE_CIDRS" in str(refusal.value)
    assert "10.0.0.5" not in str(refusal.value)


def test_a_bad_network_is_named() -> None:
    with pytest.raises(ValueError, match="'10.0.0.1/8' is not a network"):
        parse_networks(["127.0.0.0/8", "10.0.0.1/8"])
