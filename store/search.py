"""Full-text search over cases: folded words, so that accents and case never hide a message.

Folding is done here rather than in the database, so that SQLite (FTS5) and PostgreSQL (tsvector) find the same. Sealed cases
are never in the index, and neither are national numbers and accounts of anybody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import TextClause, bindparam, select, text

from channels.message import Attachment
from store.database import Tx
from store.numbers import without_numbers
from store.schema import cases

# A word that would bloat the index helps nobody to find anything.
LONGEST_WORD: Final = 60
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
_PLACE: Final = select(cases.c.sealed, cases.c.merged_into).where(cases.c.id == bindparam("of_case"))
_FIND_SQLITE: Final = text(
    "SELECT rowid FROM case_search WHERE case_search MATCH :wanted AND rowid < :before ORDER BY rowid DESC LIMIT :limit"
)
# An index of words gives all cases that hold them, in no order: of a word that stands in every third of a million messages
# 300 000 would be fetched to show 50. Such a word fills its page from the newest thousand, which are looked at first; what
# does not is rare enough for the index. Materialised, so that the planner cannot take one of the two for the other.
_FIND_NEWEST: Final = text(
    "WITH newest AS MATERIALIZED (SELECT rowid, words FROM case_search WHERE rowid < :before ORDER BY rowid DESC LIMIT :window)"
    " SELECT rowid FROM newest WHERE words @@ to_tsquery('simple', :wanted) ORDER BY rowid DESC LIMIT :limit"
)
_FIND_POSTGRESQL: Final = text(
    "WITH found AS MATERIALIZED (SELECT rowid FROM case_search WHERE words @@ to_tsquery('simple', :wanted))"
    " SELECT rowid FROM found WHERE rowid < :before ORDER BY rowid DESC LIMIT :limit"
)
# The beginning of a word is looked up by putting together the cases of every word that begins so, though the word before it may
# stand in three cases: where the whole words leave few enough, these are read through for the beginning.
_FIND_AMONG: Final = text(
    "WITH held AS MATERIALIZED (SELECT rowid, words FROM case_search WHERE words @@ to_tsquery('simple', :whole) LIMIT :window)"
    " SELECT rowid, words @@ to_tsquery('simple', :wanted) AND rowid < :before AS fits FROM held"
)
_WINDOW: Final = 1_000
_BEYOND: Final = 2**62
SHORTEST_BEGINNING: Final = 3
_WORD: Final = re.compile(r"\w+", re.ASCII)


def words_of(value: str) -> list[str]:
    """The folded words of a text, at most 5 000: "Élodie’s n°12" gives elodie, s, n, 12."""
    value = without_numbers(value[:200_000])
    whole = value.casefold() if value.isascii() else " ".join(plain(part) for part in value.split())
    # Letters outside ASCII that have no plain form stay findable as they are, one run a word.
    found = _WORD.findall(whole) if whole.isascii() else re.findall(r"[^\W_]+", whole)
    return [word[:LONGEST_WORD] for word in found[:_MOST_WORDS]]


def _indexed(value: str) -> str:
    return " ".join(words_of(value)).encode()[:_LONGEST_ADDED].decode("utf-8", "ignore")


def plain(part: str) -> str:
    """One run of signs without accents and case."""
    if part.isascii():
        return part.casefold()
    folded = unicodedata.normalize("NFKD", part).casefold().translate(_LIGATURES)
    return "".join(sign for sign in folded if not unicodedata.combining(sign))


def names_of(attachments: Sequence[Attachment]) -> str:
    """The names of files by which a case is found; pictures within a text have none that anybody chose."""
    return " ".join(one.name for one in attachments if not one.inline)


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


async def add_unless_sealed(tx: Tx, case_id: int, value: str) -> None:
    """As `add`, for a case of which the caller does not know whether it is sealed. One merged into another is found by that."""
    row = (await tx.run(_PLACE, {"of_case": case_id})).one_or_none()
    if row is not None and row.merged_into is not None:
        await add_unless_sealed(tx, row.merged_into, value)
    elif row is not None and not row.sealed:
        await add(tx, case_id, value)


async def find(tx: Tx, query: str, *, before: int | None = None, limit: int = 200) -> list[int]:
    """Cases that hold every word of the query, the newest first; `before` is the last id of the page before.

    The last word counts as a beginning when it has three letters or more: shorter ones begin half of all words.
    """
    words = words_of(query)[:20]
    if not words:
        return []
    asked = {"before": before if before is not None else _BEYOND, "limit": limit}
    is_beginning = len(words[-1]) >= SHORTEST_BEGINNING
    if tx.is_sqlite:
        quoted = [f'"{word}"' for word in words]
        wanted = " ".join(quoted) + ("*" if is_beginning else "")
        # The beginning of a common word costs its whole list, which is for nothing where no case has the words before it.
        held = " ".join(quoted[:-1])
        if is_beginning and held and not await _ids(tx, _FIND_SQLITE, {**asked, "wanted": held, "limit": 1}):
            return []
        return await _ids(tx, _FIND_SQLITE, {"wanted": wanted, **asked})
    whole = [f"'{word}'" for word in words]
    wanted = " & ".join(whole) + (":*" if is_beginning else "")
    if is_beginning and len(whole) > 1:
        among = await _among(tx, " & ".join(whole[:-1]), wanted, asked["before"])
        if among is not None:
            return among[:limit]
    newest = await _ids(tx, _FIND_NEWEST, {"wanted": wanted, "window": _WINDOW, **asked})
    if len(newest) >= limit:
        return newest
    return await _ids(tx, _FIND_POSTGRESQL, {"wanted": wanted, **asked})


async def _among(tx: Tx, whole: str, wanted: str, before: int) -> list[int] | None:
    """Cases with everything that is wanted, the newest first, where few have the whole words of it; None where many do."""
    values = {"whole": whole, "wanted": wanted, "before": before, "window": _WINDOW}
    held = (await tx.conn.execute(_FIND_AMONG, values)).all()
    return sorted((int(row.rowid) for row in held if row.fits), reverse=True) if len(held) < _WINDOW else None


async def _ids(tx: Tx, statement: TextClause, values: Mapping[str, Any]) -> list[int]:
    return [int(row[0]) for row in await tx.conn.execute(statement, values)]
