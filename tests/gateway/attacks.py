"""What somebody does who has the database itself: every trigger and every reference is out of their way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import asyncpg

from store import audit_chain
from store.audit_chain import BEGINNING, digest_of
from store.database import Store

_TABLES = ("audit", "audit_chain", "audit_unlinked")


async def attack(store: Store, *statements: str) -> None:
    """Run these beside the house."""
    if store.one_writer:
        with closing(sqlite3.connect(store.url.partition("///")[2], isolation_level=None)) as connection:
            named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in named:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(statement)
        return
    other: Any = await asyncpg.connect(store.url.replace("+asyncpg", ""))
    try:
        for table in _TABLES:
            await other.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for statement in statements:
            await other.execute(statement)
    finally:
        await other.close()


async def write_the_chain_anew(store: Store) -> None:
    """Every link made again over what the entries say now: nothing in the database contradicts itself afterwards."""
    async with store.read() as tx:
        links = await audit_chain.walk(tx, after=0, most=100_000)
    digest, statements = BEGINNING, []
    for link in links:
        assert link.entry is not None
        digest = digest_of(digest, link.entry)
        value = f"x'{digest.hex()}'" if store.one_writer else f"'\\x{digest.hex()}'"
        statements.append(f"UPDATE audit_chain SET digest = {value} WHERE position = {link.position}")
    await attack(store, *statements)
