"""Mails and forms as bytes, as they come in, and the files that members put with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

from channels.form.submission import Submission
from channels.mail.fingerprint import external_id
from channels.message import RawMessage
from config.vocabulary import Channel
from gateway import entries
from gateway.demo.people import Writer
from gateway.demo.stories import Story

# The name by which the border server of this house says that a mail is authentic.
BORDER: Final = "mx.partenamut.example"
# What every scanner of viruses knows for one, and which harms nobody. In two parts, so that none stumbles over this file.
_KNOWN_VIRUS: Final = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STAND", r"ARD-ANTIVIRUS-TEST-FILE!$H+H*")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that lies with a mail."""

    name: str
    maintype: str
    subtype: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail. `name` makes its Message-ID unique; `proven`: our border server vouches for its sender."""

    name: str
    subject: str
    text: str
    sender: str
    address: str
    box: str
    at: datetime
    in_reply_to: str = ""
    files: tuple[Attached, ...] = ()
    proven: bool = False

    def raw(self) -> RawMessage:
        """As it is delivered."""
        mail = EmailMessage()
        if self.proven:
            domain = self.address.rpartition("@")[2]
            mail["Authentication-Results"] = f"{BORDER}; dmarc=pass header.from={domain}"
        mail["From"] = f"{self.sender} <{self.address}>" if self.sender else self.address
        mail["To"], mail["Subject"], mail["Date"] = self.box, self.subject, format_datetime(self.at)
        mail["Message-ID"] = f"<{self.name}@mail.example>"
        if self.in_reply_to:
            mail["In-Reply-To"] = self.in_reply_to
        mail.set_content(self.text)
        for file in self.files:
            mail.add_attachment(file.content, maintype=file.maintype, subtype=file.subtype, filename=file.name)
        body = mail.as_bytes().replace(b"\n", b"\r\n")
        envelope = {"mail_from": self.address, "rcpt_to": self.box}
        return RawMessage("email", self.box, external_id(body), body, self.at, envelope)


def form(story: Story, writer: Writer, channel: Channel, name: str, at: datetime) -> RawMessage:
    """By the form, or as a colleague typed it in at the counter or on the telephone."""
    nameless = story.nameless
    said = Submission(
        text=story.text,
        subject=story.subject if channel == "webform" else "",
        language=writer.language,
        name="" if nameless else writer.name,
        email="" if channel in ("phone", "letter") else f"nuage-{name}@mail.example" if nameless else writer.mail,
        phone=writer.phone if channel == "phone" and not nameless else "",
    )
    account = "form" if channel == "webform" else entries.ACCOUNT
    return RawMessage(channel, account, name, said.to_bytes(), at)


def certificate(title: str, lines: tuple[str, ...]) -> Attached:
    """A page as a doctor's office prints it, as PDF."""
    page = _page(title, lines)
    made = BytesIO()
    page.save(made, "PDF", resolution=72)
    return Attached("attestation.pdf", "application", "pdf", made.getvalue())


def photo(title: str, lines: tuple[str, ...]) -> Attached:
    """The same paper, photographed on a table."""
    table = Image.new("RGB", (720, 960), (122, 96, 74))
    table.paste(_page(title, lines).rotate(-4, expand=True, fillcolor=(122, 96, 74)), (30, 40))
    made = BytesIO()
    table.save(made, "JPEG", quality=70)
    return Attached("IMG_2041.jpg", "image", "jpeg", made.getvalue())


def infected() -> Attached:
    """What a scanner will not let pass."""
    return Attached("facture_impayee.doc", "application", "octet-stream", "".join(_KNOWN_VIRUS).encode())


def _page(title: str, lines: tuple[str, ...]) -> Image.Image:
    page = Image.new("RGB", (595, 842), "white")
    pen = ImageDraw.Draw(page)
    pen.text((60, 70), title, fill="black", font_size=22)
    pen.line((60, 110, 535, 110), fill=(90, 90, 90), width=2)
    for place, line in enumerate(lines):
        pen.text((60, 140 + 34 * place), line, fill=(30, 30, 30), font_size=15)
    return page
