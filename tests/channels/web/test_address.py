"""Who is counted: F4, with forged, missing and odd X-Forwarded-For."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from channels.web.address import client_address, limit_key, network_key, networks


@pytest.mark.parametrize(
    ("remote", "trusted", "forwarded", "expected"),
    [
        ("198.51.100.7", (), ["192.0.2.1"], "198.51.100.7"),
        ("10.0.0.1", ("10.0.0.0/8",), ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ("10.0.0.0/8",), [], "10.0.0.1"),
        # The left part is what the sender wrote; only what our proxy appended counts.
        ("10.0.0.1", ("10.0.0.0/8",), ["1.1.1.1, 192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ("10.0.0.0/8",), ["1.1.1.1", "192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        ("10.0.0.1", ("10.0.0.0/8",), ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ("10.0.0.0/8",), ["192.0.2.1, evil"], "10.0.0.1"),
        ("198.51.100.7", ("10.0.0.0/8",), ["192.0.2.1"], "198.51.100.7"),
        ("::ffff:10.0.0.1", ("10.0.0.0/8",), ["2001:db8::1"], "2001:db8::1"),
        ("", ("10.0.0.0/8",), ["192.0.2.1"], "unknown"),
    ],
)
def test_client_address(remote: str, trusted: tuple[str, ...], forwarded: list[str], expected: str) -> None:
    headers = CIMultiDict(("X-Forwarded-For", value) for value in forwarded)
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=remote)
    assert client_address(request, networks(trusted)) == expected


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
    ],
)
def test_limit_key(address: str, key: str) -> None:
    assert limit_key(address) == key


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("unknown", "unknown"),
    ],
)
def test_network_key(address: str, key: str) -> None:
    assert network_key(address) == key


def test_a_proxy_must_be_a_network() -> None:
    with pytest.raises(ValueError, match="proxy"):
        networks(("proxy",))
