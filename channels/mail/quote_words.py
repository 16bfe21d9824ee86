"""The words with which mail programs introduce quoted history, in the languages that members' programs speak.

French, Dutch, German and English are complete as far as we know them; the others are there because a program set to
another language must not make the whole history look new. Everything is in lower case, as compared after `casefold`.
"""

from __future__ import annotations

from typing import Final, Literal

Role = Literal["from", "sent", "to", "subject", "other"]

# The labels of a header block ("De : … / Envoyé : … / À : … / Objet : …").
LABELS: Final[dict[str, Role]] = {
    **dict.fromkeys(("from", "de", "van", "von", "fra", "från", "od", "da", "expéditeur", "afzender", "от"), "from"),
    **dict.fromkeys(
        (
            "sent",
            "date",
            "envoyé",
            "envoyé le",
            "date d'envoi",
            "verzonden",
            "datum",
            "verzonden op",
            "gesendet",
            "sendt",
            "skickat",
            "wysłano",
            "data",
            "enviado",
            "enviado el",
            "fecha",
            "inviato",
            "dato",
            "отправлено",
            "дата",
        ),
        "sent",
    ),
    **dict.fromkeys(("to", "à", "a", "aan", "an", "til", "till", "do", "para", "destinataire", "кому"), "to"),
    **dict.fromkeys(
        (
            "subject",
            "objet",
            "sujet",
            "onderwerp",
            "betreff",
            "emne",
            "ämne",
            "temat",
            "asunto",
            "oggetto",
            "assunto",
            "тема",
        ),
        "subject",
    ),
    **dict.fromkeys(
        (
            "cc",
            "bcc",
            "cci",
            "copie",
            "copie à",
            "kopie",
            "kopi",
            "reply-to",
            "répondre à",
            "antwoord aan",
            "antwort an",
            "importance",
            "belang",
            "wichtigkeit",
            "priorité",
            "attachments",
            "pièces jointes",
            "bijlagen",
            "anlagen",
        ),
        "other",
    ),
}

# A line of dashes around one of these stands above the history.
ORIGINAL: Final[tuple[str, ...]] = (
    "original message",
    "original e-mail",
    "original email",
    "reply message",
    "message d'origine",
    "message original",
    "message initial",
    "mail original",
    "mail d'origine",
    "e-mail d'origine",
    "courriel original",
    "oorspronkelijk bericht",
    "oorspronkelijke bericht",
    "oorspronkelijke e-mail",
    "origineel bericht",
    "originele bericht",
    "originele e-mail",
    "ursprüngliche nachricht",
    "ursprüngliche mail",
    "ursprüngliche e-mail",
    "originalnachricht",
    "original-nachricht",
    "original nachricht",
    "oprindelig meddelelse",
    "original meddelelse",
    "ursprungligt meddelande",
    "opprinnelig melding",
    "mensaje original",
    "messaggio originale",
    "mensagem original",
    "wiadomość oryginalna",
    "wiadomość pierwotna",
)

# Above a forwarded mail: not history, the sender passes it on for us to read.
FORWARDED: Final[tuple[str, ...]] = (
    "forwarded message",
    "forwarded email",
    "begin forwarded message",
    "message transféré",
    "message transmis",
    "message réexpédié",
    "courriel transféré",
    "mail transféré",
    "début du message transféré",
    "début du message réexpédié",
    "doorgestuurd bericht",
    "doorgezonden bericht",
    "doorgestuurde e-mail",
    "begin doorgestuurd bericht",
    "weitergeleitete nachricht",
    "weitergeleitete mail",
    "anfang der weitergeleiteten nachricht",
    "anfang der weitergeleiteten e-mail",
    "videresendt meddelelse",
    "vidarebefordrat meddelande",
    "mensaje reenviado",
    "messaggio inoltrato",
    "mensagem encaminhada",
)

# What a program writes before the colon of "NAME wrote:"; the Dutch and German verb stands in the middle instead.
VERBS: Final[tuple[str, ...]] = (
    "wrote",
    "sent",
    "a écrit",
    "écrivait",
    "schreef",
    "geschreven",
    "schrieb",
    "geschrieben",
    "skrev",
    "napisał",
    "napisała",
    "napisał(a)",
    "escribió",
    "escreveu",
    "ha scritto",
    "написал",
    "написала",
    "пишет",
    "đã viết",
    "kirjoitti",
    "írta",
)

