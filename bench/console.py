"""The console over very many cases: a page of a queue and of a search, beside the same with a thousand.

`BENCH_CASES` is how many cases PostgreSQL holds (a million), `BENCH_SQLITE_CASES` SQLite (100 000). One person asks for one page
after the other over HTTP, signed in, from a `guichet` process of its own.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import ClientSession

from bench.many_cases import fill_postgresql, fill_sqlite
from bench.report import Row, say, table
from store import users
from store.database import Store
from store.files import FileStore
from tests.servers.postgres import PostgresServer
from tests.servers.process import free_port

FEW: Final = 1_000
MANY: Final = int(os.environ.get("BENCH_CASES", "1000000"))
MANY_SQLITE: Final = int(os.environ.get("BENCH_SQLITE_CASES", "100000"))
_TIMES: Final = 300
_WARM: Final = 20
# What somebody opens all day. A word of every fourth message, words of ten and of forty cases, and words of none: the pages
# that are compared are of one length, whether there are many cases or few.
_PAGES: Final[Mapping[str, str]] = {
    "queue": "/console/queue/mediation",
    "all cases": "/console/",
    "narrowed": "/console/?kind=complaint&language=fr",
    "closed": "/console/queue/mediation?show=closed",
    "search, common word": "/console/search?q=remboursement",
    "search, two words": "/console/search?q=seldom3x+remboursement",
    "search, rare word": "/console/search?q=seldom3x",
    "search, nothing": "/console/search?q=hippopotame+remboursement",
}
# By page: the median and the 95th percentile, in seconds.
Times = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class House:
    """A house that answers at `base`, and somebody's browser in it."""

    session: ClientSession
    base: str


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = asyncio.run(_sqlite(Path(folder)))
    _print(f"The console on SQLite, {FEW:,} and {MANY_SQLITE:,} cases", few, many)
    place = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    server = PostgresServer(place)
    try:
        server.initialise()
        server.start()
        few, many = asyncio.run(_postgresql(server))
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)
    _print(f"The console on PostgreSQL, {FEW:,} and {MANY:,} cases", few, many)
    say(
        f"a page is asked for and read whole, {_TIMES} times of each house in turn; 1.5 is what a page may take longer with many "
        "cases, 100 ms what it may take"
    )


def _print(title: str, few: Times, many: Times) -> None:
    rows: list[Row] = []
    for name in _PAGES:
        (p50, p95), (many50, many95) = few[name], many[name]
        shown = (f"{1000 * value:.0f} ms" for value in (p50, p95, many50, many95))
        rows.append((name, *shown, f"{many50 / p50:.2f}", f"{many95 / p95:.2f}"))
    table(title, ("", "p50 few", "p95 few", "p50 many", "p95 many", "ratio p50", "ratio p95"), rows)


async def _sqlite(place: Path) -> tuple[Times, Times]:
    async with AsyncExitStack() as houses:
        few, many = [
            await houses.enter_async_context(_on_sqlite(place / str(count), count)) for count in (FEW, MANY_SQLITE)
        ]
        return await _compared(few, many)


@asynccontextmanager
async def _on_sqlite(folder: Path, count: int) -> AsyncIterator[House]:
    folder.mkdir()
    path = folder / "guichet.db"
    token = await _prepared(f"sqlite+aiosqlite:///{path}", folder)
    began = time.perf_counter()
    fill_sqlite(str(path), count)
    say(f"SQLite: {count:,} cases in {time.perf_counter() - began:.0f} s")
    async with _open({"GUICHET_LMTP_PORT": str(free_port())}, folder, "run", token) as house:
        yield house


async def _postgresql(server: PostgresServer) -> tuple[Times, Times]:
    async with AsyncExitStack() as houses:
        few, many = [await houses.enter_async_context(_on_postgresql(server, count)) for count in (FEW, MANY)]
        return await _compared(few, many)


@asynccontextmanager
async def _on_postgresql(server: PostgresServer, count: int) -> AsyncIterator[House]:
    url = server.create_database()
    with tempfile.TemporaryDirectory() as folder:
        token = await _prepared(url.replace("postgresql://", "postgresql+asyncpg://"), Path(folder))
        began = time.perf_counter()
        await fill_postgresql(url, count)
        say(f"PostgreSQL: {count:,} cases in {time.perf_counter() - began:.0f} s")
        async with _open({"DATABASE_URL": url}, Path(folder), "web", token) as house:
            yield house


async def _prepared(url: str, folder: Path) -> str:
    """Migrate the database and sign a mediator in; returns the token of the session."""
    store = Store(url, FileStore(folder / "files"), unsafe_ok=True)
    await store.open()
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    async with store.write() as tx:
        user_id = await users.add(
            tx, login="bench", name="Bench", role="mediator", medical=False, password="-", actor="bench", now=now
        )
        await users.start_session(tx, user_id, token=token, csrf="bench", now=now)
    await store.close()
    return token


@asynccontextmanager
async def _open(more: Mapping[str, str], folder: Path, command: str, token: str) -> AsyncIterator[House]:
    """A `guichet` process that answers, and the browser of who is signed in there."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "GUICHET_DATA": str(folder),
        "GUICHET_ALLOW_UNSAFE_DATABASE": "1",
        "GUICHET_MIN_FREE_MB": "0",
        "GUICHET_MIN_FREE_PERCENT": "0",
        "GUICHET_BASE_URL": base,
        "PORT": str(port),
        **more,
    }
    guichet = Path(sys.executable).parent / "guichet"
    process = await asyncio.create_subprocess_exec(
        str(guichet), command, env=environment, cwd=folder, stderr=subprocess.DEVNULL
    )
    try:
        async with ClientSession(cookies={"console": token}) as session:
            await _until_up(session, base)
            yield House(session, base)
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)


async def _compared(few: House, many: House) -> tuple[Times, Times]:
    """Each page of both, in turn: what else the machine does meets the one as it meets the other."""
    found: tuple[dict[str, tuple[float, float]], dict[str, tuple[float, float]]] = ({}, {})
    for name, path in _PAGES.items():
        asked = [[await _page(house, path) for house in (few, many)] for _ in range(_WARM + _TIMES)][_WARM:]
        for times, of_house in zip(zip(*asked, strict=True), found, strict=True):
            of_house[name] = (statistics.median(times), statistics.quantiles(times, n=20)[-1])
    return found


async def _page(house: House, path: str) -> float:
    began = time.perf_counter()
    async with house.session.get(house.base + path, allow_redirects=False) as answer:
        await answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} gave {answer.status}")
    return time.perf_counter() - began


async def _until_up(session: ClientSession, base: str) -> None:
    until = time.perf_counter() + 90
    while time.perf_counter() < until:
        try:
            # The model is loaded beside the first pages: not while pages are measured.
            async with session.get(f"{base}/readyz") as answer:
                if answer.status == 200 and b'"model"' not in await answer.read():
                    return
        except OSError:
            pass
        await asyncio.sleep(0.2)
    raise SystemExit("the house did not start")


if __name__ == "__main__":
    main()
