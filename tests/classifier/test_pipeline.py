"""The shipped pipeline through its front door: what it says, what it survives, what it costs."""

import json
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.classification import Classification, Text
from classifier.pipeline import Classifier
from config.vocabulary import CHANNELS, DEPARTMENTS, FLAGS, KINDS, LANGUAGES

DUTCH = Text(
    "email",
    "Beste,\n\nMijn terugbetaling van de tandarts laat al zes weken op zich wachten, ik heb het getuigschrift in het kantoor"
    " afgegeven.\n\nMet vriendelijke groeten,\nJan Peeters",
    from_name="Jan Peeters",
    from_address="jan.peeters@mail.example",
)


def one(classifier: Classifier, text: str, channel: str = "email", **more: str) -> Classification:
    named = {"from_name": "Monique Delvaux", "from_address": "monique.delvaux@mail.example", **more}
    return classifier.classify([Text(channel, text, **named)])[0]  # type: ignore[arg-type]


def check(result: Classification) -> None:
    assert result.language in LANGUAGES
    assert result.kind in KINDS
    assert set(result.flags) == set(FLAGS)
    assert result.department is None or result.department in DEPARTMENTS
    assert {name for name, _ in result.departments} == set(DEPARTMENTS)
    assert abs(sum(p for _, p in result.departments) - 1) < 0.01
    assert abs(sum(result.probabilities["kind"].values()) - 1) < 0.01
    assert all(0 <= result.probability(flag) <= 1 for flag in FLAGS)
    json.dumps(result.as_json())


def test_a_plain_complaint(classifier: Classifier) -> None:
    result = classifier.classify([DUTCH])[0]
    check(result)
    assert (result.language, result.kind, result.department) == ("nl", "complaint", "reimbursements")
    assert not any(result.flags.values())
    assert result.identity.name == "Jan Peeters"
    assert result.model == classifier.model_id


def test_evidence_is_whole_words_at_their_places(classifier: Classifier) -> None:
    result = classifier.classify([DUTCH])[0]
    assert 0 < len(result.evidence) <= 12
    for item in result.evidence:
        assert DUTCH.text[item.start : item.end] == item.text
        assert item.weight > 0
        assert not DUTCH.text[item.start - 1 : item.start].isalnum()
        assert not DUTCH.text[item.end : item.end + 1].isalnum()
    assert any(item.label == "reimbursements" and "terugbetaling" in item.text for item in result.evidence)


def test_evidence_in_the_subject_and_in_a_long_tail(classifier: Classifier) -> None:
    text = "Bonjour. " + "Voici mon histoire en entier. " * 200 + "Je n'ai plus d'insuline."
    result = one(classifier, text, subject="Hospitalia refuse ma facture")
    urgent = [item for item in result.evidence if item.label == "urgent"]
    assert urgent
    assert text[urgent[0].start : urgent[0].end] == urgent[0].text
    for item in result.evidence:
        assert (item.start == -1) == (item.text in "Hospitalia refuse ma facture")


@pytest.mark.parametrize("between", [" ", "\r\n", "\n", "\x00", "\ud800", "\u00a0", "’", "👍 "])
def test_evidence_is_what_stands_there_whatever_stands_between(classifier: Classifier, between: str) -> None:
    text = (
        f"🙂 Je n'ai plus d'insuline,{between}j'ai envie{between}de{between}mourir. Votre remboursement{between}tarde."
    )
    result = one(classifier, text)
    assert result.flags["urgent"]
    for item in result.evidence:
        assert text[item.start : item.end] == item.text
        assert "\x00" not in item.text


def test_evidence_does_not_join_the_two_ends_of_a_long_text(classifier: Classifier) -> None:
    # The beginning that is read ends, and the end that is read begins, in the middle of a cry for help.
    text = ("bla " * 500)[:1_992] + "envie de" + " mot" * 200 + " mourir." + " bla" * 123
    assert text[-500:].lstrip().startswith("mourir")
    for item in one(classifier, text).evidence:
        assert text[item.start : item.end] == item.text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("J'ai envie de mourir, vous m'avez tout coupé.", "fr"),
        ("Ik heb geen insuline meer en geen geld.", "nl"),
        ("Ich will mich umbringen, ich halte es nicht mehr aus.", "de"),
        ("I have no insulin left and cannot pay for it.", "en"),
    ],
)
def test_emergencies_are_urgent_in_four_languages(classifier: Classifier, text: str, language: str) -> None:
    result = one(classifier, text)
    assert result.flags["urgent"]
    assert result.language == language
    assert any(item.label == "urgent" and item.start >= 0 for item in result.evidence)


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "chat", "telegram"])
def test_a_missing_name_on_a_chat_is_not_anonymous(classifier: Classifier, channel: str) -> None:
    result = one(classifier, "mon remboursement n'est toujours pas là", channel, from_name="", from_address="")
    assert not result.flags["anonymous"]
    assert "anonymous" not in result.abstained


