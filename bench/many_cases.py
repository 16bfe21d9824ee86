"""A register with very many cases, filled by the database itself: a million in a minute or two."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

import asyncpg

from bench.workload import story
from config.vocabulary import DEPARTMENTS
from store.search import words_of

# Of a large house about one case in a hundred is open; of a small one enough to fill a page all the same.
_LEAST_OPEN: Final = 300
_ONE_OPEN_IN: Final = 100
# Those in distress stand above a list, whole: a page is as long as they are many, so that they are as many in either house.
_IN_DISTRESS: Final = 10
_TURNS: Final = 4
_SELDOM: Final = 40

# What the two databases spell differently.
_POSTGRESQL: Final[Mapping[str, str]] = {
    "blob": "convert_to({}, 'UTF8')",
    "day": "(CURRENT_DATE + ({})::int)",
    "moment": "(now() - ({}) * interval '1 minute')",
    "vector": "to_tsvector('simple', {})",
    "json": "'{}'::json",
}
_SQLITE: Final[Mapping[str, str]] = {
    "blob": "CAST({} AS BLOB)",
    "day": "date('now', ({}) || ' days')",
    "moment": "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({}) || ' minutes')",
    "vector": "{}",
    "json": "'{}'",
}


async def fill_postgresql(url: str, count: int) -> None:
    """Put so many cases into an empty, migrated database, and let it look at what it holds."""
    connection = await asyncpg.connect(url)
    try:
        for statement in _statements(_POSTGRESQL, count):
            await connection.execute(statement)
        for name in ("people", "cases"):
            await connection.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {count})")
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def fill_sqlite(path: str, count: int) -> None:
    """As `fill_postgresql`."""
    connection = sqlite3.connect(path)
    with connection:
        for statement in _statements(_SQLITE, count):
            connection.execute(statement)
    connection.close()


def _statements(spelled: Mapping[str, str], count: int) -> list[str]:
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
    open_ones = max(_LEAST_OPEN, count // _ONE_OPEN_IN)
    first_open = count - open_ones
    is_open = f"n > {first_open}"
    # Every second case is Mediation's; the others are spread over the departments.
    departments = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(DEPARTMENTS))
    department = f"CASE n % {len(DEPARTMENTS)} {departments} END"
    columns = {
        "id": "n",
        "reference": "'PM-2026-' || n || '-00'",
        "kind": "CASE n % 5 WHEN 0 THEN 'suggestion' ELSE 'complaint' END",
        "queue": f"CASE n % 2 WHEN 0 THEN 'mediation' ELSE {department} END",
        "department": department,
        "priority": f"CASE WHEN {is_open} AND n % {open_ones // _IN_DISTRESS} = 0 THEN 'urgent' ELSE 'normal' END",
        "situation": "'department'",
        "state": f"CASE WHEN {is_open} THEN 'open' ELSE 'closed' END",
        "refused": "''",
        "outcome": f"CASE WHEN {is_open} THEN NULL ELSE 'explained' END",
        "sealed": "n % 50 = 1",
        "flags": spelled["json"],
        "abstained": "n % 7 = 0",
        "language": "CASE n % 4 WHEN 0 THEN 'fr' WHEN 1 THEN 'nl' WHEN 2 THEN 'de' ELSE 'en' END",
        "channel": "CASE n % 3 WHEN 0 THEN 'webform' ELSE 'email' END",
        "account": "'ombudsman@partenamut.example'",
        "person_id": "n",
        "assignee_id": "CASE n % 4 WHEN 0 THEN 1 ELSE NULL END",
        "subject": spelled["blob"].format("'Dossier ' || n"),
        "first_words": spelled["blob"].format("'Je vous écris parce que personne ne me répond, ' || n"),
        "received_at": spelled["moment"].format(f"({count} - n)"),
        "due_on": f"CASE WHEN n % 20 = 0 THEN NULL ELSE {spelled['day'].format('n % 40 - 3')} END",
        "closed_at": f"CASE WHEN {is_open} THEN NULL ELSE {spelled['moment'].format(f'({count} - n)')} END",
        "unread": "n % 2 = 0",
        "version": "1",
    }
    texts = " ".join(f"WHEN {turn} THEN '{' '.join(words_of(story(turn)))}'" for turn in range(_TURNS))
    # "seldom7x" stands in as many cases of a large register as of a small one, each story in a quarter of them (an odd divisor).
    seldom = f"' seldom' || (n % {count // _SELDOM | 1}) || 'x'"
    words = f"(CASE n % {_TURNS} {texts} END || ' alix' || n || ' dossier' || (n % 5000) || {seldom})"
    name, nothing = spelled["blob"].format("'Alix Voorbeeld' || n"), spelled["blob"].format("''")
    now = spelled["moment"].format("0")
    put = f"{numbers} INSERT INTO"
    vector = spelled["vector"].format(words)
    return [
        f"{put} people (id, name, language, member_number, created_at) SELECT n, {name}, 'fr', {nothing}, {now} FROM numbers",
        f"{put} cases ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM numbers",
        f"{put} case_search (rowid, words) SELECT n, {vector} FROM numbers WHERE n % 50 <> 1",
    ]
