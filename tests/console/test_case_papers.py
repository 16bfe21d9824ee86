"""The file of a case on paper: whole for colleagues, without what is internal for others, and the letter for the member."""

from __future__ import annotations

import pytest

from console import case_papers
from router.pdf import PdfError
from store import audit
from tests.console.conftest import Running
from tests.console.example_house import CANARY, PASSWORD


@pytest.fixture
def typeset(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was to be typeset; the typesetter itself takes a second each time and has tests of its own."""
    given: list[str] = []

    async def made(html: str) -> bytes:
        given.append(html)
        return b"%PDF-1.7 made"

    monkeypatch.setattr(case_papers, "make_pdf", made)
    return given


async def test_the_whole_file_and_the_copy_without_what_is_internal(running: Running, typeset: list[str]) -> None:
    tom = await running.sign_in("tom")
    path = running.case("marie")
    await tom.get(path)
    await tom.post(f"{path}/ask", department="incapacity", text="Que s'est-il passé <ici> ?")
    answer = await tom.client.get(f"{path}/paper/file")
    assert answer.status == 200
    assert answer.content_type == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    whole = typeset[-1]
    assert "je vous ai déjà écrit deux fois" in whole
    assert "Rappelée mercredi" in whole
    assert "passé &lt;ici&gt; ?" in whole
    assert "Registered, to Mediation by the rule" in whole
    await tom.client.get(f"{path}/paper/copy")
    copy = typeset[-1]
    assert "je vous ai déjà écrit deux fois" in copy
    assert "Rappelée mercredi" not in copy
    assert "&lt;ici&gt;" not in copy
    assert "by the rule" not in copy
    async with running.house.store.read() as tx:
        entries = await audit.of_case(tx, running.house.cases["marie"])
    printed = [entry.detail["what"] for entry in entries if entry.act == "case.printed"]
    assert printed == ["whole", "copy"]
    # A case of another matter has no letter to the coordinating doctor.
    await tom.get(f"{path}/paper/letter", status=404)


async def test_script_in_every_field_is_text_on_paper(running: Running, typeset: list[str]) -> None:
    tom = await running.sign_in("tom")
    await tom.client.get(f"{running.case('markup')}/paper/file")
    assert "<script>" not in typeset[-1]
    assert "<svg" not in typeset[-1]
    assert "<img" not in typeset[-1]


async def test_the_letter_is_for_who_may_open_the_sealed_case(running: Running, typeset: list[str]) -> None:
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    path = running.case("sealed")
    for name in ("file", "copy", "letter"):
        await tom.get(f"{path}/paper/{name}", status=403)
        await anne.get(f"{path}/paper/{name}", status=403)
    assert typeset == []
    await anne.post(f"{path}/open", reason="handling")
    answer = await anne.client.get(f"{path}/paper/letter")
    assert answer.status == 200
    assert "Médecin Coordinateur" in typeset[-1]
    assert CANARY in typeset[-1]


async def test_whoever_takes_a_file_along_gives_their_password_just_before(
    running: Running, typeset: list[str]
) -> None:
    tom = await running.sign_in("tom")
    running.clock.forward(minutes=6)
    page = await tom.get(f"{running.case('marie')}/paper/file", status=403)
    assert 'name="proof"' in page
    assert typeset == []
    answer = await tom.client.post(
        "/console/proof",
        data={"csrf": tom.csrf, "proof": PASSWORD, "next": f"{running.case('marie')}/paper/file"},
    )
    assert answer.content_type == "application/pdf"


async def test_a_pdf_that_cannot_be_made_says_so(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(html: str) -> bytes:
        del html
        raise PdfError("the document would have over 200 pages")

    monkeypatch.setattr(case_papers, "make_pdf", fails)
    tom = await running.sign_in("tom")
    page = await tom.get(f"{running.case('marie')}/paper/file", status=503)
    assert "The PDF could not be made" in page


async def test_the_typesetter_takes_it(running: Running) -> None:
    tom = await running.sign_in("tom")
    answer = await tom.client.get(f"{running.case('long')}/paper/file")
    assert answer.status == 200
    assert (await answer.read()).startswith(b"%PDF-")
