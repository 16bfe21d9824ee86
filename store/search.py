"""Full-text search over cases: folded words, so that accents and case never hide a message.

Folding is done here rather than in the database, so that SQLite (FTS5) and PostgreSQL (tsvector) find the same. Sealed cases
are never in the index.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from sqlalchemy import text

from store.database import Tx

# A word that would bloat the index helps nobody to find anything.
_LONGEST: Final = 60
_MOST_WORDS: Final = 5_000
# PostgreSQL refuses a tsvector over 1 MiB, and a message must never fail for want of an index: so much text of one message,
# and words beyond so much of one case, are found by their case only.
_LONGEST_ADDED: Final = 200_000
_FULL: Final = 600_000
# Letters that are two in other spellings; Unicode has no decomposition for them.
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ł": "l", "ı": "i"})
_BEGIN_SQLITE: Final = text("INSERT INTO case_search (rowid, words) VALUES (:id, :words)")
_BEGIN_POSTGRESQL: Final = text("INSERT INTO case_search (rowid, words) VALUES (:id, to_tsvector('simple', :words))")
_MAKE_PLACE: Final = text(
    "INSERT INTO case_search (rowid, words) SELECT :id, ''"
    " WHERE NOT EXISTS (SELECT 1 FROM case_search WHERE rowid = :id)"
)
_ADD_SQLITE: Final = text(
    "UPDATE case_search SET words = words || ' ' || :words WHERE rowid = :id AND length(words) < :full"
)
_ADD_POSTGRESQL: Final = text(
    "INSERT INTO case_search (rowid, words) VALUES (:id, to_tsvector('simple', :words)) "
    "ON CONFLICT (rowid) DO UPDATE SET words = case_search.words || excluded.words "
    " WHERE octet_length(case_search.words::text) < :full"
)
_WORD: Final = re.compile(r"\w+", re.ASCII)


def words_of(value: str) -> list[str]:
    """The folded words of a text, at most 5 000: "Élodie’s n°12" gives elodie, s, n, 12."""
    value = value[:200_000]
    plain = value.casefold() if value.isascii() else " ".join(_plain(part) for part in value.split())
    # Letters outside ASCII that have no plain form stay findable as they are, one run a word.
    found = _WORD.findall(plain) if plain.isascii() else re.findall(r"[^\W_]+", plain)
    return [word[:_LONGEST] for word in found[:_MOST_WORDS]]


def _indexed(value: str) -> str:
    return " ".join(words_of(value)).encode()[:_LONGEST_ADDED].decode("utf-8", "ignore")


def _plain(part: str) -> str:
    """One run of signs without accents and case."""
    if part.isascii():
        return part.casefold()
    folded = unicodedata.normalize("NFKD", part).casefold().translate(_LIGATURES)
    return "".join(sign for sign in folded if not unicodedata.combining(sign))


async def begin(tx: Tx, case_id: int, value: str) -> None:
    """Let a new case be found by these words."""
    words = _indexed(value)
    if words:
        await tx.run(_BEGIN_SQLITE if tx.is_sqlite else _BEGIN_POSTGRESQL, {"id": case_id, "words": words})


async def add(tx: Tx, case_id: int, value: str) -> None:
    """Add words to what a case is found by."""
    words = _indexed(value)
    if not words:
        return
    if tx.is_sqlite:
        await tx.run(_MAKE_PLACE, {"id": case_id})
    await tx.run(_ADD_SQLITE if tx.is_sqlite else _ADD_POSTGRESQL, {"id": case_id, "words": words, "full": _FULL})


async def remove(tx: Tx, case_id: int) -> None:
    """Take a case out of the index, for instance when it is sealed."""
    await tx.conn.execute(text("DELETE FROM case_search WHERE rowid = :id"), {"id": case_id})


async def find(tx: Tx, query: str, *, limit: int = 200) -> list[int]:
    """Cases that hold every word of the query, the last word as a beginning; newest first."""
    words = words_of(query)[:20]
    if not words:
        return []
    if tx.is_sqlite:
        wanted = " ".join(f'"{word}"' for word in words[:-1]) + f' "{words[-1]}"*'
        statement = "SELECT rowid FROM case_search WHERE case_search MATCH :wanted ORDER BY rowid DESC LIMIT :limit"
    else:
        wanted = " & ".join([f"'{word}'" for word in words[:-1]] + [f"'{words[-1]}':*"])
        statement = "SELECT rowid FROM case_search WHERE words @@ to_tsquery('simple', :wanted) ORDER BY rowid DESC LIMIT :limit"
    rows = await tx.conn.execute(text(statement), {"wanted": wanted.strip(), "limit": limit})
    return [int(row[0]) for row in rows]
