"""Special-purpose IP ranges, host names and ports that are not the public web (IANA registries).

IPv4 and IPv6: https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry.
Ports: https://fetch.spec.whatwg.org/#port-blocking, and the databases and brokers that list leaves out.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

from common.http.networks import Network, parse_networks

Address = IPv4Address | IPv6Address


def unmapped(address: Address) -> Address:
    """Give ::ffff:a.b.c.d as a.b.c.d: the kernel dials the IPv4 address."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_public(address: Address) -> bool:
    """Whether anyone on the internet may mean this one, mapped addresses already unmapped."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in RESERVED_IPV4)
    # For IPv6 the list is turned round: most of the space is unassigned and may get a meaning later.
    if address not in GLOBAL_IPV6 or any(address in network for network in RESERVED_IPV6):
        return False
    tunnelled = _isatap(address)
    return tunnelled is None or is_public(tunnelled)


def is_internal_name(host: str) -> bool:
    """Whether only the local network can give this name a meaning."""
    return "." not in host or host.endswith(INTERNAL_ENDINGS)


def _isatap(address: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that an ISATAP interface (RFC 5214) would pass this one on to."""
    interface = int(address) & (2**64 - 1)
    # The 0x02 bit says that the IPv4 address is meant to be unique; it decides nothing.
    return IPv4Address(interface & (2**32 - 1)) if interface >> 32 & ~0x0200_0000 == 0x0000_5EFE else None


def _networks(text: str) -> tuple[Network, ...]:
    return parse_networks(text.split())


RESERVED_IPV4 = _networks(
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 "
    "198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
    # Azure's wire server: looks public, answers each virtual machine with its own secrets.
    "168.63.129.16/32"
)

GLOBAL_IPV6 = IPv6Network("2000::/3")

RESERVED_IPV6 = _networks(
    # Protocol assignments (Teredo, benchmarking, ORCHID), documentation, 6to4, AS112, 6bone, documentation.
    "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3ffe::/16 3fff::/20"
)

# A network that someone allows opens these only when it lies inside one of them, so that
# 0.0.0.0/0 or fd00::/8 is not by accident a way to the host itself or to its cloud credentials.
ONLY_WHEN_NAMED = _networks(
    # The host itself. Linux dials loopback for 0.0.0.0 and ::.
    "0.0.0.0/8 127.0.0.0/8 ::/128 ::1/128 "
    # Link-local, where most clouds keep their metadata.
    "169.254.0.0/16 fe80::/10 "
    # Metadata elsewhere: Alibaba, Azure, Oracle; Amazon, Google, Scaleway over IPv6.
    "100.100.100.200/32 168.63.129.16/32 192.0.0.192/32 fd00:ec2::/32 fd20:ce::/32 fd00:42::/32 "
    # IPv6 forms that carry any IPv4 address: compatible, translated, NAT64, Teredo, 6to4.
    "::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2001::/32 2002::/16"
)

# localhost, local, internal and home.arpa are reserved; the others are RFC 6762, appendix G,
# and the alias of many /etc/hosts. Names of one label are internal too.
INTERNAL_ENDINGS = (
    ".localhost",
    ".localdomain",
    ".local",
    ".internal",
    ".home.arpa",
    ".intranet",
    ".private",
    ".corp",
    ".home",
    ".lan",
)

_WHATWG_BAD_PORTS = (
    "0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 "
    "117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 "
    "587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 "
    "6668 6669 6679 6697 10080"
)

_SERVICE_PORTS = (
    # Mail, files, names, proxies, remote shells and desktops that WHATWG leaves out.
    "24 67 68 88 162 445 464 543 544 631 873 1080 1099 1194 1900 3128 3268 3269 3389 5353 5355 5900 "
    # SQL: SQL Server, Oracle, MySQL, PostgreSQL, pgbouncer, CockroachDB.
    "1433 1434 1521 2483 2484 3306 33060 5432 5433 6432 26257 "
    # Other stores: Redis and its Sentinel, memcached, MongoDB, Cassandra, Elasticsearch, Neo4j, RethinkDB.
    "6379 6380 16379 26379 11211 27017 27018 27019 9042 9160 9200 9300 7687 28015 "
    # Brokers and coordination: AMQP, MQTT, NATS, Kafka, STOMP, ActiveMQ, ZooKeeper, epmd.
    "5671 5672 1883 8883 4222 9092 61613 61616 2181 4369 "
    # Docker, swarm, etcd, kubelet: each is root on its host to whoever may talk to it.
    "2375 2376 2377 2379 2380 10250"
)

REFUSED_PORTS = frozenset(int(port) for port in f"{_WHATWG_BAD_PORTS} {_SERVICE_PORTS}".split())
