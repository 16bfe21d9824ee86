"""The mailboxes of the house: a list in a YAML file of its own, named by `GUICHET_MAILBOXES`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator

from config.addresses import is_loopback
from config.settings import SettingsError
from config.strict_yaml import DataError, in_words, read_yaml
from config.vocabulary import DEPARTMENTS, SPECIAL_QUEUES, Language


class MailboxSettings(BaseModel, extra="forbid", frozen=True):
    """One mailbox of the house: the address members write to, and how its mail is fetched (if not handed over by LMTP)."""

    address: Annotated[str, Field(pattern=r"^[^@\s+]+@[^@\s]+$")]
    language: Language = "fr"
    # A queue of its own, or "department": by the department that the classifier suggests.
    queue: str = "department"
    # The name members see as the sender of our answers.
    name: str = "Partenamut"
    imap_host: str = ""
    imap_port: int = 993
    imap_tls: Literal["tls", "starttls", "none"] = "tls"
    imap_user: str = ""
    imap_password: SecretStr = SecretStr("")
    # XOAUTH2 in place of a password: where to ask for an access token, and with what.
    oauth_token_url: str = ""
    oauth_client_id: str = ""
    oauth_client_secret: SecretStr = SecretStr("")
    oauth_refresh_token: SecretStr = SecretStr("")
    oauth_scope: str = ""
    folder: str = "INBOX"
    processed_folder: str = "Processed"
    failed_folder: str = "Failed"

    @field_validator("queue")
    @classmethod
    def _known_queue(cls, queue: str) -> str:
        if queue != "department" and queue not in (*SPECIAL_QUEUES, *DEPARTMENTS):
            raise ValueError(f"'{queue}' is not a queue")
        return queue

    @model_validator(mode="after")
    def _no_plain_text_over_the_network(self) -> MailboxSettings:
        if self.imap_host and self.imap_tls == "none" and not is_loopback(self.imap_host):
            raise ValueError("imap_tls: none is accepted on loopback only")
        return self


def load_mailboxes(path: Path) -> tuple[MailboxSettings, ...]:
    """Read the list of mailboxes; raises SettingsError when it is missing, empty or wrong, or names an address twice."""
    try:
        data = read_yaml(path)
        listed = data.get("mailboxes") if isinstance(data, dict) else None
        if not isinstance(listed, list):
            raise SettingsError(f"mailboxes: {path.name} must hold a list named mailboxes")
        boxes = tuple(MailboxSettings.model_validate(item) for item in listed)
    except ValidationError as error:
        raise SettingsError("mailboxes: " + "; ".join(in_words(error))) from None
    except DataError as error:
        raise SettingsError(f"mailboxes: {error}") from None
    addresses = [box.address.lower() for box in boxes]
    if not boxes or len(set(addresses)) != len(addresses):
        raise SettingsError("mailboxes: at least one, and each address once")
    return boxes
