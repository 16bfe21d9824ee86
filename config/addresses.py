"""Addresses in settings: taken apart, told from those of this machine, and shown without what is secret in them."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by name or number."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def without_password(url: str) -> str:
    """An address to show: what is secret in it is hidden."""
    parts = urlsplit(url)
    netloc = parts.netloc
    if parts.password is not None:
        netloc = netloc.replace(f":{parts.password}@", ":**********@")
    # Drivers take a password among the options as well.
    query = re.sub(r"(?i)(pass\w*|secret|token)=[^&]*", r"\1=**********", parts.query)
    return parts._replace(netloc=netloc, query=query).geturl()


def split_url(url: str) -> SplitResult:
    """The parts of an address; raises ValueError, in words, for what is none."""
    try:
        return urlsplit(url)
    except ValueError:
        # "[" without its "]"; what urlsplit says of it would mean nothing to whoever set it.
        raise ValueError("is not an address") from None
