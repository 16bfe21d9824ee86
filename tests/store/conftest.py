"""A store of each kind, empty, for every test: SQLite in a folder, and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from store.database import Store
from store.files import FileStore


def _make(url: str, folder: Path) -> None:
    async def migrate() -> None:
        made = Store(url, FileStore(folder / "files"), unsafe_ok=True)
        await made.open()
        await made.close()

    # In a thread of its own: the fixture that asks for this may run in a loop already.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(migrate())).result()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database, to be copied: migrating anew for each test takes longer than most tests."""
    folder = tmp_path_factory.mktemp("template")
    path = folder / "guichet.db"
    _make(f"sqlite+aiosqlite:///{path}", folder)
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a migrated PostgreSQL database, likewise."""
    url: str = postgres_server.create_database()
    _make(asynchronous(url), tmp_path_factory.mktemp("template"))
    return url


def asynchronous(url: str) -> str:
    """The address as SQLAlchemy wants it."""
    return url.replace("postgresql://", "postgresql+asyncpg://")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An open, empty store; each test runs on both databases."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "guichet.db")
        url = f"sqlite+aiosqlite:///{tmp_path / 'guichet.db'}"
    else:
        server: Any = request.getfixturevalue("postgres_server")
        url = asynchronous(server.create_database(like=request.getfixturevalue("postgres_template")))
    opened = Store(url, FileStore(tmp_path / "files"), unsafe_ok=True)
    await opened.open()
    yield opened
    await opened.close()
