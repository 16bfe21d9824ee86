"""What all benchmarks are fed with: complaints of about fifty words in four languages, each from a sender of its own."""

from __future__ import annotations

_STORIES = (
    (
        "Bonjour, j'ai déposé mes attestations de soins à l'agence de Namur au mois d'août et je n'ai toujours reçu aucun "
        "remboursement pour les dix séances de kinésithérapie. J'ai téléphoné deux fois, on m'a promis de me rappeler et "
        "personne ne l'a fait. Pouvez-vous me dire quand je serai remboursée ? Merci d'avance, {name}"
    ),
    (
        "Beste, sinds september wacht ik op mijn uitkering. Mijn dokter heeft het getuigschrift op tijd opgestuurd, maar bij "
        "jullie vindt niemand het terug. Ik heb al drie keer gebeld en een brief geschreven zonder antwoord te krijgen. "
        "Ik kan mijn huur niet blijven uitstellen. Met vriendelijke groeten, {name}"
    ),
    (
        "Guten Tag, seit dem Umzug nach Eupen gehen alle Ihre Briefe an die alte Adresse, obwohl ich die Änderung schon zweimal "
        "gemeldet habe. Jetzt habe ich eine Mahnung über Beiträge bekommen, die längst bezahlt sind. Bitte bringen Sie das "
        "in Ordnung und bestätigen Sie mir die neue Anschrift. Mit freundlichen Grüßen, {name}"
    ),
    (
        "Hello, I have been trying to upload my hospital invoice in the app for two weeks. Every time I log in with itsme the "
        "page goes blank after the second step, and the phone line tells me to use the website. Could somebody please tell "
        "me another way to send you the document? Kind regards, {name}"
    ),
)


def story(number: int) -> str:
    """What a member writes, about fifty words."""
    return _STORIES[number % len(_STORIES)].format(name=f"Alix Voorbeeld{number}")


def mail(number: int, *, to: str = "plaintes@partenamut.example") -> bytes:
    """A mail of about 1 kB."""
    name = f"Alix Voorbeeld{number}"
    return (
        f"Received: from mx.mail.example by mx.partenamut.example; Tue, 24 Nov 2026 09:00:00 +0100\r\n"
        f"From: {name} <alix{number}@mail{number % 50}.example>\r\nTo: {to}\r\n"
        f"Subject: Dossier {number}\r\nDate: Tue, 24 Nov 2026 09:00:00 +0100\r\nMessage-ID: <b{number}@mail.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"{_STORIES[number % len(_STORIES)].format(name=name)}\r\n"
    ).encode()
