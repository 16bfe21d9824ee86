"""Five hundred mixed mails through four processes: each has one fate, each complaint one case and one acknowledgement."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from tests.flow import mails
from tests.flow.procfile import Processes

pytestmark = pytest.mark.servers


def wait_for(house: Processes, items: int, seconds: float = 180) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if house.metric("guichet_inbox_items") >= items and house.metric("guichet_inbox_waiting") == 0:
            return house.reconcile()
        time.sleep(0.5)
    raise AssertionError(f"{house.reconcile()}\n{house.logs()}")


def test_five_hundred_mixed_mails(house: Processes, dovecot_server: Any, imap_user: Any, smtp_sink: Any) -> None:
    complaints = [mails.complaint(number) for number in range(400)]
    robots = [mails.robot(number) for number in range(50)]
    broken = [mails.malformed(number) for number in range(20)]
    again = complaints[::14][:29] + robots[:1]
    everything = [*complaints, *robots, *broken, *again]
    assert len(everything) == 500
    # Mixed, and the same for every run.
    everything = [everything[number * 173 % 500] for number in range(500)]

    house.start("web", "mail", "worker", "clock")
    house.wait_until_ready()
    for raw in everything[:125]:
        dovecot_server.deliver(imap_user, raw)
    house.end("mail")
    for raw in everything[125:375]:
        dovecot_server.deliver(imap_user, raw)
    house.start("mail")
    for raw in everything[375:]:
        dovecot_server.deliver(imap_user, raw)

    report = wait_for(house, 470)
    (account,) = report["accounts"]
    assert report["sound"], report
    assert account["deliveries"] == 500
    assert account["items"] == 470
    assert account["open"] == 0
    assert sum(account["fates"].values()) == 470
    assert account["fates"]["robot"] == 50
    assert account["fates"]["opened"] + account["fates"].get("quarantined", 0) == 420
    assert account["fates"]["opened"] >= 400

    until = time.monotonic() + 60
    while time.monotonic() < until and len(smtp_sink.messages) < 400:
        time.sleep(0.5)
    per_recipient = Counter(address for message in smtp_sink.messages for address in message.rcpt_to)
    assert all(count == 1 for count in per_recipient.values())
    assert not [address for address in per_recipient if address.endswith("@robots.example")]
    assert {f"alix{number}@mail{number % 50}.example" for number in range(400)} <= set(per_recipient)
    assert set(house.end_all().values()) == {0}
