"""Mails as a mailbox brings them on a bad day: complaints, robots, broken ones, and the same one twice."""

from __future__ import annotations

_STORIES = (
    "Bonjour, mon remboursement de kinésithérapie n'est toujours pas arrivé après trois mois. {name}",
    "Beste, sinds augustus wacht ik op mijn uitkering en niemand antwoordt op mijn brieven. {name}",
    "Guten Tag, meine Beitragsrechnung ist falsch und die Mahnung auch. {name}",
    "Dear all, the app rejects my itsme login every day and nobody helps me. {name}",
    "Madame, Monsieur, au guichet de l'agence on m'a mal reçue et renvoyée deux fois. {name}",
)


def complaint(number: int) -> bytes:
    """A complaint of its own sender."""
    name = f"Alix Voorbeeld{number}"
    text = _STORIES[number % len(_STORIES)].format(name=name)
    return (
        f"From: {name} <alix{number}@mail{number % 50}.example>\r\nTo: ombudsman@partenamut.example\r\n"
        f"Subject: dossier {number}\r\nMessage-ID: <c{number}@mail.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"{text}\r\nNuméro {number}.\r\n"
    ).encode()


_ROBOTS = (
    "Auto-Submitted: auto-replied",
    "Precedence: bulk\r\nList-Unsubscribe: <mailto:leave@list.example>",
    "List-Id: <news.list.example>\r\nPrecedence: list",
    "X-Autoreply: yes\r\nAuto-Submitted: auto-generated",
    "Auto-Submitted: auto-generated\r\nReturn-Path: <>",
)


def robot(number: int) -> bytes:
    """An automatic mail."""
    return (
        f"From: Robot {number} <robot{number}@robots.example>\r\nTo: ombudsman@partenamut.example\r\n"
        f"Subject: Automatic reply: out of office\r\nMessage-ID: <r{number}@robots.example>\r\n"
        f"{_ROBOTS[number % len(_ROBOTS)]}\r\n\r\nI am away until Monday {number}.\r\n"
    ).encode()


def malformed(number: int) -> bytes:
    """A mail with something wrong, from a sender of its own where there is one."""
    sender = f"From: Casse {number} <casse{number}@mail.example>\r\n".encode()
    story = f"Mon remboursement numéro {number} n'est jamais arrivé, Casse Voorbeeld.".encode()
    kinds = (
        b"no header at all, only text " + story,
        sender + b"Content-Type: text/plain; charset=x-unknown\r\n\r\n" + story,
        sender + b"Content-Type: multipart/mixed; boundary=never\r\n\r\n" + story,
        sender + b"Subject: =?utf-8?q?bad=0A=0DBcc:_x@y.example?=\r\n\r\n" + story,
        sender + sender.replace(b"casse", b"autre") + b"\r\n" + story,
        sender + b"Content-Transfer-Encoding: base64\r\n\r\n!!!not base64!!! " + story,
        sender + b"Subject: nul\x00byte\r\n\r\n" + story + b"\x00\x00",
        b"From: \r\nSubject: nobody\r\n\r\n" + story,
    )
    return kinds[number % len(kinds)]
