"""The reconciliation says "sound" only when nothing is missing: no acknowledgement, no file, no item of a mailbox."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, update

from gateway.reconcile import Report, reconcile
from store import operations, schema
from tests.gateway.conftest import Gateway

MAIL = """From: Marie Dubois <marie.dubois@mail.example>
To: ombudsman@partenamut.example
Subject: Remboursement
Message-ID: <1@mail.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Bonjour, je n'ai toujours rien recu pour le kine depuis le mois d'aout. Marie Dubois
--b
Content-Type: text/plain; name=attestation.txt
Content-Disposition: attachment; filename=attestation.txt

attestation
--b--
"""


async def compared(gateway: Gateway) -> Report:
    return await reconcile(gateway.house.store, now=gateway.house.now())


async def test_a_house_in_order_is_sound(gateway: Gateway) -> None:
    await gateway.mail(MAIL)
    await gateway.mail(MAIL.replace("<1@", "<2@").replace("Subject", "Auto-Submitted: auto-replied\nSubject"))
    for number in range(7):
        # Beyond the limit of automatic mail the audit says so, and that is no difference.
        await gateway.mail(MAIL.replace("<1@", f"<m{number}@").replace("kine", f"dentiste {number}"))
    report = await compared(gateway)
    assert report.differences == ()
    assert report.sound


async def test_a_case_whose_acknowledgement_is_missing_differs(gateway: Gateway) -> None:
    await gateway.mail(MAIL)
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(delete(schema.outbox))
    assert (await compared(gateway)).differences == ("cases not acknowledged: 1",)


async def test_a_file_that_is_lost_or_damaged_differs(gateway: Gateway) -> None:
    await gateway.mail(MAIL)
    (path,) = [one for one in gateway.house.store.files.folder.rglob("*") if one.is_file()]
    content = path.read_bytes()
    path.write_bytes(b"changed")
    assert (await compared(gateway)).differences == ("files that are lost or damaged: 1",)
    path.unlink()
    assert (await compared(gateway)).differences == ("files that are lost or damaged: 1",)
    path.write_bytes(content)
    assert (await compared(gateway)).sound


async def test_the_file_of_a_large_mail_counts_too(gateway: Gateway) -> None:
    await gateway.mail(MAIL.replace("attestation\n--b--", "attestation\n" * 60_000 + "--b--"))
    async with gateway.house.store.read() as tx:
        name = (await tx.conn.execute(schema.inbox.select())).one().raw_file
    assert name
    gateway.house.store.files._path(name).unlink()
    assert (await compared(gateway)).differences == ("files that are lost or damaged: 1",)


async def test_a_mailbox_that_handed_over_more_than_is_here_differs(gateway: Gateway) -> None:
    await gateway.mail(MAIL)
    now = gateway.house.now()
    detail = {"number": 0, "new": 2, "failed": 1, "since": (now - timedelta(hours=1)).isoformat()}
    async with gateway.house.store.write() as tx:
        await operations.beat(tx, "mailbox:ombudsman@partenamut.example", "watching", detail, now=now)
    told = (await compared(gateway)).differences
    assert len(told) == 2
    assert "2 handed over, 1 in the register" in told[0]
    assert "1 could not be taken over" in told[1]


async def test_what_waits_too_long_differs(gateway: Gateway) -> None:
    await gateway.mail(MAIL)
    async with gateway.house.store.write() as tx:
        old = gateway.house.now() - timedelta(hours=1)
        await tx.conn.execute(update(schema.inbox).values(state="waiting", fate=None, fate_at=None, kept_at=old))
    assert not (await compared(gateway)).sound
