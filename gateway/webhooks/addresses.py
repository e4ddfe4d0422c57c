"""Which addresses may be called: those of the public network, and those that the installation lists.

The check is made on the address that a socket is opened for, so a name that is resolved anew cannot lead elsewhere.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Network = IPv4Network | IPv6Network

TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"), ip_network("2002::/16"))
"""IPv6 addresses that hold an IPv4 address, which may be a private one: NAT64 and 6to4."""


class AddressRefused(OSError):  # noqa: N818 (it is a refusal)
    """The address is private, and not listed."""


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list separated by commas; `none` lists none. Raises `ValueError`."""
    if text.strip() == "none":
        return ()
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def is_allowed(address: str, listed: Sequence[Network]) -> bool:
    """Whether an address may be called: it is a public one of one host, or in a listed network."""
    parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if any(parsed in network for network in listed if network.version == parsed.version):
        return True
    is_translated = any(parsed in network for network in TRANSLATED if network.version == parsed.version)
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or is_translated)


def open_socket(address: Sequence[Any], listed: Sequence[Network]) -> socket.socket:
    """Return a socket for an address that was resolved; raise `AddressRefused` before anything is sent to another one.

    `address` is an entry of `socket.getaddrinfo`.
    """
    family, kind, protocol, _, target = address
    if not is_allowed(target[0], listed):
        raise AddressRefused("the address is private")
    opened = socket.socket(family, kind, protocol)
    opened.setblocking(False)
    return opened
