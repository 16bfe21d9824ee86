"""What is asked about before an answer leaves: never the member's own, and the mistakes that a tired colleague makes."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.health_words import health_words, load_health_words
from config.strict_yaml import DataError
from config.vocabulary import LANGUAGES, Language
from console.answer_checks import Kind, Member, Read, doubts
from gateway.particulars import particulars
from store import cases, people
from tests.console.conftest import Running
from tests.console.example_house import NOW, Told, add_case
from tests.console.test_actions import messages_of

WROTE = (
    "Je m'appelle Marie Dubois, 0470 00 12 34, marie.dubois@mail.example, numéro national 85.07.30-033.28.\n"
    "Mon certificat est parti le 3 novembre. Quand serai-je payée ?"
)
MARIE = Member(
    name="Marie Dubois",
    language="fr",
    way="email",
    wrote=WROTE,
    references=frozenset({"PM-2026-000001-16"}),
    others=("Karim Haddad", "Jean Dubois", "Marie Dubois"),
    asked=WROTE,
)


def kinds(words: str, member: Member = MARIE, **more: object) -> list[Kind]:
    read = Read(particulars=particulars(words))
    return [doubt.kind for doubt in doubts(words, member, read, **more)]  # type: ignore[arg-type]  # `decided` alone


def national(born: int, number: int) -> str:
    """A national number with its check digits: six digits of a day, three of a row, two that prove them."""
    first = f"{60 + born % 30:02}{1 + born % 12:02}{1 + born % 28:02}{number % 998 + 1:03}"
    return f"{first}{97 - int(first) % 97:02}"


GROUPED = st.sampled_from(["", " ", ".", "-", "/", "\u00a0", "\u202f"])


@given(born=st.integers(0, 10_000), number=st.integers(0, 10_000), wrote=GROUPED, answers=GROUPED)
def test_the_members_own_national_number_is_never_asked_about(born: int, number: int, wrote: str, answers: str) -> None:
    plain = national(born, number)
    parts = [plain[:2], plain[2:4], plain[4:6], plain[6:9], plain[9:]]
    member = replace(MARIE, wrote=f"Mon numéro est {wrote.join(parts)}, merci pour le certificat.")
    text = f"Votre certificat au numéro {answers.join(parts)} est arrivé."
    assert kinds(text, member) == []
    # Of whoever never wrote it, it is asked about, however it is grouped.
    assert kinds(text, MARIE) == ["number"]


@example(subscriber="478404000", wrote="", answers="\u202f", prefixes=("0", "0032"))
@example(subscriber="488516700", wrote="", answers=" ", prefixes=("0", "0032"))
@given(
    subscriber=st.from_regex(r"\A4(?:7|8|9)[0-9]{7}\Z"),
    wrote=GROUPED,
    answers=GROUPED,
    prefixes=st.tuples(*[st.sampled_from(["0", "+32", "+32 ", "0032", "+32 (0)"])] * 2),
)
def test_the_members_own_telephone_is_never_asked_about(
    subscriber: str, wrote: str, answers: str, prefixes: tuple[str, str]
) -> None:
    parts = [subscriber[:3], subscriber[3:5], subscriber[5:7], subscriber[7:]]
    member = replace(MARIE, wrote=f"Appelez-moi au {prefixes[0]}{wrote.join(parts)} pour mon certificat.")
    assert kinds(f"Je vous appelle au {prefixes[1]}{answers.join(parts)} pour ce certificat.", member) == []


@given(local=st.from_regex(r"\A[a-z][a-z0-9._]{0,20}[a-z0-9]\Z"), upper=st.booleans())
def test_the_members_own_address_is_never_asked_about(local: str, upper: bool) -> None:
    address = f"{local}@mail.example"
    member = replace(MARIE, wrote=f"Mon certificat vient de {address}.")
    assert kinds(f"Votre certificat de {address.upper() if upper else address} est là.", member) == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Votre certificat : appelez le 0470 99 88 77.", "number"),
        ("Votre certificat est parti à karim@mail.example.", "number"),
        ("Votre certificat, compte BE68 5390 0754 7034.", "number"),
        ("Votre certificat, comme Karim Haddad, est arrivé.", "name"),
        ("Votre certificat, comme KARIM   haddad, est arrivé.", "name"),
        ("Bonjour Sabine Wouters,\nvotre certificat est arrivé.", "name"),
        ("Votre certificat est dans PM-2026-000009-99.", "reference"),
        ("Bonjour Madame, nous regardons.", "question"),
    ],
)
def test_what_is_somebody_elses_is_asked_about(words: str, kind: Kind) -> None:
    assert kinds(words) == [kind]


@pytest.mark.parametrize(
    "words",
    [
        "Bonjour Madame Dubois,\nvotre certificat est arrivé.",
        "Bonjour Marie,\nvotre certificat est arrivé.",
        "Beste mevrouw,\nuw certificaat is er.",
        "Votre certificat du 03/11/2026 14:02, montant 1.234,56 euros, dossier PM-2026-000001-16.",
        "Votre certificat : notre numéro est le 02 444 41 11, et ombudsman@partenamut.be.",
        "Votre certificat : en détresse, appelez le 0800 32 123 ou le 107.",
        "Votre certificat : l’Ombudsfin, 02 545 77 70, ombudsman@ombudsfin.be.",
        "Votre certificat est arrivé, et vous, Jean et Marie, serez payés.",
        "La réponse : le paiement part lundi, certificat reçu.",
    ],
)
def test_what_is_harmless_is_not(words: str) -> None:
    assert kinds(words) == []


def test_whom_the_member_named_may_be_named_and_namesakes_are_no_mistake() -> None:
    member = replace(MARIE, wrote=f"{WROTE} Mon voisin Karim Haddad le sait.")
    assert kinds("Votre certificat, dit Karim Haddad, est arrivé.", member) == []
    assert kinds("Votre certificat, Dubois Marie, est arrivé.") == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Votre dossier de dépression est complet."),
        ("nl", "Uw zwangerschapsattest is er."),
        ("de", "Ihre Krebsbehandlung ist gemeldet."),
        ("en", "Your diabetes form has come."),
    ],
)
def test_health_in_a_text_message_is_asked_about_and_by_mail_is_not(language: Language, words: str) -> None:
    member = replace(MARIE, language=language, asked="")
    for way in ("whatsapp", "telegram"):
        assert kinds(words, replace(member, way=way)) == ["health"]  # type: ignore[arg-type]  # three of the ways
    assert kinds(words, member) == []


def test_the_health_words_are_listed_in_every_language() -> None:
    assert all(len(getattr(health_words(), language)) > 20 for language in LANGUAGES)


def test_a_wrong_list_of_health_words_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "health_words.yaml"
    path.write_text("fr: [a*b]\nnl: [kanker]\nde: [krebs]\nen: [cancer]\n")
    with pytest.raises(DataError, match="fr"):
        load_health_words(path)


@pytest.mark.parametrize(
    ("language", "without", "with_it"),
    [
        ("fr", "Le certificat reste refusé, en court délai.", "Le délai du tribunal du travail court."),
        ("nl", "De beslissing over uw certificaat blijft.", "De termijn voor de arbeidsrechtbank loopt door."),
        ("de", "Der Bescheid zum Certifikat bleibt.", "Die Frist für das Arbeitsgericht läuft weiter."),
        ("en", "The decision on your certificate stands.", "The time limit of the labour court keeps running."),
    ],
)
def test_a_decision_that_stands_comes_with_the_time_limit_of_the_courts(
    language: Language, without: str, with_it: str
) -> None:
    member = replace(MARIE, language=language, asked="")
    assert kinds(without, member, decided=True) == ["courts"]
    assert kinds(f"{without} {with_it}", member, decided=True) == []
    assert kinds(without, member) == []


def test_a_question_that_was_answered_in_other_words_is_left_alone() -> None:
    assert kinds("Le certificat est encodé.") == []
    assert kinds("Nous regardons.", replace(MARIE, asked="")) == []


def test_being_sure_of_one_number_is_not_being_sure_of_the_next() -> None:
    first, second = [
        doubts(words, MARIE, Read(particulars=particulars(words)))[0]
        for words in ("certificat, 0470 99 88 77", "certificat, 0470 99 88 76")
    ]
    assert first.key != second.key


async def test_the_page_says_what_it_is_and_sends_when_one_is_sure(running: Running) -> None:
    anne = await running.sign_in("anne")
    path = running.case("marie")
    await anne.get(path)
    text = "Bonjour Lucie Martin,\n\nvotre certificat est arrivé. Appelez le 0470 99 88 77."
    page = await anne.post(f"{path}/reply", status=422, text=text)
    assert "“0470 99 88 77” is no number or address of Marie Dubois that we know." in page
    assert "“Lucie Martin” is named, and this goes to Marie Dubois." in page
    assert unescape(re.findall(r'<textarea id="reply-text"[^>]*>\n([^<]*)', page)[0]) == text
    sure = unescape(re.findall(r'name="sure" value="([^"]*)"', page)[0])
    # Another number than the one that was agreed to is asked about anew.
    other = text.replace("88 77", "88 76")
    await anne.post(f"{path}/reply", status=422, text=other, sure=sure)
    page = await anne.post(f"{path}/reply", text=text, sure=sure)
    assert "Goes to Marie Dubois" in page


async def test_a_number_by_which_we_know_somebody_else_is_asked_about(running: Running) -> None:
    house = running.house
    await add_case(house, "known", Told("Zoë Nummers", "zoe@mail.example", "Bonjour.", member_number="765432198"))
    anne = await running.sign_in("anne")
    path = running.case("marie")
    await anne.get(path)
    page = await anne.post(f"{path}/reply", status=422, text="Votre certificat, membre 765-432-198, est arrivé.")
    assert "“765-432-198” is no number or address of Marie Dubois" in page
    await anne.get(path)
    page = await anne.post(f"{path}/reply", text="Votre certificat, membre 1234567, est arrivé.")
    assert "Goes to Marie Dubois" in page


async def test_nothing_of_a_sealed_case_goes_by_text_message(running: Running) -> None:
    house = running.house
    await add_case(
        house,
        "sealed_phone",
        Told("Rosa Ceuppens", "+32470001199", "Mijn kaart.", days_ago=1, language="nl", channel="sms", contact="phone"),
        assignee="anne",
    )
    running.desk.text_way = "phone"
    async with house.store.write() as tx:
        await cases.change(tx, house.cases["sealed_phone"], actor="system", act="case.corrected", now=NOW, sealed=True)
        assert await people.contacts_of_case(tx, house.cases["sealed_phone"])
    anne = await running.sign_in("anne")
    path = running.case("sealed_phone")
    await anne.get(path)
    page = await anne.post(f"{path}/reply", status=422, text="Uw kaart is er.", sure="health number name question")
    assert "This case is sealed, and a text message is not. Nothing was sent" in page
    assert "Uw kaart is er." in page
    page = await anne.post(f"{path}/close", status=422, how="send", outcome="explained", text="Uw kaart is er.")
    assert "This case is sealed, and a text message is not." in page
    assert [one for one in await messages_of(running, "sealed_phone") if one.direction == "out"] == []
