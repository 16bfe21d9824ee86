"""A house with cases in it, registered through the store as the workers do; for tests and for pictures.

All people are invented. `now` is Tuesday 24 November 2026 at ten in Brussels.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import update

from channels.message import Attachment, InboundMessage, OutboundMessage, RawMessage, Sender
from classifier.classification import Classification, Evidence
from config.settings import SHIPPED
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, AddressKind, Channel, Department, Flag, Kind, Language, Role
from console.passwords import hash_password
from router import deadlines
from router.decide import decide, load_rules
from router.decision import Decision, Facts
from store import cases, inbox, outbox, people, references, rule_sets, search, users
from store.database import Store, Tx
from store.schema import inbox as inbox_table

NOW: Final = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PASSWORD: Final = "correct horse battery staple"
MAILBOX: Final = "ombudsman@partenamut.example"
# In a sealed case's every text, and nowhere else: it must not be seen by who may not open the case.
CANARY: Final = "Zeisig-Kanarie"


@dataclass(frozen=True)
class Told:
    """One message as it arrived, and what the classifier is said to have found in it."""

    name: str
    address: str
    text: str
    days_ago: int = 0
    hour: int = 8
    subject: str = ""
    quoted: str = ""
    html: str = ""
    kind: Kind = "complaint"
    channel: Channel = "email"
    contact: AddressKind = "email"
    language: Language = "fr"
    department: Department | None = "incapacity"
    chances: dict[str, float] = field(default_factory=dict)
    evidence: tuple[tuple[str, str], ...] = ()
    unsure: tuple[str, ...] = ()
    mailbox_queue: str = "department"
    member_number: str = ""
    files: tuple[Attachment, ...] = ()

    @property
    def at(self) -> datetime:
        """When it came in."""
        return NOW.replace(hour=self.hour, minute=12) - timedelta(days=self.days_ago)


@dataclass
class House:
    """What stands in the store, by the names tests use."""

    store: Store
    users: dict[str, int] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    cases: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    number: int = 0
    talks: dict[str, int] = field(default_factory=dict)


def classification(told: Told) -> Classification:
    """What the classifier would say, with the evidence at its place."""
    chances = {flag: told.chances.get(flag, 0.03) for flag in FLAGS}
    kinds = dict.fromkeys(KINDS, 0.01) | {told.kind: 0.96}
    best = told.chances.get("department", 0.84)
    others = [name for name in DEPARTMENTS if name != told.department]
    ranked = ([(told.department, best)] if told.department else []) + [(name, 0.02) for name in others]
    return Classification(
        language=told.language,
        kind=told.kind,
        flags={cast(Flag, flag): chance >= 0.5 for flag, chance in chances.items()},
        department=told.department,
        departments=tuple(ranked),
        probabilities={"kind": kinds, **chances},
        abstained=told.unsure,
        evidence=tuple(
            Evidence(label, told.text.index(words), told.text.index(words) + len(words), words, 0.6)
            for label, words in told.evidence
        ),
        model="guichet-1",
    )


async def add_users(house: House) -> None:
    """One colleague of each role; Anne and Sofie may see medical matters."""
    people_: tuple[tuple[str, str, Role, bool], ...] = (
        ("anne", "Anne Lemaire", "mediator", True),
        ("tom", "Tom Baert", "mediator", False),
        ("sofie", "Sofie Claes", "supervisor", True),
        ("luc", "Luc Simon", "supervisor", False),
        ("fatima", "Fatima Idrissi", "agent", False),
        ("rik", "Rik Maes", "reader", False),
        ("admin", "Nadia Peters", "administrator", False),
    )
    hashed = hash_password(PASSWORD)
    async with house.store.write() as tx:
        for login, name, role, medical in people_:
            house.users[login] = await users.add(
                tx, login=login, name=name, role=role, medical=medical, password=hashed, actor="system", now=NOW
            )


async def add_item(tx: Tx, told: Told, number: int) -> int:
    """The raw mail, taken in and worked on."""
    parts = f"From: {told.name} <{told.address}>\r\nSubject: {told.subject}\r\nMIME-Version: 1.0\r\n"
    body = (
        f"{parts}Content-Type: text/html; charset=utf-8\r\n\r\n{told.html}"
        if told.html
        else (f"{parts}Content-Type: text/plain; charset=utf-8\r\n\r\n{told.text}")
    )
    raw = RawMessage(told.channel, MAILBOX, f"<{number}@mail.example>", body.encode(), told.at)
    item_id, _ = await inbox.add(tx, raw, now=told.at)
    return item_id


async def add_case(house: House, key: str, told: Told, *, assignee: str = "", receipt: str = "sent") -> None:
    """Register a case as the recording transaction does: routed by the shipped rules, with clocks and receipt."""
    found = classification(told)
    rules = load_rules(SHIPPED / "rules" / "default.yaml")
    message = InboundMessage(
        channel=told.channel,
        account=MAILBOX,
        external_id=key,
        sender=Sender(told.contact, told.address, told.name),
        subject=told.subject,
        text=told.text,
        reply=told.text,
        received_at=told.at,
        attachments=told.files,
        member_number=told.member_number,
    )
    day = deadlines.received_day(told.at)
    decision = decide(Facts(message, found, told.mailbox_queue, day), rules)
    clocks = deadlines.clocks_for(decision, day)
    leading = deadlines.earliest(clocks)
    house.number += 1
    async with house.store.write() as tx:
        item_id = await add_item(tx, told, house.number)
        reference = await references.next_reference(tx, day.year)
        sender = Sender(told.contact, told.address)
        contact = await people.find_contact(tx, sender) or await people.new_contact(
            tx, sender, name=told.name, language=told.language, member_number=told.member_number, now=told.at
        )
        new = cases.NewCase(
            reference=reference,
            kind=found.kind,
            language=told.language,
            channel=told.channel,
            account=MAILBOX,
            person_id=contact.person_id,
            contact_id=contact.id,
            subject=told.subject,
            first_words=" ".join(told.text.split())[:200],
            received_at=told.at,
            due_on=leading.due_on if leading else None,
            flags={str(flag): held for flag, held in found.flags.items()},
            abstained=bool(found.abstained),
        )
        case_id = await cases.open_case(tx, new, decision, now=told.at)
        message_id = await _add_message(tx, told, case_id, contact.id, item_id)
        await cases.add_classification(tx, message_id, case_id, found, now=told.at)
        await cases.add_decision(tx, message_id, case_id, decision, now=told.at)
        await cases.add_deadlines(
            tx, case_id, [(clock.id, clock.due_on, clock.source) for clock in clocks], running=not decision.refused
        )
        await people.know_on_case(tx, case_id, contact.id, now=told.at)
        await inbox.assign_case(tx, item_id, case_id, "opened")
        await _done(tx, item_id)
        if not decision.sealed:
            await search.add(tx, case_id, f"{reference} {told.name} {told.subject} {told.text}")
        if receipt and told.contact == "email":
            await _receipt(tx, house.number, told, decision, case_id, contact.id, reference, receipt)
        if assignee:
            await cases.change(
                tx,
                case_id,
                actor=f"user:{house.users[assignee]}",
                act="case.taken",
                now=told.at + timedelta(hours=1),
                assignee_id=house.users[assignee],
                unread=False,
            )
    house.cases[key], house.references[key], house.items[key] = case_id, reference, item_id


async def _add_message(tx: Tx, told: Told, case_id: int | None, contact_id: int | None, item_id: int) -> int:
    return await cases.add_message(
        tx,
        cases.NewMessage(
            case_id=case_id,
            direction="in",
            channel=told.channel,
            account=MAILBOX,
            subject=told.subject,
            text=f"{told.text}{told.quoted}",
            reply=told.text,
            at=told.at,
            contact_id=contact_id,
            inbox_id=item_id,
            sender_name=told.name,
        ),
        told.files,
    )


async def _done(tx: Tx, item_id: int, **values: Any) -> None:
    await tx.conn.execute(update(inbox_table).where(inbox_table.c.id == item_id).values(state="done", **values))


async def _receipt(
    tx: Tx,
    number: int,
    told: Told,
    decision: Decision,
    case_id: int,
    contact_id: int,
    reference: str,
    state: str,
) -> None:
    at = told.at + timedelta(seconds=4)
    text = f"Bonjour {told.name},\n\nNous avons bien reçu votre message. Votre référence : {reference}."
    message_id = await cases.add_message(
        tx,
        cases.NewMessage(
            case_id=case_id,
            direction="out",
            channel="email",
            account=MAILBOX,
            subject=f"Nous avons bien reçu votre message ({reference})",
            text=text,
            reply="",
            at=at,
            contact_id=contact_id,
            auto=True,
            situation=decision.situation,
        ),
    )
    message = OutboundMessage(
        key=f"ack-{number}",
        channel="email",
        account=MAILBOX,
        recipient=told.address,
        recipient_name=told.name,
        subject=reference,
        text=text,
        language=told.language,
        auto=True,
    )
    await outbox.put(tx, message, now=at, case_id=case_id, message_id=message_id, contact_id=contact_id)
    (outgoing,) = await outbox.claim(tx, limit=1, now=at, lease=timedelta(minutes=1))
    if state == "failed":
        await outbox.failed(tx, outgoing, code="550 5.1.1 no such user", now=at)
        return
    await outbox.sent(tx, outgoing, code="250 2.0.0", provider_id="", masked=text, now=at)
    await cases.end_clocks(tx, case_id, now=at, clock="acknowledgement")


async def add_more(house: House, key: str, told: Told) -> None:
    """A further message of the member."""
    house.number += 1
    async with house.store.write() as tx:
        contact = await people.find_contact(tx, Sender(told.contact, told.address))
        item_id = await add_item(tx, told, house.number)
        await _add_message(tx, told, house.cases[key], contact.id if contact else None, item_id)
        await inbox.assign_case(tx, item_id, house.cases[key], "joined")
        await _done(tx, item_id)
        await cases.change(tx, house.cases[key], actor="member", act="message.joined", now=told.at, unread=True)


async def add_note(house: House, key: str, login: str, text: str, at: datetime) -> None:
    """An internal note."""
    async with house.store.write() as tx:
        await cases.add_note(tx, house.cases[key], house.users[login], text, now=at)


async def add_held(house: House, key: str, told: Told, *, sealed: bool = False) -> None:
    """A stranger's message that quotes a case."""
    house.number += 1
    async with house.store.write() as tx:
        item_id = await add_item(tx, told, house.number)
        contact = await people.new_contact(
            tx,
            Sender(told.contact, told.address),
            name=told.name,
            language=told.language,
            member_number="",
            now=told.at,
        )
        message_id = await _add_message(tx, told, None, contact.id, item_id)
        await cases.hold(
            tx,
            message_id=message_id,
            inbox_id=item_id,
            case_id=house.cases[key],
            why="quotes the reference, but the sender is not known on the case",
            sealed=sealed,
            now=told.at,
        )
        await inbox.assign_case(tx, item_id, house.cases[key], "held")
        await _done(tx, item_id)


