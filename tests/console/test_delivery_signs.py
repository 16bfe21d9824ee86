"""What became of a message of ours stands beside it on the case, in words."""

from __future__ import annotations

from typing import Any

import pytest

from store import schema
from tests.console.conftest import Running


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"receipt": ""}, "sent"),
        ({"receipt": "queued"}, "sent"),
        ({"receipt": "delivered"}, "delivered"),
        ({"receipt": "read"}, "read"),
        ({"receipt": "undelivered", "receipt_code": "30003"}, "not delivered: the phone is off or out of reach"),
        ({"receipt": "failed", "receipt_code": "39999"}, "not delivered: 39999"),
        ({"state": "failed", "code": "21610"}, "not delivered: the member has sent STOP"),
        (
            {"state": "waiting", "code": "house_rate"},
            "not delivered yet, we keep trying (too many texts sent in one hour)",
        ),
    ],
)
async def test_each_end_has_its_words(running: Running, values: dict[str, Any], words: str) -> None:
    async with running.house.store.write() as tx:
        mine = schema.outbox.c.case_id == running.house.cases["soon"]
        await tx.conn.execute(schema.outbox.update().where(mine).values(**values))
    page = await (await running.sign_in("tom")).get(running.case("soon"))
    assert f"</svg>{words}</span>" in page
    # What did not arrive is said loudly too.
    assert ("The member did not get our message" in page) == words.startswith("not delivered:")