def test_a_signed_request_for_discretion_is_not_anonymous(classifier: Classifier) -> None:
    text = "Je vous écris en toute confidentialité : votre conseillère a été grossière.\nMonique Delvaux"
    assert not one(classifier, text).flags["anonymous"]


def test_who_asks_for_it_without_a_name_is_anonymous(classifier: Classifier) -> None:
    text = "Votre guichet de Jette traite mal les gens âgés. Je préfère rester anonyme, je ne donne pas mon nom."
    result = one(classifier, text, from_name="", from_address="nuage77@mail.example")
    assert result.probability("anonymous") > 0.5


@pytest.mark.parametrize(
    ("channel", "text"),
    [
        (
            "counter",
            "Dame d'une quarantaine d'années, refuse de donner son nom : la conseillère du 2 se moque des gens.",
        ),
        ("phone", "Mevrouw wil haar naam niet zeggen. Ze zegt dat de dame aan loket 3 de mensen uitlacht."),
        ("sms", "Je ne dirai pas qui je suis. Votre conseillère de Jette insulte les vieux."),
    ],
)
def test_who_refuses_a_name_where_others_ask_for_it_is_seen_by_a_person(
    classifier: Classifier, channel: str, text: str
) -> None:
    result = one(classifier, text, channel, from_name="", from_address="")
    assert result.flags["anonymous"]
    assert "anonymous" in result.abstained or result.probability("anonymous") > 0.9


@pytest.mark.parametrize("text", ["", "ok", "test", "???", "👍", "\u200b", "Envoyé de mon iPhone"])
def test_a_message_that_says_nothing_is_for_people(classifier: Classifier, text: str) -> None:
    result = one(classifier, text, from_name="", from_address="")
    assert result.kind == "other"
    assert set(result.abstained) == {"kind", "off_scope", "anonymous", "doctor", "department"}
    assert not any(result.flags.values())
    assert result.department is None


def test_the_hint_decides_where_the_text_does_not(classifier: Classifier) -> None:
    results = classifier.classify([Text("chat", "ok", language_hint=language) for language in LANGUAGES])
    assert [result.language for result in results] == list(LANGUAGES)


def test_off_scope_has_no_department(classifier: Classifier) -> None:
    result = one(
        classifier, "Win bitcoin now!! Click the link below, free trading, 500% profit", from_name="Crypto Deal"
    )
    if result.flags["off_scope"]:
        assert result.department is None
    assert result.kind == "other" or "kind" in result.abstained or "off_scope" in result.abstained


@pytest.mark.parametrize(
    "text",
    [
        "La clinique me met en demeure parce que votre service n'a jamais payé sa part de l'hospitalisation.",
        "Het ziekenhuis stuurt mij een deurwaarder omdat jullie dienst de derdebetaler geweigerd heeft.",
        "Die Klinik droht mit dem Gerichtsvollzieher, weil Ihre Abteilung ihren Anteil nicht überwiesen hat.",
        "The hospital sends me to collections because you told them that I was not insured. I was.",
        "Mon dentiste et ma pharmacie font leur travail. C'est chez vous que l'attestation s'est perdue.",
        "Ik stapte over van de CM naar jullie en sta nergens ingeschreven.",
    ],
)
def test_who_names_a_hospital_but_speaks_to_the_house_is_not_refused(classifier: Classifier, text: str) -> None:
    result = one(classifier, text)
    # The house refuses only what is told without a doubt.
    assert not result.flags["off_scope"] or "off_scope" in result.abstained


@pytest.mark.parametrize(
    "text",
    [
        "Mon remboursement du dentiste a six semaines de retard.",
        "Sinds augustus wacht ik op mijn terugbetaling van de kinesist, en niemand antwoordt op mijn vragen.",
    ],
)
def test_a_refund_of_ours_is_ours_whoever_gave_the_treatment(classifier: Classifier, text: str) -> None:
    result = one(classifier, text)
    assert not result.flags["off_scope"]
    assert result.department == "reimbursements"


def test_praise_that_may_be_sarcasm_is_for_people(classifier: Classifier) -> None:
    results = [
        one(classifier, text)
        for text in (
            "Bedankt om mijn dossier drie keer kwijt te spelen. Knap werk.",
            "Glückwunsch, Sie haben es geschafft: drei Monate keine Antwort. Herzlichen Dank auch.",
            "Oh brilliant, a third reminder for a fee you've already debited. Who runs your accounts, a magic eight ball?",
        )
    ]
    assert all(result.kind == "complaint" or "kind" in result.abstained for result in results)
    plain = one(classifier, "Merci à votre collègue de Namur, elle m'a vraiment bien aidée, je suis ravie.")
    assert plain.kind == "compliment"
    assert "kind" not in plain.abstained