async def add_robot(house: House, key: str, text: str) -> None:
    """An automatic reply, or what was taken for one."""
    house.number += 1
    body = f"From: absent@mail.example\r\nSubject: Absent\r\nAuto-Submitted: auto-replied\r\n\r\n{text}".encode()
    async with house.store.write() as tx:
        raw = RawMessage("email", MAILBOX, f"<r{house.number}@mail.example>", body, NOW - timedelta(hours=2))
        house.items[key], _ = await inbox.add(tx, raw, now=NOW)
        await inbox.assign_case(tx, house.items[key], None, "robot")
        await _done(tx, house.items[key])


async def add_quarantined(house: House, key: str, text: str, error: str, *, hours_ago: int = 1) -> None:
    """An item that nobody could read."""
    house.number += 1
    at = NOW - timedelta(hours=hours_ago)
    async with house.store.write() as tx:
        raw = RawMessage("email", MAILBOX, f"<q{house.number}@mail.example>", text.encode(), at)
        house.items[key], _ = await inbox.add(tx, raw, now=at)
        (item,) = await inbox.claim(tx, limit=1, now=at, lease=timedelta(minutes=1))
        await inbox.set_back(tx, item, due_at=None, error=error, now=at)


_MARIE = Told(
    name="Marie Dubois",
    address="marie.dubois@mail.example",
    subject="Indemnité toujours pas payée",
    text=(
        "Bonjour,\n\nje vous ai déjà écrit deux fois au sujet de mon indemnité, sans aucune réponse. "
        "Mon certificat est chez vous depuis le 3 novembre (voir la copie jointe) et rien n’a été payé.\n\n"
        "Je ne demande pas l’impossible : dites-moi simplement ce qui manque.\n\nMarie Dubois\n0470 00 12 34"
    ),
    quoted="\n\nLe 3 novembre 2026, Partenamut a écrit :\n> Nous avons bien reçu votre certificat.\n> Vous aurez une réponse.",
    days_ago=6,
    chances={"second_line": 0.96, "urgent": 0.31},
    evidence=(
        ("second_line", "déjà écrit deux fois"),
        ("second_line", "sans aucune réponse"),
        ("complaint", "rien n’a été payé"),
        ("incapacity", "mon indemnité"),
    ),
    mailbox_queue="mediation",
    member_number="1234567",
    html=(
        "<p>Bonjour,</p><p>je vous ai <b>déjà écrit deux fois</b>.</p><script>alert(1)</script>"
        '<img src="https://tracker.example/p.gif"><p><a href="https://evil.example/login">www.partenamut.be</a></p>'
    ),
    files=(Attachment("certificat.pdf", "application/pdf", b"%PDF-1.4 example" * 900),),
)

