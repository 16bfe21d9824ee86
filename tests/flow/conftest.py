"""A house on real PostgreSQL, Redis, Dovecot and an SMTP sink."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flow.procfile import Processes
from tests.servers.process import free_port


@pytest.fixture
def house(
    tmp_path: Path, postgres_server: Any, redis_server: Any, dovecot_server: Any, imap_user: Any, smtp_sink: Any
) -> Iterator[Processes]:
    """Processes that are configured and not started yet; whatever runs at the end is ended."""
    boxes = [
        {
            "address": "ombudsman@partenamut.example",
            "queue": "mediation",
            "imap_host": "127.0.0.1",
            "imap_port": dovecot_server.port,
            "imap_tls": "none",
            "imap_user": imap_user.name,
            "imap_password": imap_user.password,
        },
        {"address": "plaintes@partenamut.example"},
        {"address": "klachten@partenamut.example", "language": "nl"},
    ]
    (tmp_path / "mailboxes.yaml").write_text(yaml.safe_dump({"mailboxes": boxes}), encoding="utf-8")
    processes = Processes(
        tmp_path,
        {
            "DATABASE_URL": postgres_server.create_database(),
            "REDIS_URL": redis_server.url,
            "PORT": str(free_port()),
            "GUICHET_DATA": str(tmp_path / "data"),
            "GUICHET_MAILBOXES": str(tmp_path / "mailboxes.yaml"),
            "GUICHET_LMTP_PORT": str(free_port()),
            "GUICHET_SMTP_HOST": "127.0.0.1",
            "GUICHET_SMTP_PORT": str(smtp_sink.port),
            "GUICHET_SMTP_TLS": "none",
            "GUICHET_SECRET_KEY": "a secret of the tests, long enough to be one",
            "GUICHET_ALLOW_UNSAFE_DATABASE": "1",
            "GUICHET_MIN_FREE_MB": "0",
            "GUICHET_MIN_FREE_PERCENT": "0",
            "GUICHET_ITEM_SECONDS": "10",
        },
    )
    yield processes
    processes.end_all()
