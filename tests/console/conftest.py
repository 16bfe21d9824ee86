"""A running console over real HTTP and a real SQLite store, with a clock that tests turn."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer, unused_port

from channels.viruses import Verdict
from channels.web.limits import MemoryLimiter
from channels.web.middleware import middlewares
from config.mailboxes import load_mailboxes
from console.parts import Parts
from console.routes import add_routes
from gateway.entries import HouseEntries
from gateway.house_rules import HouseRules
from gateway.reaching import HouseReach
from gateway.taking_over import HouseTalks
from gateway.training import HouseTrainer
from store.database import Store
from store.files import FileStore
from tests.console.desks import Looks, StoreDesk
from tests.console.example_access import access_of
from tests.console.example_entries import entries_of
from tests.console.example_house import NOW, PASSWORD, House, furnish
from tests.console.example_talks import furnish_talks, talks_of

SECRET = b"a secret of the tests, long enough"


@dataclass
class Clock:
    """The moment, turned by hand."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """The moment."""
        return self.now

    def forward(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@dataclass
class Browser:
    """One signed-in colleague's browser."""

    client: TestClient[web.Request, web.Application]
    csrf: str = ""
    page: str = ""
    pages: list[str] = field(default_factory=list)

    async def get(self, path: str, status: int = 200) -> str:
        """Open a page; return its text."""
        answer = await self.client.get(path)
        self.page = await answer.text()
        assert answer.status == status, (path, answer.status, self.page[:2000])
        return self.page

    async def post(self, path: str, status: int = 200, **fields: str) -> str:
        """Send a form with the page's hidden fields; follow to the page after it."""
        answer = await self.send(path, **fields)
        self.page = await answer.text()
        assert answer.status == status, (path, answer.status, self.page[:2000])
        return self.page

    async def send(self, path: str, **fields: str) -> ClientResponse:
        """Send a form; the version and the moment come from the page that is open."""
        data = {"csrf": self.csrf, **fields}
        for name in ("version", "seen"):
            found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
            if found:
                data.setdefault(name, unescape(found.group(1)))
        return await self.client.post(path, data=data)


@dataclass
class Says:
    """A scanner that says what a test wants."""

    verdict: Verdict = "unasked"

    async def scan(self, content: bytes) -> Verdict:
        """As told."""
        del content
        return self.verdict


@dataclass
class Running:
    """The console, its house and its clock."""

    app: web.Application
    server: TestServer
    house: House
    desk: StoreDesk
    talks: HouseTalks
    clock: Clock
    base_url: str
    scanner: Says
    entries: HouseEntries
    trainer: HouseTrainer
    looks: Looks
    clients: list[TestClient[web.Request, web.Application]] = field(default_factory=list)

    def client(self) -> TestClient[web.Request, web.Application]:
        """A browser with its own cookies, speaking English."""
        made: TestClient[web.Request, web.Application] = TestClient(
            self.server, cookie_jar=CookieJar(unsafe=True), headers={"Accept-Language": "en"}
        )
        self.clients.append(made)
        return made

    async def sign_in(self, login: str, password: str = PASSWORD) -> Browser:
        """A browser in which somebody has signed in."""
        client = self.client()
        page = await (await client.get("/console/sign-in")).text()
        token = hidden(page, "csrf")
        answer = await client.post(
            "/console/sign-in", data={"csrf": token, "login": login, "password": password, "next": "/console/"}
        )
        text = await answer.text()
        assert answer.status == 200, text
        return Browser(client, hidden(text, "csrf"), text)

    def case(self, key: str) -> str:
        """The address of a case."""
        return f"/console/case/{self.house.references[key]}"


