"""Processes killed at random moments, and the servers behind them restarted: nothing is lost, and nothing happens twice."""

from __future__ import annotations

import random
import signal
import threading
import time
import urllib.error
from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.flow import mails
from tests.flow.procfile import Processes

pytestmark = [pytest.mark.servers, pytest.mark.chaos]

ROUNDS = 50
MAILS = 150
POSTS = 40


class Feed(threading.Thread):
    """Delivers mails into the mailbox and posts forms, steadily, repeating a post until it is answered."""

    def __init__(self, house: Processes, dovecot: Any, user: Any) -> None:
        super().__init__(daemon=True)
        self.house, self.dovecot, self.user = house, dovecot, user
        self.references: list[str] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            for number in range(MAILS):
                self.dovecot.deliver(self.user, mails.complaint(number))
                if number < POSTS:
                    self._post(number)
                time.sleep(0.1)
        except BaseException as error:  # noqa: BLE001 (handed to the test's own thread)
            self.error = error

    def _post(self, number: int) -> None:
        until = time.monotonic() + 90
        while True:
            try:
                answer = self.house.post(
                    f"Mon dossier numéro {number} attend toujours une réponse de votre part.",
                    email=f"post{number}@post{number}.example",
                    key=f"chaos-{number}",
                )
                self.references.append(answer["reference"])
                return
            except (OSError, urllib.error.HTTPError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.3)


def settle(house: Processes, items: int, seconds: float = 240) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        kept, waiting = house.metric("guichet_inbox_items"), house.metric("guichet_inbox_waiting")
        if kept >= items and waiting == 0 and house.metric("guichet_outbox_waiting") == 0:
            return house.reconcile()
        time.sleep(1)
    raise AssertionError(f"{house.reconcile()}\n{house.logs()}")


def test_nothing_is_lost_when_processes_and_servers_die(
    house: Processes, dovecot_server: Any, imap_user: Any, smtp_sink: Any, postgres_server: Any, redis_server: Any
) -> None:
    names = ["web", "mail", "worker", "worker2", "clock"]
    house.start(*names)
    house.wait_until_ready()
    chance = random.Random(20261122)
    feed = Feed(house, dovecot_server, imap_user)
    feed.start()
    for number in range(ROUNDS):
        time.sleep(chance.uniform(0.05, 1.2))
        name = chance.choice(names)
        house.end(name, signal.SIGKILL)
        house.start(name)
        if number in (15, 35):
            postgres_server.stop("fast" if number == 15 else "immediate")
            time.sleep(1)
            postgres_server.start()
        if number in (10, 30):
            redis_server.stop()
            time.sleep(1)
            redis_server.start()
    feed.join(timeout=240)
    assert feed.error is None
    assert not feed.is_alive()

    report = settle(house, MAILS + POSTS)
    assert report["sound"], report
    assert report["quarantined"] == 0, report
    accounts = {account["channel"]: account for account in report["accounts"]}
    assert accounts["email"]["items"] == MAILS
    assert accounts["email"]["fates"] == {"opened": MAILS}
    assert accounts["webform"]["items"] == POSTS
    assert len(set(feed.references)) == POSTS
    _each_got_one_acknowledgement(smtp_sink)
    assert set(house.end_all().values()) == {0}


def _each_got_one_acknowledgement(smtp_sink: Any) -> None:
    """A message whose sender died may go out again, but only as the same message: under the same Message-ID."""
    ids: dict[str, set[str]] = defaultdict(set)
    for received in smtp_sink.messages:
        for address in received.rcpt_to:
            ids[address].add(str(received.message["Message-ID"]))
    wanted = {f"alix{number}@mail{number % 50}.example" for number in range(MAILS)}
    wanted |= {f"post{number}@post{number}.example" for number in range(POSTS)}
    assert set(ids) == wanted
    assert Counter(len(found) for found in ids.values()) == {1: len(wanted)}


def test_without_redis_for_good_the_house_still_works(
    house: Processes, dovecot_server: Any, imap_user: Any, smtp_sink: Any, redis_server: Any
) -> None:
    house.start("web", "mail", "worker", "clock")
    house.wait_until_ready()
    redis_server.stop()
    try:
        for number in range(10):
            dovecot_server.deliver(imap_user, mails.complaint(number))
        answer = house.post("Mon remboursement se fait attendre depuis trois mois.", email="post@mail.example")
        assert answer["reference"]
        report = settle(house, 11, seconds=90)
    finally:
        redis_server.start()
    assert report["sound"], report
    assert len(smtp_sink.messages) == 11


def test_a_worker_that_was_paused_beyond_its_lease_records_nothing_twice(
    house: Processes, dovecot_server: Any, imap_user: Any, smtp_sink: Any
) -> None:
    """Paused with items in hand (Q2): another worker gets them after the lease, and the first, awake again, lost them."""
    count = 120
    house.start("web", "mail", "worker", "clock")
    house.wait_until_ready()
    for number in range(count):
        dovecot_server.deliver(imap_user, mails.complaint(number))
    until = time.monotonic() + 60
    while house.metric("guichet_inbox_waiting") < 20 and time.monotonic() < until:
        time.sleep(0.02)
    paused = house.running["worker"]
    paused.send_signal(signal.SIGSTOP)
    try:
        assert house.metric("guichet_inbox_waiting") > 0, "nothing was left to be in hand"
        house.start("worker2")
        settle(house, count)
    finally:
        paused.send_signal(signal.SIGCONT)
    # Long enough for what the first one had worked out to be recorded, if anything let it.
    time.sleep(5)
    report = settle(house, count)
    assert report["sound"], report
    (account,) = report["accounts"]
    assert account["fates"] == {"opened": count}
    ids: dict[str, set[str]] = defaultdict(set)
    for received in smtp_sink.messages:
        ids[received.rcpt_to[0]].add(str(received.message["Message-ID"]))
    assert Counter(len(found) for found in ids.values()) == {1: count}
    assert set(house.end_all().values()) == {0}
