"""What people do to a case: take, assign, note, reply and undo, move, close, reopen, and what happens when they are late."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from html import unescape

from console.contract import UNDO
from store import audit, corrections, correspondence, outbox, people, views
from store.correspondence import MessageRow
from store.viewer import Viewer
from store.views import Row
from tests.console.conftest import Running
from tests.console.desks import SECRET_LINK
from tests.console.example_house import NOW

VIEWER = Viewer(1, "Test", "supervisor", medical=True)


async def row_of(running: Running, key: str) -> Row:
    async with running.house.store.read() as tx:
        row = await views.case(tx, VIEWER, running.house.cases[key])
    assert row is not None
    return row


async def messages_of(running: Running, key: str) -> list[MessageRow]:
    async with running.house.store.read() as tx:
        return await correspondence.messages_of(tx, VIEWER, running.house.cases[key])


def written(page: str, field: str = "reply-text") -> str:
    """What stands in a field of a page."""
    found = re.search(rf'<textarea id="{field}"[^>]*>\n([^<]*)</textarea>', page)
    assert found, page[:3000]
    return unescape(found.group(1))


async def acts_of(running: Running, key: str) -> list[str]:
    """What was done to a case; who looked at it is told elsewhere."""
    async with running.house.store.read() as tx:
        entries = await audit.of_case(tx, running.house.cases[key])
    return [entry.act for entry in entries if entry.act not in audit.LOOKS]


async def test_take_and_hand_over(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    page = await tom.post(f"{path}/take")
    assert "The case is yours." in page
    assert "You have this case" in page
    page = await tom.post(f"{path}/assign", assignee=str(running.house.users["luc"]))
    assert "Tom Baert gave the case to Luc Simon." in page
    assert (await row_of(running, "soon")).assignee == "Luc Simon"
    assert await acts_of(running, "soon") == ["case.opened", "case.taken", "case.assigned"]


async def test_what_is_so_already_changes_nothing_and_is_said(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/take")
    await luc.get(path)
    before = await row_of(running, "soon")
    mine = str(running.house.users["tom"])
    again = [
        ("assign", "assignee", mine),
        ("move", "queue", before.queue),
        ("department", "department", before.department or ""),
    ]
    for act, field, value in again:
        page = await tom.post(f"{path}/{act}", **{field: value})
        assert "That was so already; nothing has changed." in page, act
    assert "The case is yours." in await tom.post(f"{path}/take")
    assert await row_of(running, "soon") == before
    assert await acts_of(running, "soon") == ["case.opened", "case.taken"]
    # Nobody's page is out of date by it.
    assert "Luc Simon took the case." in await luc.post(f"{path}/take")


async def test_a_case_goes_only_to_somebody_who_may_have_it(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    for login in ("fatima", "admin"):
        await tom.post(f"{path}/assign", status=422, assignee=str(running.house.users[login]))
    anne = await running.sign_in("anne")
    await anne.post(f"{running.case('sealed')}/open", reason="handling")
    await anne.post(f"{running.case('sealed')}/assign", status=422, assignee=str(running.house.users["tom"]))
    assert (await row_of(running, "sealed")).assignee_id is None


async def test_an_address_that_works_again_gets_mail_again(running: Running) -> None:
    async with running.house.store.write() as tx:
        (contact,) = await people.contacts_of_case(tx, running.house.cases["soon"])
        for _ in range(2):
            await people.note_hard_bounce(tx, contact.id, now=NOW)
    tom = await running.sign_in("tom")
    path = running.case("soon")
    page = await tom.get(path)
    assert "cannot be reached" in page
    await tom.post(f"{path}/reachable", status=409, contact="999999")
    page = await tom.post(f"{path}/reachable", contact=str(contact.id))
    assert "Automatic messages go to this address again." in page
    assert "cannot be reached" not in page
    async with running.house.store.write() as tx:
        assert not (await people.contacts_of_case(tx, running.house.cases["soon"]))[0].unreachable
        # One more failure is a bad day again, not the third of a row.
        assert not await people.note_hard_bounce(tx, contact.id, now=NOW)
    assert (await acts_of(running, "soon"))[-1] == "contact.reachable"


async def test_a_note_stays_inside(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path = running.case("soon")
    page = await fatima.get(path)
    assert "Reply to the member" not in page
    page = await fatima.post(f"{path}/note", text="Appelée, <b>préfère</b> le matin.")
    assert "Appelée, &lt;b&gt;préfère&lt;/b&gt; le matin." in page
    assert len(await messages_of(running, "soon")) == 2


async def test_a_reply_waits_ten_seconds_and_takes_the_case(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    page = await tom.get(path)
    assert "Send to Jan Peeters, by e-mail" in page
    assert "Beste Jan Peeters," in page
    page = await tom.post(f"{path}/reply", text="Beste Jan Peeters,\r\n\r\nWe kijken het na.\r\n")
    assert "Goes to Jan Peeters in 10 seconds." in page
    sent = (await messages_of(running, "soon"))[-1]
    assert sent.reply == "Beste Jan Peeters,\n\nWe kijken het na."
    assert sent.delivery == "waiting"
    assert (await row_of(running, "soon")).assignee == "Tom Baert"
    assert running.desk.woken == [sent.outbox_id]
    async with running.house.store.write() as tx:
        assert await outbox.claim(tx, limit=5, now=running.clock(), lease=timedelta(minutes=1)) == []
        later = running.clock() + UNDO
        assert [one.id for one in await outbox.claim(tx, limit=5, now=later, lease=timedelta(minutes=1))] == [
            sent.outbox_id
        ]


async def test_an_answer_taken_back_was_never_sent_and_its_text_comes_back(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/reply", text="Een antwoord dat <te> vroeg kwam.")
    sent = (await messages_of(running, "soon"))[-1]
    # While it can be taken back, it is shown as it was written, without the member's link that goes with it.
    assert SECRET_LINK in sent.text
    assert SECRET_LINK not in tom.page
    page = await tom.post(f"{path}/undo", outbox=str(sent.outbox_id))
    assert "nothing was sent" in page
    assert re.search(r"<textarea[^>]*>\nEen antwoord dat &lt;te&gt; vroeg kwam\.</textarea>", page)
    assert page.count("took an answer back before it left") == 1
    assert SECRET_LINK not in page
    assert (await messages_of(running, "soon"))[-1].delivery == "cancelled"
    # It is a draft again, and still there when the case is opened from elsewhere, for who wrote it alone.
    assert "Your draft of" in page
    await tom.get("/console/")
    assert written(await tom.get(path)) == "Een antwoord dat <te> vroeg kwam."
    luc = await running.sign_in("luc")
    assert "vroeg kwam" not in await luc.get(path)


async def test_what_was_typed_since_stands_below_the_answer_that_was_taken_back(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/reply", text="Beste Jan,\n\nEen antwoord.")
    sent = (await messages_of(running, "soon"))[-1]
    running.clock.forward(seconds=1)
    seen = re.search(r'name="seen" value="([^"]+)"', await tom.get(path))
    assert seen
    await tom.post(f"{path}/draft", purpose="reply", text="Nog dit:", seen=seen[1])
    running.clock.forward(seconds=2)
    page = await tom.post(f"{path}/undo", outbox=str(sent.outbox_id))
    assert written(page) == "Beste Jan,\n\nEen antwoord.\n\nNog dit:"
    # What the page from before the undo still keeps writes over neither, nor does an empty field of it let them go.
    for late, stands in (("Nog dit: morgen.", "\n\nNog dit: morgen."), ("", "")):
        await tom.post(f"{path}/draft", purpose="reply", text=late, seen=seen[1])
        assert written(await tom.get(path)) == f"Beste Jan,\n\nEen antwoord.{stands}"
    # The page of after the undo does as it says.
    running.clock.forward(seconds=2)
    fresh = re.search(r'name="seen" value="([^"]+)"', await tom.get(path))
    assert fresh
    await tom.post(f"{path}/draft", purpose="reply", text="Alleen dit.", seen=fresh[1])
    assert written(await tom.get(path)) == "Alleen dit."


async def test_what_has_left_cannot_be_taken_back(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/reply", text="Een antwoord.")
    sent = (await messages_of(running, "soon"))[-1]
    async with running.house.store.write() as tx:
        await outbox.claim(tx, limit=5, now=running.clock() + UNDO, lease=timedelta(minutes=1))
    page = await tom.post(f"{path}/undo", outbox=str(sent.outbox_id))
    assert "Too late" in page


async def test_undo_and_send_at_once_have_one_winner(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    for number in range(12):
        await tom.get(path)
        await tom.post(f"{path}/reply", text=f"Antwoord {number}.")
        sent = (await messages_of(running, "soon"))[-1]

        async def send() -> bool:
            async with running.house.store.write() as tx:
                later = running.clock() + UNDO
                return bool(await outbox.claim(tx, limit=5, now=later, lease=timedelta(minutes=1)))

        taken, page = await asyncio.gather(send(), tom.post(f"{path}/undo", outbox=str(sent.outbox_id)))
        assert taken is not ("nothing was sent" in page)
        assert taken is ("Too late" in page)


async def test_nobody_takes_back_what_another_person_or_the_house_sends(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/reply", text="Van Tom.")
    sent = (await messages_of(running, "soon"))[-1]
    luc = await running.sign_in("luc")
    page = await luc.get(path)
    assert "Goes to Jan Peeters" not in page
    await luc.post(f"{path}/undo", status=422, outbox=str(sent.outbox_id))
    await luc.post(f"{running.case('marie')}/undo", status=422, outbox=str(sent.outbox_id))
    assert (await messages_of(running, "soon"))[-1].delivery == "waiting"


async def test_an_unchanged_greeting_is_no_answer(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    page = await tom.get(path)
    found = re.search(r'<textarea id="reply-text"[^>]*>\n([^<]*)</textarea>', page)
    assert found
    page = await tom.post(f"{path}/reply", status=422, text=found.group(1))
    assert "Write something first" in page
    await tom.post(f"{path}/reply", status=422, text="   ")
    await tom.post(f"{path}/reply", status=422, text="x" * 20_001)
    assert running.desk.woken == []


async def test_a_form_from_an_older_state_does_nothing_and_shows_what_changed(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    path = running.case("soon")
    await tom.get(path)
    await luc.get(path)
    running.clock.forward(seconds=30)
    await luc.post(f"{path}/take")
    await luc.post(f"{path}/note", text="Ik bel hem.")
    running.clock.forward(seconds=30)
    page = await tom.post(f"{path}/reply", status=409, text="Mijn antwoord, met <zorg> geschreven.")
    assert "This case has changed since you opened it" in page
    assert "Luc Simon took the case." in page
    assert "a note by Luc Simon" in page
    assert "Mijn antwoord, met &lt;zorg&gt; geschreven." in page
    assert len(await messages_of(running, "soon")) == 2
    # Sent again from the page that shows the news, it goes.
    page = await tom.post(f"{path}/reply", text="Mijn antwoord, met <zorg> geschreven.")
    assert "Goes to Jan Peeters" in page


async def test_a_move_adds_the_clocks_of_the_new_queue_and_never_lengthens_a_promise(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    before = (await row_of(running, "soon")).due_on
    await tom.get(path)
    page = await tom.post(f"{path}/move", queue="mediation")
    assert "Result of Mediation" in page
    assert "A person then moved it to Mediation" in page
    after = await row_of(running, "soon")
    assert (after.queue, after.due_on, after.assignee_id) == ("mediation", before, None)
    await tom.post(f"{path}/move", status=422, queue="nowhere")


async def test_a_case_out_of_triage_gets_the_earlier_date(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("unsure")
    before = (await row_of(running, "unsure")).due_on
    await tom.get(path)
    await tom.post(f"{path}/move", queue="digital")
    after = await row_of(running, "unsure")
    assert before is not None
    assert after.due_on is not None
    assert after.due_on < before
    assert after.department == "digital"


async def test_what_moves_to_the_medical_advisers_is_sealed_and_found_no_more(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("week")
    await tom.get(path)
    page = await tom.post(f"{path}/move", queue="medical_coordinator")
    assert "It is sealed" in page
    await tom.get(path, status=403)
    assert "Lucie Martin" not in await tom.get("/console/search?q=guichet")


async def test_what_is_corrected_to_the_medical_adviser_is_sealed_and_found_no_more(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("week")
    await tom.get(path)
    await tom.post(f"{path}/take")
    assert (await row_of(running, "week")).assignee_id is not None
    page = await tom.post(f"{path}/correct", kind="complaint", **{"flag-doctor": "1"})
    assert "The case is sealed now" in page
    after = await row_of(running, "week")
    assert (after.sealed, after.assignee_id) == (True, None)
    await tom.get(path, status=403)
    assert "Lucie Martin" not in await tom.get("/console/search?q=guichet")


async def test_the_department_is_corrected(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("late")
    await tom.get(path)
    page = await tom.post(f"{path}/department", department="benefits")
    assert "Tom Baert corrected the department to Extra benefits." in page
    await tom.post(f"{path}/department", status=422, department="x")
    await tom.post(f"{path}/department", department="")
    assert (await row_of(running, "late")).department is None


async def test_close_with_words_and_open_again(running: Running) -> None:
    anne = await running.sign_in("anne")
    path = running.case("marie")
    page = await anne.get(f"{path}/close")
    assert "The member’s last message has no answer from a person." in page
    assert "1 held message quotes this case." in page
    page = await anne.post(f"{path}/close", status=422, how="send", text="Bonjour")
    assert "Say how it ended" in page
    page = await anne.post(f"{path}/close", status=422, how="send", outcome="founded", cause="delay", text="")
    assert "Write something first" in page
    page = await anne.post(
        f"{path}/close", how="send", outcome="founded", cause="delay", text="Votre indemnité sera payée."
    )
    assert "The case is closed." in page
    assert "Goes to Marie Dubois in 10 seconds." in page
    row = await row_of(running, "marie")
    assert (row.state, row.outcome) == ("closed", "founded")
    page = await anne.post(f"{path}/reopen")
    assert "The case is open again." in page
    assert (await row_of(running, "marie")).state == "open"


async def test_undoing_the_last_message_opens_the_case_again(running: Running) -> None:
    anne = await running.sign_in("anne")
    path = running.case("marie")
    await anne.get(f"{path}/close")
    await anne.post(f"{path}/close", how="send", outcome="explained", text="Votre certificat est arrivé.")
    sent = (await messages_of(running, "marie"))[-1]
    page = await anne.post(f"{path}/undo", outbox=str(sent.outbox_id))
    assert "nothing was sent" in page
    assert (await row_of(running, "marie")).state == "open"


async def test_close_without_a_message(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("unsure")
    await tom.get(f"{path}/close")
    await tom.post(f"{path}/close", how="silent", outcome="not_handled_off_scope", text="")
    assert (await row_of(running, "unsure")).outcome == "not_handled_off_scope"
    # A closed case cannot be closed from an older page.
    page = await tom.post(f"{path}/close", how="silent", outcome="founded", version="1")
    assert (await row_of(running, "unsure")).outcome == "not_handled_off_scope"
    assert "Not handled" in page


async def test_two_people_who_close_at_once_close_once(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    path = running.case("soon")
    await tom.get(f"{path}/close")
    await luc.get(f"{path}/close")
    answers = await asyncio.gather(
        tom.send(f"{path}/close", how="send", outcome="withdrawn", text="Van Tom."),
        luc.send(f"{path}/close", how="send", outcome="explained", text="Van Luc."),
    )
    assert sorted(answer.status for answer in answers) in ([200, 200], [200, 409])
    sent = [
        message for message in await messages_of(running, "soon") if not message.auto and message.direction == "out"
    ]
    assert len(sent) == 1


async def test_nothing_is_offered_that_cannot_be_sent(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get(running.case("phone"))
    assert "You cannot write to them from here." in page
    assert "by SMS" not in page
    assert 'id="reply-text"' not in page
    page = await tom.get(f"{running.case('phone')}/close")
    assert "Close without a message" in page
    assert "Close and send" not in page


async def test_the_title_of_the_closing_page_names_nobody(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get(f"{running.case('marie')}/close")
    title = page[page.index("<title>") : page.index("</title>")]
    assert running.house.references["marie"] in title
    assert "Marie" not in title


async def test_a_label_is_corrected_in_one_step_and_taught(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("marie")
    page = await tom.get(path)
    assert "What it is" in page
    row = await row_of(running, "marie")
    assert row.flags["second_line"]
    held = {f"flag-{flag}": "1" for flag, on in row.flags.items() if on and flag != "second_line"}
    page = await tom.post(f"{path}/correct", kind="question", **held)
    assert "Corrected. The classifier can learn from it." in page
    assert "corrected the reading: question, not second line." in page
    after = await row_of(running, "marie")
    assert (after.kind, after.flags["second_line"], after.queue) == ("question", False, row.queue)
    async with running.house.store.read() as tx:
        (found,) = await corrections.listing(tx, Viewer(0, "", "supervisor"), case_id=after.id)
    assert (found.author, found.wanted) == ("Tom Baert", {"kind": "question", "second_line": False})
    page = await tom.post(f"{path}/correct", status=422, kind="question", **held)
    assert "nothing is corrected" in page
    page = await tom.post(f"{path}/correct", status=422, **{"flag-doctor": "1", "flag-off_scope": "1"})
    assert "Nothing was corrected" in page


async def test_the_department_that_a_person_says_is_taught_too(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("marie")
    await tom.get(path)
    page = await tom.post(f"{path}/department", department="privacy")
    assert "corrected the department to" in page
    row = await row_of(running, "marie")
    async with running.house.store.read() as tx:
        (found,) = await corrections.listing(tx, Viewer(0, "", "supervisor"), case_id=row.id)
    assert found.wanted == {"department": "privacy"}