def hidden(page: str, name: str) -> str:
    """A hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page[:2000]
    return unescape(found.group(1))


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, House]:
    """The example house, furnished once; each test works on a copy of its files."""
    folder = tmp_path_factory.mktemp("house")
    with asyncio.Runner() as runner:
        return folder, runner.run(_furnish(folder))


@pytest.fixture(scope="session")
def furnished_postgres(postgres_server: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, House, str]:
    """The same on PostgreSQL; the address is that of a database to be copied."""
    folder, url = tmp_path_factory.mktemp("house"), postgres_server.create_database()
    # It is asked for while a test's own loop runs, and a loop cannot run inside another one.
    with ThreadPoolExecutor(1) as apart:
        return folder, apart.submit(asyncio.run, _furnish(folder, _asynchronous(url))).result(), url


def _asynchronous(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://")


def _sqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'guichet.db'}"


async def _furnish(folder: Path, url: str = "") -> House:
    store = Store(url or _sqlite(folder), FileStore(folder / "files"), unsafe_ok=bool(url))
    await store.open()
    try:
        house = await furnish(store)
        await furnish_talks(house)
        return house
    finally:
        await store.close()


# For a module whose tests run on both databases.
on_both = pytest.mark.parametrize(
    "running", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)], indirect=True
)


@pytest.fixture
async def running(
    request: pytest.FixtureRequest, furnished: tuple[Path, House], tmp_path: Path
) -> AsyncIterator[Running]:
    """The console over a copy of the example house: on SQLite, or where a test wants it on PostgreSQL."""
    if getattr(request, "param", "sqlite") == "sqlite":
        async with started(furnished, tmp_path) as console:
            yield console
        return
    folder, made, template = request.getfixturevalue("furnished_postgres")
    server: Any = request.getfixturevalue("postgres_server")
    async with started(
        (folder, made), tmp_path, database=_asynchronous(server.create_database(like=template))
    ) as console:
        yield console


@pytest.fixture
async def demanding(furnished: tuple[Path, House], tmp_path: Path) -> AsyncIterator[Running]:
    """The same, where everybody must have a second step."""
    async with started(furnished, tmp_path, require_second_step=True) as console:
        yield console


@asynccontextmanager
async def started(furnished: tuple[Path, House], tmp_path: Path, **options: Any) -> AsyncIterator[Running]:
    """The console on a copy of the example house; `options` are those of `Parts`, and `port`, `host` and `database`, the
    address of a copy that is no file of the house."""
    folder, made = furnished
    shutil.copytree(folder, tmp_path / "house")
    database = options.pop("database", "")
    files = FileStore(tmp_path / "house" / "files")
    store = Store(database or _sqlite(tmp_path / "house"), files, unsafe_ok=bool(database))
    await store.open()
    house = House(
        store, *map(dict, (made.users, made.references, made.cases, made.items)), made.number, dict(made.talks)
    )
    port, host = options.pop("port", None) or unused_port(), options.pop("host", "127.0.0.1")
    base_url = f"http://{host}:{port}"
    app = web.Application(middlewares=middlewares(base_url))
    desk, clock, scanner = StoreDesk(store), Clock(), Says()
    talks = talks_of(store, tmp_path)
    entries = entries_of(talks.house)
    trainer = HouseTrainer(talks.house)
    looks = Looks()
    parts = Parts(
        store=store,
        desk=desk,
        talks=talks,
        reach=HouseReach(replace(talks.house, mailboxes=load_mailboxes(talks.house.settings.mailboxes))),
        entries=entries,
        rules=HouseRules(talks.house),
        trainer=trainer,
        checks=looks,
        access=access_of(store, tmp_path, clock),
        limiter=MemoryLimiter(),
        base_url=base_url,
        secret=SECRET,
        trusted_proxies=(),
        clock=clock,
        scanner=scanner,
        **options,
    )
    add_routes(app, parts)
    server = TestServer(app, host=host, port=port)
    await server.start_server()
    running = Running(app, server, house, desk, talks, clock, base_url, scanner, entries, trainer, looks)
    try:
        yield running
    finally:
        for client in running.clients:
            await client.close()
        await server.close()
        await trainer.close()
        await store.close()
