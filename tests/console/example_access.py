"""Members who ask for their data: one with several cases, one who shares her address, and what others wrote beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path

from config.mailboxes import load_mailboxes
from gateway.access_answer import HouseAccess
from gateway.house import House as Gateway
from store.database import Store
from tests.console.example_house import House, Told, add_case, add_more, add_note
from tests.console.example_talks import talks_of

ADDRESS = "marie.dubois@mail.example"
# Somebody else, who stands in Marie's words, in a note and in a file's name: nothing of them may be in her answer.
THIRD = "Sophie Durand"
THIRD_MAIL = "sophie.durand@mail.example"
THIRD_PHONE = "0475 11 22 33"
THIRD_NUMBER = "85.07.30-033 28"
# Only in what Marie's husband wrote, from the address that they share.
ZEBRA = "zèbre"
# Only in Marie's sealed case.
HUMILIATED = "humiliée par le médecin-conseil"


@dataclass(frozen=True)
class TimedHouse(Gateway):
    """The real house, whose moment a test turns by hand."""

    clock: Callable[[], datetime] = datetime.now

    def now(self) -> datetime:
        """The moment."""
        return self.clock()


def timed_house(store: Store, folder: Path, clock: Callable[[], datetime]) -> TimedHouse:
    """Over a store that is open, with the mailboxes that are shipped."""
    made = talks_of(store, folder).house
    values = {one.name: getattr(made, one.name) for one in fields(Gateway)}
    return TimedHouse(**values | {"mailboxes": load_mailboxes(made.settings.mailboxes)}, clock=clock)


def access_of(store: Store, folder: Path, clock: Callable[[], datetime]) -> HouseAccess:
    """The real house behind answers to requests for access."""
    return HouseAccess(timed_house(store, folder, clock))


NEIGHBOUR = Told(
    "Marie Dubois",
    ADDRESS,
    f"Ma voisine Mme {THIRD} ({THIRD_MAIL}, {THIRD_PHONE}, {THIRD_NUMBER}) a eu la même lettre. {THIRD} peut le dire.",
    days_ago=40,
    subject=f"La lettre de {THIRD}",
)
HUSBAND = Told("Paul Dubois", ADDRESS, f"Je demande pour mon propre dossier : où est mon {ZEBRA} ?", days_ago=20)
MEDICAL = Told(
    "Marie Dubois", ADDRESS, f"J’ai été {HUMILIATED}.", days_ago=2, department=None, chances={"doctor": 0.95}
)


async def furnish_access(house: House) -> None:
    """Marie's earlier case with a note about her and her neighbour, and her husband's own case from the same address."""
    await add_case(house, "neighbour", NEIGHBOUR)
    await add_note(
        house, "neighbour", "anne", f"A l’air honnête. {THIRD} ({THIRD_PHONE}) a appelé pour elle.", NEIGHBOUR.at
    )
    await add_case(house, "husband", HUSBAND)


async def furnish_sealed(house: House) -> None:
    """A sealed case of Marie's."""
    await add_case(house, "humiliated", MEDICAL)


async def joined_by(house: House, key: str, name: str, text: str) -> None:
    """A second person writes in a case."""
    told = replace(HUSBAND, name=name, text=text, days_ago=1)
    await add_more(house, key, told)