def test_a_family_name_with_a_title_is_a_name(classifier: Classifier) -> None:
    text = "Trois mois sans remboursement, c'est long.\nMme Peeters"
    result = one(classifier, text, from_name="", from_address="nuage77@mail.example")
    assert not result.flags["anonymous"]


def test_alone_or_in_a_batch_it_is_the_same(classifier: Classifier) -> None:
    texts = [DUTCH, Text("sms", "app crasht elke keer"), Text("chat", ""), Text("email", "Où est mon argent ?")] * 12
    for together, text in zip(classifier.classify(texts), texts, strict=True):
        alone = classifier.classify([text])[0]
        assert (alone.kind, alone.flags, alone.department) == (together.kind, together.flags, together.department)
    assert classifier.classify([]) == []


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.builds(
            Text,
            channel=st.sampled_from(CHANNELS),
            text=st.text(st.characters(), max_size=300),
            subject=st.text(st.characters(), max_size=60),
            from_name=st.text(st.characters(), max_size=40),
            from_address=st.text(st.characters(), max_size=40),
        ),
        max_size=3,
    )
)
def test_any_unicode_is_classified(classifier: Classifier, texts: list[Text]) -> None:
    for result in classifier.classify(texts):
        check(result)


@pytest.mark.parametrize(
    "text", ["\ud800\udc00 \udfff bonjour", "\x00\x01", "ﷺ" * 50, "e" + "\u0301" * 500, "\U0010ffff"]
)
def test_odd_signs(classifier: Classifier, text: str) -> None:
    check(one(classifier, text, subject=text, from_name=text, from_address=text))


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a ",
        "é",
        "1 ",
        ". ",
        "\n",
        "漢",
        "je suis ",
        "@a.b",
        "http://",
        "'",
        "A.b-",
        "👍",
        "((",
        "plus d'",
        "\u0301",
    ],
)
def test_hundred_kilobytes_of_anything_are_quick(classifier: Classifier, unit: str) -> None:
    def seconds(size: int) -> float:
        text = Text("email", (unit * (size // len(unit) + 1))[:size])
        began = time.process_time()
        classifier.classify([text])
        return time.process_time() - began

    seconds(100)
    assert min(seconds(100_000) for _ in range(2)) < 0.5


PROBE = """
import sys, json
import classifier.classification, classifier.pipeline, classifier.lines, classifier.identity
light = "spacy" not in sys.modules
from classifier.classification import Text
loaded = classifier.pipeline.load()
loaded.classify([Text("email", "Bonjour, où est mon remboursement ?")] * 20)
status = open("/proc/self/status").read().split("VmRSS:")[1].split()[0] if sys.platform == "linux" else "0"
print(json.dumps({"light": light, "french": "spacy.lang.fr" in sys.modules, "sklearn": "sklearn" in sys.modules,
                  "scipy": "scipy" in sys.modules, "megabytes": int(status) / 1024}))
"""


def test_a_process_with_the_classifier_alone_stays_small() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(done.stdout)
    assert told["light"], "spaCy is only for the process that loads the pipeline"
    assert not told["french"], "importing spaCy's French costs four seconds"
    assert not told["sklearn"]
    assert told["megabytes"] < 350


@pytest.mark.parametrize(
    "text",
    [
        "Je vous ai écrit trois fois déjà. Ce message est destiné à la médiation : je veux mourir, je n'ai plus rien.",
        "Voici mes problèmes avec votre service :\n> remboursement refusé\n> j'ai envie de mourir",
        "Mijn terugbetaling is er nog niet, wie helpt mij?\n\nDit bericht is vertrouwelijk.\n> ik wil niet meer leven",
    ],
)
def test_words_of_distress_are_read_wherever_they_stand(classifier: Classifier, text: str) -> None:
    result = one(classifier, text)
    assert result.flags["urgent"]
    assert any(item.label == "urgent" and text[item.start : item.end] == item.text for item in result.evidence)


@pytest.mark.parametrize(
    "text",
    [
        "Je ne souhaite pas rester anonyme. Marie Dupont",
        "Ma voisine a reçu une lettre anonyme de votre bureau. Je m'appelle Marie Dupont, affiliée 1234567.",
    ],
)
def test_who_signs_is_never_refused_as_anonymous(classifier: Classifier, text: str) -> None:
    result = one(classifier, text, from_name="", from_address="nuage77@mail.example")
    assert not result.flags["anonymous"] or "anonymous" in result.abstained