_SEALED = Told(
    name=f"Paul {CANARY}",
    address="paul.zeisig@mail.example",
    subject=f"Médecin-conseil {CANARY}",
    text=f"Le médecin-conseil m’a humilié pendant l’examen. {CANARY}",
    days_ago=3,
    department=None,
    chances={"doctor": 0.95},
    evidence=(("doctor", "médecin-conseil"),),
    files=(Attachment(f"rapport {CANARY}.pdf", "application/pdf", CANARY.encode() * 20),),
)


def _of(name: str, address: str, text: str, **more: Any) -> Told:
    return replace(Told(name, address, text), **more)


async def publish_rules(house: House) -> None:
    """The shipped rules decide, as at the first start."""
    path = SHIPPED / "rules" / "default.yaml"
    async with house.store.write() as tx:
        await rule_sets.publish(
            tx,
            version=load_rules(path).version,
            body=path.read_text(encoding="utf-8"),
            comment="The rules as shipped.",
            author_id=None,
            now=NOW - timedelta(days=100),
        )


async def furnish(store: Store) -> House:
    """The whole house."""
    house = House(store)
    await add_users(house)
    await publish_rules(house)
    await add_case(house, "marie", _MARIE, assignee="anne")
    await add_case(house, "sealed", _SEALED)
    late = _of(
        "Karim Haddad",
        "karim@mail.example",
        "Je vous écris pour la troisième fois. Personne ne me répond, et je n’ai plus confiance dans votre service.",
        days_ago=34,
        chances={"second_line": 0.93},
        department="reimbursements",
        evidence=(("second_line", "pour la troisième fois"),),
    )
    await add_case(house, "late", late, assignee="tom")
    soon = _of(
        "Jan Peeters",
        "jan.peeters@mail.example",
        "Sinds augustus wacht ik op de terugbetaling van mijn "
        "kinesist. Drie keer gebeld, drie keer beloofd, niets gekregen.",
        days_ago=14,
        language="nl",
        channel="webform",
        department="reimbursements",
        subject="Terugbetaling",
    )
    await add_case(house, "soon", soon)
    urgent = _of(
        "Sabine Wouters",
        "sabine@mail.example",
        "Zonder mijn uitkering kan ik mijn huur en mijn medicatie "
        "niet meer betalen. Ik weet niet meer wat ik moet doen.",
        days_ago=0,
        hour=7,
        language="nl",
        chances={"urgent": 0.91},
        evidence=(("urgent", "mijn medicatie niet meer betalen"),),
    )
    await add_case(house, "urgent", urgent)
    week = _of(
        "Lucie Martin",
        "lucie.martin@mail.example",
        "Au guichet, on m’a dit de revenir trois fois. Je travaille, je ne peux pas passer mes matinées à attendre.",
        days_ago=11,
        department="branches",
    )
    await add_case(house, "week", week, assignee="anne")
    await add_case(
        house,
        "broken",
        _of(
            "Pieter De Smet",
            "pieter@mail.exmple",
            "De app vraagt elke dag opnieuw om aan te melden met itsme.",
            days_ago=5,
            language="nl",
            department="digital",
        ),
        receipt="failed",
    )
    await add_case(
        house,
        "unsure",
        _of(
            "H. B.",
            "hb77@mail.example",
            "ok merci",
            days_ago=1,
            kind="other",
            department=None,
            unsure=("kind", "off_scope"),
        ),
    )
    await add_case(
        house,
        "thanks",
        _of(
            "Nora Lambert",
            "nora@mail.example",
            "Un grand merci à votre collègue de l’agence, qui a pris le temps de tout m’expliquer.",
            days_ago=2,
            kind="compliment",
            department="branches",
        ),
    )
    await add_case(
        house,
        "long",
        _of(
            "Georges Petit",
            "georges@mail.example",
            "\n".join(f"Ligne {n} de ma lettre, que je vous recopie ici." for n in range(1, 90)),
            days_ago=4,
            channel="webform",
            department="contributions",
        ),
    )
    await add_case(
        house,
        "phone",
        _of(
            "Rosa Ceuppens",
            "+32470001122",
            "Mijn kaart werkt niet bij de apotheker.",
            days_ago=1,
            language="nl",
            channel="sms",
            contact="phone",
            department="membership",
        ),
    )
    await add_case(
        house,
        "markup",
        _of(
            "<b>Eva</b> <img src=x>",
            "eva@mail.example",
            '<script>document.title="owned"</script> & <b>gras</b>',
            days_ago=1,
            department="digital",
            subject='"><svg onload=alert(1)>',
        ),
    )
    await add_case(
        house,
        "earlier",
        replace(
            _MARIE,
            days_ago=60,
            subject="Carte",
            text="Ma carte est perdue.",
            evidence=(),
            files=(),
            html="",
            quoted="",
            chances={},
            department="membership",
            mailbox_queue="department",
        ),
    )
    async with store.write() as tx:
        await cases.close(
            tx,
            house.cases["earlier"],
            outcome="explained",
            actor=f"user:{house.users['tom']}",
            now=NOW - timedelta(days=50),
        )
    await add_note(
        house,
        "marie",
        "tom",
        "Rappelée mercredi : préfère le matin. Le certificat du 3 novembre est bien "
        "dans le dossier, il n’a pas été encodé.",
        NOW - timedelta(days=5),
    )
    await add_more(
        house,
        "marie",
        replace(
            _MARIE,
            days_ago=1,
            hour=15,
            subject="Re: Indemnité toujours pas payée",
            text="Bonjour,\n\nJe viens de recevoir un rappel de mon propriétaire. Avez-vous des nouvelles ?\n\n"
            "Marie Dubois",
            files=(),
            html="",
        ),
    )
    await add_held(
        house,
        "marie",
        _of(
            "Olivier Renard",
            "o.renard@mail.example",
            f"Concerne {house.references['marie']} : je suis le voisin de Madame Dubois, pouvez-vous me dire où "
            "en est son dossier ?",
            days_ago=0,
            hour=6,
        ),
    )
    await add_held(house, "sealed", _of(f"Ria {CANARY}", "ria@mail.example", f"Over mijn broer. {CANARY}"))
    await add_robot(house, "robot", f"Je suis absent jusqu’au 30 novembre. {CANARY}")
    await add_quarantined(
        house,
        "kept1",
        f"From: x\r\n\r\n<script>alert(1)</script> {CANARY}",
        "The charset x-user is not known.",
        hours_ago=5,
    )
    await add_quarantined(house, "kept2", f"From: y\r\n\r\n{CANARY}", "The charset x-user is not known.", hours_ago=4)
    await add_quarantined(
        house, "kept3", f"From: z\r\n\r\n{CANARY}", "The parser ended over this item (time or memory)."
    )
    return house
