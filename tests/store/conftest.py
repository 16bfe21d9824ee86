"""A store of each kind, empty, for every test: SQLite in a folder, and a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from store.database import Store
from store.files import FileStore


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An open, empty store; each test runs on both databases."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'guichet.db'}"
    else:
        server: Any = request.getfixturevalue("postgres_server")
        url = server.create_database().replace("postgresql://", "postgresql+asyncpg://")
    opened = Store(url, FileStore(tmp_path / "files"), unsafe_ok=True)
    await opened.open()
    yield opened
    await opened.close()