# How a person begins the same words about themself: "il m'a écrit :", "u schreef mij:", "Sie schrieben:". Never a program.
TOLD: Final[tuple[str, ...]] = (
    "m'a écrit",
    "m’a écrit",
    "nous a écrit",
    "vous a écrit",
    "lui a écrit",
    "on a écrit",
    "you wrote",
    "i wrote",
    "me wrote",
    "u schreef",
    "schreef u",
    "ik schreef",
    "schreef ik",
    "schreef mij",
    "mij schreef",
    "schrieb ich",
    "ich schrieb",
    "schrieb mir",
    "schrieb uns",
    "i sent",
    "you sent",
    "they sent",
    "was sent",
    "mij geschreven",
    "mir geschrieben",
)

# Words that no program puts into such a line: a person is telling something. Possessives may stand in a display name
# ("Mijn Partenamut <…>"), so they tell only where the address is not in brackets.
TELLERS: Final[frozenset[str]] = frozenset(
    [
        *("je", "j'ai", "j'avais", "nous", "vous", "m'a", "m'ont", "on", "qui"),
        *("ik", "wij", "we", "mij", "ons", "heb", "hebben", "kreeg", "die"),
        *("ich", "wir", "mir", "uns", "habe", "haben", "bekam"),
        *("i", "i've", "me", "you", "we", "us", "have", "received", "got"),
    ]
)
POSSESSIVES: Final[frozenset[str]] = frozenset(
    [
        *("mon", "ma", "mes", "votre", "vos", "notre", "mijn", "uw", "onze", "mein", "meine", "ihr", "ihre", "ihrem"),
        *("my", "your", "our"),
    ]
)

# First words of such a line. The day's short name stands first in Swedish, the date itself in Gmail's international form.
OPENERS: Final[frozenset[str]] = frozenset(
    ("on", "le", "op", "am", "den", "på", "w", "dnia", "el", "il", "em", "vào", "a")
)

# A comment that only points at what stands under it.
SEE_BELOW: Final[frozenset[str]] = frozenset(
    (
        "fyi",
        "for your information",
        "see below",
        "please see below",
        "as below",
        "below",
        "pour info",
        "pour information",
        "pour votre information",
        "pour suite",
        "pour suite utile",
        "voir ci-dessous",
        "ci-dessous",
        "voir plus bas",
        "voir mon mail ci-dessous",
        "voir mail ci-dessous",
        "je transfère",
        "ter info",
        "ter informatie",
        "voor info",
        "ter kennisgeving",
        "zie hieronder",
        "zie onder",
        "zie onderstaande mail",
        "zie onderstaand",
        "zie mail hieronder",
        "zur info",
        "zur information",
        "zur kenntnis",
        "siehe unten",
        "s. unten",
        "siehe nachstehend",
        "z.k.",
        "zk",
    )
)
# Words by which a short comment says that its matter is the mail below it.
POINTERS: Final[tuple[str, ...]] = (
    "ci-dessous",
    "plus bas",
    "ci-après",
    "hieronder",
    "onderstaand",
    "siehe unten",
    "untenstehend",
    "unten stehend",
    "nachstehend",
    "see below",
    "mail below",
    "message below",
    "email below",
    "e-mail below",
)
# Words by which somebody says that the answers stand inside the quoted text: nothing of it may be cut then.
INSIDE: Final[tuple[str, ...]] = (
    "réponses dans le texte",
    "réponds dans le texte",
    "réponse dans le texte",
    "en rouge",
    "en bleu",
    "in het rood",
    "in rood",
    "in het blauw",
    "tussen de regels",
    "antwoorden in de tekst",
    "in rot",
    "in blau",
    "im text unten",
    "im text beantwortet",
    "antworten im text",
    "in red",
    "in blue",
    "inline below",
    "answers inline",
    "replies inline",
    "comments inline",
)
