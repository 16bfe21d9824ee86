"""Intake: raw bytes in the inbox → case recorded and acknowledgement in the outbox, in items a second.

Baselines of the same run: how many bare commits a second the same database takes, and how many items a second parsing and
classifying take alone in one process.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from bench.report import Row, say, table
from bench.workload import mail
from channels.mail.fingerprint import external_id
from channels.message import RawMessage
from config.settings import Settings, load
from gateway.house import active_rules, build, release_what_was_in_hand
from store import inbox
from tests.servers.postgres import PostgresServer

ITEMS = int(os.environ.get("BENCH_ITEMS", "600"))


async def _fill(settings: Settings) -> None:
    house = build(settings, name="bench")
    await house.store.open()
    await release_what_was_in_hand(house)
    await active_rules(house)
    now = datetime.now(UTC)
    async with house.store.write() as tx:
        for number in range(ITEMS):
            body = mail(number)
            envelope = {"mail_from": f"alix{number}@mail.example", "rcpt_to": "plaintes@partenamut.example"}
            raw = RawMessage("email", "plaintes@partenamut.example", external_id(body), body, now, envelope)
            await inbox.add(tx, raw, now=now)
    await house.close()


async def _commits(settings: Settings) -> float:
    house = build(settings, name="bench")
    await house.store.open()
    count, start = 300, time.perf_counter()
    for number in range(count):
        async with house.store.write() as tx:
            await tx.conn.execute(text("INSERT INTO sequences (year, last) VALUES (:year, 0)"), {"year": 3000 + number})
    rate = count / (time.perf_counter() - start)
    await house.close()
    return rate


def _worker(settings: Settings, workers: int) -> tuple[float, float]:
    """(items a second, CPU milliseconds an item) of so many workers that start together."""
    environment = os.environ | {
        "GUICHET_DATA": str(settings.data),
        "DATABASE_URL": settings.database_url,
        "GUICHET_ALLOW_UNSAFE_DATABASE": "1",
        "GUICHET_MIN_FREE_MB": "0",
    }
    go = settings.data / "go"
    go.unlink(missing_ok=True)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.one_worker", str(go)], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(workers)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
    go.touch()
    found = [process.communicate()[0].split() for process in processes]
    seconds = max(float(words[1]) for words in found) - min(float(words[0]) for words in found)
    cpu = sum(float(words[2]) for words in found)
    return ITEMS / seconds, 1000 * cpu / ITEMS


def _alone() -> float:
    """Items a second of parsing and classifying in one process, in the batches that the intake uses."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.parse_and_classify", str(ITEMS)], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[0])


def main() -> None:
    """Print the table."""
    alone = _alone()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        rows.append(_measure("SQLite, one worker", Path(folder) / "one", "", 1, alone))
    place = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    server = PostgresServer(place)
    try:
        server.initialise()
        server.start()
        for workers, name in ((1, "one worker"), (2, "two workers")):
            with tempfile.TemporaryDirectory() as folder:
                url = server.create_database()
                rows.append(_measure(f"PostgreSQL, {name}", Path(folder), url, workers, alone))
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)
    say(f"parse and classify alone: {alone:.0f} items/s")
    table(
        "Intake, raw bytes in the inbox to the acknowledgement in the outbox",
        ("", "items/s", "CPU ms/item", "bare commits/s", "items : commits", "items : parse+classify"),
        rows,
    )


def _measure(name: str, folder: Path, url: str, workers: int, alone: float) -> Row:
    settings = load(data=folder, database_url=url, allow_unsafe_database=True, min_free_mb=0)
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_fill(settings))
    commits = asyncio.run(_commits(settings))
    rate, cpu = _worker(settings, workers)
    return (name, f"{rate:.0f}", f"{cpu:.1f}", f"{commits:.0f}", f"{rate / commits:.2f}", f"{rate / alone:.2f}")


if __name__ == "__main__":
    main()
