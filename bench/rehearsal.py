"""How long a rehearsal takes: `python -m bench.rehearsal [cases]` fills a register with cases and replays a changed rule set."""

from __future__ import annotations

import asyncio
import gc
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from channels.message import InboundMessage, Sender
from classifier.classification import Classification, Evidence
from config.departments import SHIPPED
from config.settings import load
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS
from gateway.house import active_rules, build
from gateway.rehearsal import rehearse
from router.decide import decide, load_rules, parse_rules
from router.decision import Facts
from store import cases as register
from store import rule_hits, texts
from store.database import Store
from store.schema import cases, classifications, contacts, decisions, messages, people

_AT_ONCE: Final = 5_000
_WORDS: Final = "Bonjour, je vous écris pour la troisième fois au sujet de mes indemnités du mois d'octobre. " * 6


def main() -> None:
    """Fill and measure; 100 000 cases unless said otherwise."""
    asyncio.run(_measure(int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else 100_000))


async def _measure(size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = build(load(data=Path(folder), min_free_mb=0, min_free_percent=0), name="bench")
        await house.store.open()
        await active_rules(house)
        await _fill(house.store, size)
        body = (SHIPPED / "rules" / "default.yaml").read_text(encoding="utf-8")
        changed = parse_rules(body.replace("test: at_least, value: 0.35", "test: at_least, value: 0.7"))
        longest = 0.0

        async def watch() -> None:
            nonlocal longest
            while True:
                start = time.perf_counter()
                await asyncio.sleep(0.005)
                longest = max(longest, time.perf_counter() - start - 0.005)

        # As processes do once they stand (gateway.processes): what is loaded by then is never garbage.
        gc.collect()
        gc.freeze()
        watching = asyncio.create_task(watch())
        start, worked = time.perf_counter(), time.process_time()
        found = await rehearse(house, changed, days=365)
        seconds, cpu = time.perf_counter() - start, time.process_time() - worked
        watching.cancel()
        await house.close()
        assert found.replayed == size, found.replayed
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"rehearsal of {size} cases: {seconds:.1f} s ({cpu:.1f} s of one core), {len(found.moves)} changed; "
        f"the event loop waited {longest * 1000:.0f} ms at most, {peak:.0f} MiB"
    )


async def _fill(store: Store, size: int) -> None:
    rules = load_rules(SHIPPED / "rules" / "default.yaml")
    chance = random.Random(7)  # No secret.
    now = datetime.now(UTC)
    kinds = [_kind_of_case(chance, rules) for _ in range(400)]
    async with store.write() as tx:
        await tx.conn.execute(
            people.insert(),
            [
                {"id": n, "name": b"A B", "language": "fr", "member_number": b"", "created_at": now}
                for n in range(1, 5001)
            ],
        )
        await tx.conn.execute(
            contacts.insert(),
            [{"id": n, "person_id": n, "kind": "email", "address": f"{n}@mail.example"} for n in range(1, 5001)],
        )
    for start in range(1, size + 1, _AT_ONCE):
        rows: list[tuple[int, int, datetime, dict[str, Any]]] = [
            (n, chance.randint(1, 5000), now - timedelta(days=300 * (1 - n / size), minutes=1), chance.choice(kinds))
            for n in range(start, min(start + _AT_ONCE, size + 1))
        ]
        async with store.write() as tx:
            await tx.conn.execute(cases.insert(), [_case(n, who, at, made) for n, who, at, made in rows])
            await tx.conn.execute(messages.insert(), [_message(n, who, at) for n, who, at, _ in rows])
            await tx.conn.execute(
                classifications.insert(),
                [
                    {"id": n, "message_id": n, "case_id": n, "model": "m", "body": made["said"], "at": at}
                    for n, _, at, made in rows
                ],
            )
            await tx.conn.execute(
                decisions.insert(),
                [
                    {"id": n, "case_id": n, "message_id": n, "rules_version": "1", "at": at, **made["decision"]}
                    for n, _, at, made in rows
                ],
            )


def _kind_of_case(chance: random.Random, rules: Any) -> dict[str, Any]:
    kind = chance.choices(KINDS, (70, 6, 8, 12, 4))[0]
    department = chance.choice(DEPARTMENTS)
    found: dict[str, Any] = {name: round(chance.betavariate(0.3, 3), 4) for name in FLAGS}
    said = Classification(
        language="fr",
        kind=kind,
        flags={name: found[name] >= 0.5 for name in FLAGS},
        department=department,
        departments=tuple((name, 0.9 if name == department else 0.01) for name in DEPARTMENTS),
        probabilities={"kind": {name: 0.9 if name == kind else 0.02 for name in KINDS}, **found},
        abstained=("department",) if chance.random() < 0.1 else (),
        evidence=tuple(Evidence("second_line", 9, 30, "pour la troisième fois", 0.6) for _ in range(12)),
        model="guichet-1",
    )
    message = InboundMessage(
        channel="email",
        account="plaintes@partenamut.example",
        external_id="x",
        sender=Sender("email", "a@mail.example"),
        subject="Indemnités",
        text=_WORDS,
        reply=_WORDS,
        received_at=datetime.now(UTC),
    )
    decision = decide(Facts(message, said), rules)
    return {
        "said": texts.keep_json(said.as_json(), register.CLASSIFICATION),
        "queue": decision.queue,
        "sealed": decision.sealed,
        "decision": {
            "decided_by": decision.decided_by,
            "hits": rule_hits.marked(rule_hits.took_part(decision)),
            "near": rule_hits.marked(rule_hits.nearly_did(decision)),
            "body": texts.keep_json(decision.as_json(), register.DECISION),
        },
    }


def _case(n: int, who: int, at: datetime, made: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": n,
        "reference": f"PM-2026-{n:06}-00",
        "kind": "complaint",
        "queue": made["queue"],
        "priority": "normal",
        "situation": "department",
        "state": "open",
        "sealed": made["sealed"],
        "flags": {},
        "language": "fr",
        "channel": "email",
        "account": "plaintes@partenamut.example",
        "person_id": who,
        "contact_id": who,
        "subject": b"",
        "first_words": b"",
        "received_at": at,
    }


def _message(n: int, who: int, at: datetime) -> dict[str, Any]:
    text = texts.keep(_WORDS, register.TEXT)
    return {
        "id": n,
        "case_id": n,
        "direction": "in",
        "channel": "email",
        "account": "plaintes@partenamut.example",
        "contact_id": who,
        "sender_name": b"",
        "subject": "Indemnités".encode(),
        "text": text,
        "reply": text,
        "hidden": b"",
        "defects": [],
        "at": at,
    }


if __name__ == "__main__":
    main()
