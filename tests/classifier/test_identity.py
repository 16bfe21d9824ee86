"""Who the writer says they are: names, numbers and addresses, and who is somebody else."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.classification import Identity, Text
from classifier.identity import find, mask, pseudonymous, stated


def mail(text: str, name: str = "", address: str = "") -> Text:
    return Text("email", text, from_name=name, from_address=address)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Bonjour,\nmon dossier traîne.\n\nBien à vous,\nMonique Delvaux", "Monique Delvaux"),
        ("Mijn dossier ligt stil.\n\nMet vriendelijke groeten\n\nJan De Smet\n0470 00 11 22", "Jan De Smet"),
        ("Es dauert zu lange.\nMit freundlichen Grüßen\nHeike Müller", "Heike Müller"),
        ("It takes too long. Kind regards, Priya Nair", "Priya Nair"),
        ("je m'appelle marie dupont et j'attends", "marie dupont"),
        ("Je suis Fatima El Amrani, membre depuis 2001.", "Fatima El Amrani"),
        ("mijn naam is gerda smets ik had een bril", "gerda smets"),
        ("Ich heiße Jürgen Krings. Wo bleibt mein Geld?", "Jürgen Krings"),
        ("My name is Tom O'Neill and I am waiting", "Tom O'Neill"),
        ("Mvg, Els Goossens", "Els Goossens"),
        ("Toujours rien. Luc Peeters", "Luc Peeters"),
        ("Cordialement,\nMme MAES GEORGETTE", "MAES GEORGETTE"),
        ("Cordialement,\nLaurence Thiry – service facturation, Clinique Saint-Roch", "Laurence Thiry"),
        ("Merci de revoir mon dossier, c'est urgent.", ""),
        ("Ma mère, Jeanne Dupont, attend depuis mai.", ""),
        ("Mon fils s'appelle Lucas et il attend.", ""),
        ("Le docteur Martin ne répond pas.", ""),
        ("Je suis Belge et fâché.", ""),
        ("Bedankt en een prettige dag", ""),
        ("QUI VA PAYER ? PAS MOI. C'EST UNE HONTE", ""),
        ("mvg\nAn D'Hooghe", "An D'Hooghe"),
        ("Cordialement,\nYıldız Öztürk", "Yıldız Öztürk"),
        ("Bonjour, ici Mohammed El Idrissi, j'appelle pour ma femme.", "Mohammed El Idrissi"),
        ("Bonjour, rien reçu.\nMme Peeters", "Mme Peeters"),
        ("Met vriendelijke groeten, dhr. Van Damme", "dhr. Van Damme"),
        ("Mit freundlichen Grüßen\nFrau Schmitz", "Frau Schmitz"),
        ("Bonjour, je suis madame Lenoir et j'attends", "madame Lenoir"),
        ("Rien reçu.\nMme Lucie", "Lucie"),
        ("Bonjour\nPaul\nEnvoyé de mon iPhone", "Paul"),
        ("Bien à vous,\nPour Madame Germaine Dubois\nson fils Éric Dubois", "Éric Dubois"),
        ("merci ma fille Julie attend", ""),
        ("C'est Madame Lenoir qui m'a répondu", ""),
        ("Merci madame Peeters.\nPaul Renard", "Paul Renard"),
        ("Merci Karim Haddad !", ""),
        ("Bedankt aan Sofie Claes", ""),
        ("Thanks to Sarah Jones", ""),
    ],
)
def test_the_name(text: str, name: str) -> None:
    assert find(mail(text)).name == name


def test_a_first_name_is_completed_by_the_display_name() -> None:
    assert find(mail("Merci.\nMonique", name="Monique Delvaux")).name == "Monique Delvaux"
    assert find(mail("Merci.\nMme Delvaux", name="Monique Delvaux")).name == "Monique Delvaux"
    assert find(mail("Merci.\nMme Delvaux", name="Paul Martin")).name == "Mme Delvaux"


def test_the_signature_wins_over_the_mailbox_of_a_relative() -> None:
    assert find(mail("Bien à vous,\nJeanne Dupont", name="Paul Martin")).name == "Jeanne Dupont"


@pytest.mark.parametrize(
    "shown", ["info", "Service facturation", "Un membre fâché", "x@y.example", "noreply", "🙂🙂", "A"]
)
def test_a_display_name_that_is_nobodys(shown: str) -> None:
    assert find(mail("Bonjour, rien à dire.", name=shown)).name == ""


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Mon numéro de membre est le 0912 334 455", "0912334455"),
        ("n° d'affiliée 44-1023", "441023"),
        ("lidnr 4471-2290", "44712290"),
        ("Lidnummer: 123456789", "123456789"),
        ("Mitgliedsnummer 1234567", "1234567"),
        ("my member number is 7654321.", "7654321"),
        ("Le numéro de membre de ma fille est 1234567", ""),
        ("numéro de membre 12345", ""),
        ("facture 123456789", ""),
    ],
)
def test_member_numbers(text: str, number: str) -> None:
    assert find(mail(text)).member_number == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("NN 85.07.30-033 28", "85073003328"),
        ("mijn rijksregisternummer: 85073003328", "85073003328"),
        ("né en 2000+ : 17.07.30-033 84", "17073003384"),
        ("85.07.30-033 29", ""),
        ("le numéro national de mon fils est 85.07.30-033 28", ""),
        ("+32 85 07 30 03 328", ""),
        ("bis : 85.47.30-033 17", "85473003317"),
        ("bis, né en 2015 : 15.47.30-033 31", "15473003331"),
        ("85073003328 est le numéro national de ma mère", ""),
        ("Mon numéro est 85.07.30-033 28 et celui de ma femme 17.07.30-033 84", "85073003328"),
    ],
)
def test_national_numbers_need_good_check_digits_and_their_owner(text: str, number: str) -> None:
    assert find(mail(text)).national_number == number


def test_iban_with_words_right_behind() -> None:
    assert find(mail("compte BE68 5390 0754 7034 merci de payer")).iban == "BE68539007547034"
    assert find(mail("compte BE68 5390 0754 7035")).iban == ""
    assert find(mail("le compte de ma mère est le BE68 5390 0754 7034")).iban == ""


def test_phones_and_mails_but_not_our_own() -> None:
    found = find(mail("Bel 0470 00 12 34, ik belde al 02 444 41 11; plaintes@partenamut.be of jan@example.org"))
    assert found.phones == ("+32470001234",)
    assert found.emails == ("jan@example.org",)


def test_a_national_number_is_no_phone() -> None:
    assert find(mail("85.07.30-033 28")).phones == ()


@pytest.mark.parametrize(
    ("name", "address", "hides"),
    [
        ("", "nuage77@mail.example", True),
        ("", "mouette.grise@mail.example", True),
        ("Cathy", "soleil2000@post.example", True),
        ("", "marie.dupont@mail.example", False),
        ("", "o.vanhove@mail.example", False),
        ("Lieselot Claes", "lieselot.claes@mail.example", False),
        ("Zeynep Kaya", "kaya1990@mail.example", False),
        ("Een ontevreden lid", "ontevreden.lid@post.example", True),
    ],
)
def test_pseudonyms(name: str, address: str, hides: bool) -> None:
    assert pseudonymous(mail("", name, address)) is hides


def test_what_is_stated() -> None:
    assert stated(Identity(name="Marie Dupont"))
    assert stated(Identity(member_number="123456"))
    assert not stated(Identity(name="Marie"))
    assert not stated(Identity(phones=("+32470001234",)))


def test_masked_it_tells_nobody() -> None:
    hidden = mask(
        Identity(
            "Marie Dupont", "1234567", "85073003328", "BE68539007547034", ("+32470001234",), ("marie@mail.example",)
        )
    )
    assert hidden.name == "M. D."
    assert hidden.national_number == "•••••••••28"
    assert hidden.member_number == "••••567"
    assert hidden.iban == "BE" + "•" * 11 + "034"
    assert hidden.phones == ("•" * 10 + "34",)
    assert hidden.emails == ("m•••@mail.example",)
    assert mask(Identity()) == Identity()


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=400), st.text(max_size=40), st.text(max_size=40))
def test_any_unicode_is_taken(text: str, name: str, address: str) -> None:
    mask(find(Text("email", text, from_name=name, from_address=address)))


HOSTILE = [
    "1 ", "a", "A a ", "@a", "a.a@", "je suis ", "Je m'appelle A", "Cordialement ", "BE68 ", "0470 00 12 ", "\n", "Van De ", "-'",
    "numéro de membre ",
    "mon fils ", "É", "(((+", "85.07.30-033 28 ",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear(unit: str) -> None:
    def seconds(size: int) -> float:
        text = mail((unit * (size // len(unit) + 1))[:size], name=(unit * 30)[:100])
        began = time.process_time()
        find(text)
        return time.process_time() - began

    # Long texts are read at both ends only, so ten times the text may cost at most as much as what is read.
    assert seconds(1_000) < 0.2
    small = max(min(seconds(9_000) for _ in range(2)), 2e-3)
    assert min(seconds(100_000) for _ in range(2)) < min(max(small * 6, 0.05), 0.5)
