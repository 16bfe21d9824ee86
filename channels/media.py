"""Fetching a file that a message only points at, from a provider and from nowhere else (rule H4).

What a message points at is data from outside. So: https, from hosts of a list; every redirect is judged like the first
address; the name is resolved once, all its addresses must be public, and the connection goes to these; a password goes to
the host it is for and to no other; size and time are bounded while reading. Whatever fails, the message stays.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from channels.mail.sniff import extension_for, type_of
from channels.message import Attachment, MediaLink

log = structlog.get_logger(__name__)

Reason = Literal["not_allowed", "too_large", "missing", "refused", "encoded", "too_slow", "unavailable"]
# Host name and port to the addresses that it has. Raises OSError.
LookUp = Callable[[str, int], Awaitable[Sequence[str]]]

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_CHUNK: Final = 64 * 1024
_IPv4: Final = ipaddress.IPv4Address
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are to a host (HTTP basic authentication)."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sources:
    """From where files may come. Hosts are whole names, with ":port" where it is not 443.

    `accounts` says who we are to which of them. `own` are hosts of this machine, for tests: they may be loopback and speak
    plain http. Sizes in bytes, `seconds` for everything together.
    """

    hosts: frozenset[str]
    accounts: Mapping[str, Account] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    most_bytes: int = 20 * 1000 * 1000
    seconds: float = 30
    redirects: int = 3


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a file did not come, in one word of a closed list."""

    reason: Reason

    @property
    def later(self) -> bool:
        """Whether another try may bring it. A provider often announces a file some seconds before it has it."""
        return self.reason in ("missing", "refused", "too_slow", "unavailable")


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as the machine resolves them. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def fetch(
    link: MediaLink, sources: Sources, *, resolve: LookUp = look_up, tls: ssl.SSLContext | None = None
) -> Attachment | Failed:
    """The file, or why not. `tls` replaces the authorities that are trusted. Raises nothing but CancelledError.

    Its type is what its bytes look like; its name the sender's, or the provider's id with the ending of the type.
    """
    try:
        async with asyncio.timeout(sources.seconds):
            found = await _follow(link, sources, resolve, tls)
    except TimeoutError:
        found = Failed("too_slow")
    except (aiohttp.ClientError, OSError):
        found = Failed("unavailable")
    if isinstance(found, Failed):
        log.info("a file could not be fetched", reason=found.reason)
        return found
    declared, content = found
    declared = link.declared_type or declared
    kind = type_of(content, declared)
    name = link.name or f"{link.id or 'file'}{extension_for(kind)}"
    return Attachment(name, kind, content, declared_type=declared)


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, also where another kind of address carries it inside."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        carried = _carried(parsed)
        if carried is not None:
            return is_public(str(carried))
        # Only 2000::/3 has been given to anybody; the rest is local, old or nothing.
        if int(parsed) >> 125 != 1:
            return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved and not parsed.is_unspecified


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that this one stands for (mapped, 6to4, NAT64)."""
    if address in _NAT64:
        return _IPv4(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


async def _follow(
    link: MediaLink, sources: Sources, resolve: LookUp, tls: ssl.SSLContext | None
) -> tuple[str, bytes] | Failed:
    url = _parsed(link.url)
    for _ in range(sources.redirects + 1):
        if url is None or not _is_listed(url, sources):
            return Failed("not_allowed")
        addresses = await resolve(str(url.host), url.port or 443)
        if _authority(url) not in sources.own and not (addresses and all(map(is_public, addresses))):
            return Failed("not_allowed")
        connector = aiohttp.TCPConnector(resolver=_Pinned(addresses), ssl=tls or True, force_close=True)
        async with (
            # No cookies, no proxy or password from the environment, no unpacking.
            aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
            ) as session,
            session.get(url, headers=_headers(url, sources), allow_redirects=False) as answer,
        ):
            if answer.status not in _REDIRECTS:
                return await _read(answer, sources.most_bytes)
            url = _parsed(answer.headers.get("Location", ""), url)
    return Failed("not_allowed")


def _parsed(text: str, base: URL | None = None) -> URL | None:
    """The address exactly as written; None for one with blanks, controls or letters that no address has."""
    if not text or any(not "!" <= sign <= "~" for sign in text):
        return None
    try:
        url = URL(text, encoded=True)
        url = url if base is None else base.join(url)
        # Looked at here, as only that tells whether host and port can be read at all.
        return url if url.host and url.port else None
    except ValueError:
        return None


def _is_listed(url: URL, sources: Sources) -> bool:
    if url.user is not None or url.password is not None:
        return False
    if _authority(url) in sources.own:
        return url.scheme in ("http", "https")
    return url.scheme == "https" and _authority(url) in sources.hosts


def _authority(url: URL) -> str:
    host = (url.host or "").lower()
    return host if url.port == 443 else f"{host}:{url.port}"


def _headers(url: URL, sources: Sources) -> dict[str, str]:
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "guichet"}
    account = sources.accounts.get(_authority(url))
    if account is not None:
        headers["Authorization"] = aiohttp.encode_basic_auth(account.user, account.password)
    return headers


async def _read(answer: aiohttp.ClientResponse, most: int) -> tuple[str, bytes] | Failed:
    if answer.status != 200:
        return Failed(
            "refused" if answer.status in (401, 403) else "missing" if answer.status in (404, 410) else "unavailable"
        )
    if answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        return Failed("encoded")
    if (answer.content_length or 0) > most:
        return Failed("too_large")
    content = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > most:
            return Failed("too_large")
    return answer.content_type, bytes(content)


class _Pinned(AbstractResolver):
    """Gives the addresses that were judged, so that a second look cannot bring others."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing to release."""
