"""Where a request came from, and under which key its sender is counted.

`X-Forwarded-For` can be written by anybody, so it is read only when the connection comes from a proxy we were told of,
and from the right: each proxy appends the address it saw, so the first entry that is not one of ours is the sender.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

from aiohttp import web

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

# What a connection without an address (a Unix socket, a closed peer) counts as: one sender together.
UNKNOWN: Final = "unknown"


def networks(trusted_proxies: Sequence[str]) -> Networks:
    """Parse the configured proxies. Raises ValueError for one that is no network."""
    return tuple(ipaddress.ip_network(proxy) for proxy in trusted_proxies)


def client_address(request: web.BaseRequest, trusted: Networks) -> str:
    """Return the address of the sender in canonical form, or "unknown"."""
    address = _parse(request.remote or "")
    if address is None:
        return UNKNOWN
    hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    for hop in reversed(hops):
        if not any(address in network for network in trusted):
            break
        before = _parse(hop.strip())
        if before is None:
            break
        address = before
    return str(address)


def limit_key(address: str) -> str:
    """Return what an address is counted under: itself, or its /64, since one IPv6 customer holds a whole /64."""
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address if parsed is None else str(parsed)


def network_key(address: str) -> str:
    """Return the network that an address is counted under together with its neighbours: its /24, for IPv6 its /48."""
    parsed = _parse(address)
    if parsed is None:
        return address
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def _parse(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # ::ffff:192.0.2.1 and 192.0.2.1 are one sender, and must match one configured proxy.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
