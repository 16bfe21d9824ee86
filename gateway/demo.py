"""A house of its own to look at: example mails in four languages handed over by LMTP, and people to sign in as.

    python -m gateway.demo

It runs `guichet run` on a new temporary data folder; Ctrl-C ends it, and the folder is removed.
"""

from __future__ import annotations

import os
import secrets
import smtplib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

_PEOPLE: Final = (("lena", "supervisor", True), ("tom", "mediator", False), ("ana", "agent", False))
_MAILS: Final = (
    ("ombudsman", "Marie Dubois", "Indemnités", "Bonjour, je vous ai déjà écrit deux fois au sujet de mes indemnités "
     "d'octobre et personne ne me répond. Je ne comprends plus rien. Marie Dubois"),
    ("klachten", "Jan Peeters", "Terugbetaling kine", "Beste, sinds augustus wacht ik op de terugbetaling van mijn "
     "kinesitherapie. Ik stuurde alle getuigschriften op. Jan Peeters"),
    ("plaintes", "Karin Schmitz", "Beitragsrechnung", "Guten Tag, ich habe eine Mahnung für Beiträge bekommen, die ich "
     "im Juli bezahlt habe. Bitte prüfen Sie das. Karin Schmitz, Eupen"),
    ("plaintes", "Alex Moreau", "App", "Hello, the app throws me out after the itsme step every single time. I cannot "
     "upload my invoice. Alex Moreau"),
    ("ombudsman", "Sofia Lambert", "Plainte", "Le médecin-conseil de Partenamut m'a traitée de menteuse pendant "
     "l'examen. Je veux porter plainte contre ce médecin-conseil. Sofia Lambert"),
    ("plaintes", "Luc Martens", "Merci", "Merci à la conseillère de l'agence de Namur, elle a été d'une patience et "
     "d'une gentillesse rares. Luc Martens"),
    ("klachten", "", "klacht", "De dokter van het ziekenhuis was onbeleefd en de factuur van het ziekenhuis klopt niet."),
)  # fmt: skip


def main() -> None:
    """Start the house, fill it, say where it is, and wait."""
    with tempfile.TemporaryDirectory(prefix="guichet-demo-") as folder:
        port, lmtp = os.environ.get("PORT", "8080"), os.environ.get("GUICHET_LMTP_PORT", "8024")
        environment = os.environ | {"GUICHET_DATA": folder, "PORT": port, "GUICHET_LMTP_PORT": lmtp}
        guichet = str(Path(sys.executable).parent / "guichet")
        password = secrets.token_urlsafe(12)
        house = subprocess.Popen([guichet, "run"], env=environment, cwd=folder)
        try:
            _wait(f"http://127.0.0.1:{port}/readyz", house)
            for login, role, medical in _PEOPLE:
                words = [guichet, "user", "add", login, "--role", role, "--name", login.title()]
                words += ["--medical"] if medical else []
                subprocess.run(words, env=environment, cwd=folder, input=f"{password}\n", text=True, check=True)
            _hand_over(int(lmtp))
            names = ", ".join(f"{login} ({role})" for login, role, _ in _PEOPLE)
            sys.stderr.write(
                f"\nConsole: http://127.0.0.1:{port}/console/   sign in as {names}\nPassword: {password}\n"
                f"Form: http://127.0.0.1:{port}/fr/complaint\nMails that went out: {folder}/sent\nCtrl-C ends.\n\n"
            )
            house.wait()
        except KeyboardInterrupt:
            pass
        finally:
            house.terminate()
            house.wait(timeout=30)


def _wait(url: str, house: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if house.poll() is not None:
            raise SystemExit("guichet did not start; is its port taken?")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("guichet was not ready within a minute")


def _hand_over(port: int) -> None:
    with smtplib.LMTP("127.0.0.1", port) as door:
        for number, (box, name, subject, text) in enumerate(_MAILS):
            address = f"{(name or 'zwarte raaf').lower().replace(' ', '.')}@mail.example"
            mail = (
                f"From: {name} <{address}>\r\nTo: {box}@partenamut.example\r\nSubject: {subject}\r\n"
                f"Message-ID: <demo{number}@mail.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
            )
            door.sendmail(address, [f"{box}@partenamut.example"], mail.encode())


if __name__ == "__main__":
    main()
