"""What was written is found however it is typed, on both databases; what is sealed never is."""

from __future__ import annotations

import pytest

from store import search
from store.database import Store
from tests.store.registered import case


async def indexed(store: Store, *texts: str) -> list[int]:
    async with store.write() as tx:
        numbers = [await case(tx) for _ in texts]
        for number, text in zip(numbers, texts, strict=True):
            await search.add(tx, number, text)
    return numbers


async def find(store: Store, query: str, limit: int = 200) -> list[int]:
    async with store.read() as tx:
        return await search.find(tx, query, limit=limit)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Élodie Çelik a écrit", "elodie"),
        ("ELODIE", "élodie"),
        ("remboursement de kiné", "KINE"),
        ("Beschwerde über die Straße", "strasse"),
        ("Größe", "grosse"),
        ("ma sœur attend", "soeur"),
        ("ma soeur attend", "sœur"),
        ("coördinatie", "coordinatie"),
        ("l’hospitalisation", "hospitalisation"),
        ("l'hospitalisation", "hospitalisation"),
        ("PM-2026-004217-75", "PM-2026-004217-75"),
        ("PM-2026-004217-75", "pm 2026 004217"),
        ("votre n°004217", "004217"),
        ("remboursements", "rembours"),
        ("remboursement kiné août", "kine remb"),
        ("marie.dubois@mail.example", "dubois"),
        ("nom_de_famille é", "nom_de_famille"),
        ("жалоба на отказ", "ЖАЛОБА"),
        ("1e5 euros et 12.50", "1e5"),
        ("page http://mail.example/abc-def", "abc"),
    ],
)
async def test_is_found(store: Store, text: str, query: str) -> None:
    wanted, _other = await indexed(store, text, "quelque chose d'autre")
    assert await find(store, query) == [wanted]


@pytest.mark.parametrize(
    "query",
    [
        "absent",
        "kine absent",
        "absent kine",
        "remboursementx",
        "ine",
        "",
        "  ",
        "*",
        '"',
        "'",
        "!!!",
        "\x00",
        "\ud800",
        "kine OR absent",
        "kine NOT autre",
        "NEAR(kine autre)",
        "words:kine",
        "kine | absent",
        "!absent & kin",
        "a' b",
        "\\",
        "'; DROP TABLE cases; --",
        "x" * 5000,
        "a " * 5000,
        "%",
        "_",
    ],
)
async def test_is_not_found_and_nothing_breaks(store: Store, query: str) -> None:
    await indexed(store, "remboursement kiné autre chose")
    assert await find(store, query) == []


async def test_later_words_are_added_to_those_before(store: Store) -> None:
    (wanted,) = await indexed(store, "premier message")
    async with store.write() as tx:
        await search.add(tx, wanted, "second message")
    assert await find(store, "premier second") == [wanted]


async def test_the_newest_come_first_and_no_more_than_wanted(store: Store) -> None:
    numbers = await indexed(store, *["même mot"] * 5)
    assert await find(store, "mot", limit=3) == numbers[:1:-1]


async def test_what_is_removed_is_gone(store: Store) -> None:
    (wanted,) = await indexed(store, "secret médical")
    async with store.write() as tx:
        await search.remove(tx, wanted)
    assert await find(store, "medical") == []


@pytest.mark.parametrize("word", ["a", "é", "ж", "語"])
async def test_a_long_correspondence_of_long_words_is_still_recorded(store: Store, word: str) -> None:
    (wanted,) = await indexed(store, "commencement")
    for part in range(6):
        async with store.write() as tx:
            await search.add(tx, wanted, " ".join(f"{word * 60}{part}{number}" for number in range(6000)))
            await search.add(tx, wanted, " ".join(f"{part}x{number}{word * 50}" for number in range(6000)))
    assert await find(store, "commencement") == [wanted]


@pytest.mark.parametrize("window", [1, 3, 1_000])
async def test_however_few_are_looked_through_the_same_are_found(
    store: Store, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.search._WINDOW", window)
    numbers = await indexed(store, *["kiné remboursement", "kiné seul", "autre remboursé", "kiné et rembourser"] * 2)
    both = [numbers[at] for at in (7, 4, 3, 0)]
    assert await find(store, "kine remb") == both
    assert await find(store, "kine remb", limit=2) == both[:2]
    assert await find(store, "hippopotame remb") == []
    assert await find(store, "kine remboursement remb") == [numbers[4], numbers[0]]
    async with store.read() as tx:
        assert await search.find(tx, "kine remb", before=numbers[4]) == both[2:]
