"""Listed words in members' texts."""

from __future__ import annotations

import time

import pytest

from config.directory import directory
from router.wordlists import certain_distress_in, distress_in, find_body, folded, only_sounds_like_distress


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("L’HÔPITAL a perdu mon dossier", "hospital"),
        ("Le chirurgien de l’hôpital, ce docteur", "hospital"),
        ("Mijn tandarts rekent te veel aan", "care_provider"),
        ("Die Apotheke hat mir das falsche Mittel gegeben", "care_provider"),
        ("My bank refuses my mortgage", "bank"),
        ("Engie m’a coupé le gaz", "energy"),
        ("Le train Bruxelles-Namur", "rail"),
        ("J’étais dans le train de la SNCB", "rail"),
        ("Je suis en train de chercher", None),
        ("Je suis prêt", None),
        ("De RVA betaalt niet", "unemployment"),
        ("Het OCMW weigert een leefloon", "social_welfare"),
        ("Solidaris ne me répond pas", "other_mutual"),
        ("Ma banque et Proximus", None),
        ("Mon hospitalisation Hospitalia", None),
        ("", None),
    ],
)
def test_which_body(text, body):
    found = find_body(text)
    assert (found.id if found else None) == body


def test_every_body_is_found_by_each_of_its_words():
    for body in directory().bodies:
        for listed in body.words.values():
            for word in listed:
                found = find_body(f"x {word.rstrip('*')} y")
                # A word that two bodies of a group share names the first of them; unrelated ones none.
                assert found is not None, (body.id, word)
                assert found.group == body.group, (body.id, word)


def test_folding_forgets_case_accents_and_apostrophes():
    assert folded("  L’ÉTÉ\n à  Köln ") == "l'ete a koln"


def test_kinds_of_distress():
    assert distress_in("Ich will nicht mehr leben") == {"suicide"}
    assert distress_in("geen geld voor medicijnen") == {"need"}
    assert distress_in("Je ne peux plus payer mes médicaments, je veux en finir") == {"suicide", "need"}
    assert distress_in("Mon mari me frappe") == distress_in("Mein Mann schlägt mich") == {"danger"}
    assert distress_in("Bonjour") == set()


@pytest.mark.parametrize("size", [1_000, 10_000, 100_000])
def test_hostile_text_takes_linear_time(size):
    for hostile in ("a" * size, "hopital " * (size // 8), "chirurg" + "x" * size, "\u0301" * size, " " * size):
        start = time.process_time()
        find_body(hostile)
        distress_in(hostile)
        assert time.process_time() - start < 0.1 + size * 20e-6


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("mon mari me frappe", {"danger"}),
        ("je serais mieux morte", {"suicide"}),
        ("ze gaan mij uit mijn huis zetten", {"need"}),
        ("ce qui me frappe, c'est votre lenteur", set()),
        ("je me bat avec la mutuelle depuis mars", set()),
        ("jullie hebben mijn insuline niet terugbetaald", set()),
        ("mijn baas heeft mij op straat gezet", set()),
    ],
)
def test_distress_that_is_said_outright(text, kinds):
    assert certain_distress_in(text) == kinds


def test_what_only_sounds_like_distress():
    assert only_sounds_like_distress("je veux en finir avec ce dossier")
    assert only_sounds_like_distress("this waiting is killing me")
    assert not only_sounds_like_distress("je veux en finir avec ce dossier, je ne veux plus vivre")
    assert not only_sounds_like_distress("je veux en finir avec la vie")
    assert distress_in("je veux en finir avec la vie") == {"suicide"}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Ich will nicht mehr.", {"suicide"}),
        ("ich will nicht mehr 😢 sagt bitte was", {"suicide"}),
        ("ich will nicht mehr warten", set()),
        ("ik zie het echt niet meer zitten, bel mij", {"suicide"}),
        ("ik zie het niet meer zitten met jullie helpdesk", set()),
        ("mes enfants et mon mari, tous seraient mieux sans moi", {"suicide"}),
        ("je suis vraiment devenue un poids pour eux", {"suicide"}),
        ("je suis contente. Un colis a un poids pour La Poste", set()),
    ],
)
def test_a_dot_ends_a_sentence_and_a_gap_stays_within_one(text, kinds):
    assert certain_distress_in(text) == kinds
