"""Poison for every place of the register that somebody can fill: markup, a script, names in braces, a header, a formula.

Every column that can hold a text is either filled by somebody (`FILLED`) or holds words, hashes and numbers of the house
(`CLOSED`); a column that is on neither list fails a test, so that nobody adds one without saying which it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from sqlalchemy import JSON, LargeBinary, String, Table, Text, select, update

from store.database import Store, Tx
from store.schema import metadata

# An element that a page has when a text became markup, and the product of a sum that nobody may do.
BAD: Final = "i-bad"
PRODUCT: Final = str(7 * 19001)
_PARTS: Final = (
    '{mark}"\'><{bad} onclick="alert(1)">{mark}</{bad}><script>alert(1)</script><img src=x onerror=alert(1)>'
    "</textarea></title></style>[[{mark}]]&lt;{bad}&gt;anna{turning}gpj.exe {endless}"
)
# What makes a name read backwards, and every other mark that turns the direction of writing (rule M14).
TURNING: Final = "\u202e\u202a\u2066\u2069\u200f\u061c"
# A word that no line of a telephone holds.
_ENDLESS: Final = "Donaudampfschifffahrt" * 12
_FILLABLE: Final = "{{name}}{{{{7*19001}}}}${{7*19001}}{{0.__class__}}{{% raw %}}"


def poison(mark: str, *, line: bool = True, braces: bool = True) -> str:
    """A text that tries everything, with a mark to know its place by; `line`: without a line break in it."""
    text = _PARTS.format(mark=mark, bad=BAD, turning=TURNING, endless=_ENDLESS) + (_FILLABLE.format() if braces else "")
    return text if line else f"{text}\r\nX-Bad: {mark}"


def short(mark: str) -> str:
    """The same for a place that holds two hundred characters."""
    return f"[[{mark}]]\"'><{BAD} onclick=1>{{name}}{{{{7*19001}}}}</{BAD}>{TURNING}"


Fill = Callable[[Any, str], Any]


def _plain(value: Any, mark: str) -> Any:
    return f"{value}{poison(mark, line=False)}"


def _bytes(value: Any, mark: str) -> Any:
    return bytes(value) + poison(mark, line=False).encode()


def _start(value: Any, mark: str) -> Any:
    """As a formula: what stands before it would save a spreadsheet."""
    return f"=1+1{poison(mark, line=False)}{value}"


def _leaves(*names: str, braces: bool = True) -> Fill:
    """Every text below one of these names, in a document of plain values."""

    def within(value: Any, mark: str, hit: bool) -> Any:
        if isinstance(value, dict):
            return {key: within(one, f"{mark}.{key}", hit or key in names) for key, one in value.items()}
        if isinstance(value, list):
            return [within(one, mark, hit) for one in value]
        return f"{value}{poison(mark, braces=braces)}" if hit and isinstance(value, str) and value else value

    def fill(value: Any, mark: str) -> Any:
        if isinstance(value, (bytes, memoryview)):
            return json.dumps(within(json.loads(bytes(value)), mark, False), ensure_ascii=False).encode()
        if isinstance(value, str):
            return json.dumps(within(json.loads(value), mark, False), ensure_ascii=False)
        return within(value, mark, False)

    return fill


def _rules(value: Any, mark: str) -> Any:
    """Titles and reasons of a set of rules."""
    body = json.loads(value)
    for rule in body["rules"]:
        rule |= {"title": short(f"{mark}.title"), "why": f"{rule['why'][:400]}{poison(f'{mark}.why')}"}
    return json.dumps(body, ensure_ascii=False)


def _trace(value: Any, mark: str) -> Any:
    """What a decision kept of rules that are no more: the catalogue has no words for them, so their titles are shown."""
    body = json.loads(bytes(value))
    body["decided_by"] += "_of_old"
    for entry in body["trace"]:
        entry |= {"rule": f"{entry['rule']}_of_old", "title": poison(mark)}
    return json.dumps(body, ensure_ascii=False).encode()


def _titles(value: Any, mark: str) -> Any:
    """Titles of rules in the file that is kept of them."""
    return re.sub(r"(?m)^( +(?:- )?title: ).*$", lambda line: line.group(1) + json.dumps(short(mark)), value)


def _all_texts(value: Any, mark: str) -> Any:
    """The wording of one text, each part in each language: braces would be refused, so they are left out."""
    return _leaves(*json.loads(bytes(value)), braces=False)(value, mark)


def _answer(value: Any, mark: str) -> Any:
    """The words in an answer to a request for access; what stands in their place where they are masked is of a closed list."""

    def within(one: Any) -> Any:
        if isinstance(one, dict):
            return {
                key: f"{part}{poison(mark)}"
                if key in ("text", "name") and isinstance(part, str) and part
                else within(part)
                for key, part in one.items()
            }
        return [within(part) for part in one] if isinstance(one, list) else one

    return json.dumps(within(json.loads(bytes(value))), ensure_ascii=False).encode() if value else value


def _list(_: Any, mark: str) -> Any:
    """Some phrases."""
    return json.dumps([poison(mark), short(mark)]).encode()


FILLED: Final[Mapping[str, Fill]] = {
    "access_cases.also": _list,
    "access_cases.shown": _list,
    "access_items.reason": _bytes,
    "access_requests.comment": _bytes,
    "access_requests.name": _bytes,
    "access_requests.body": _answer,
    "announcements.body": _all_texts,
    "cases.account": _plain,
    "cases.subject": _bytes,
    "cases.first_words": _bytes,
    "classifications.body": _leaves("text"),
    "contacts.address": _plain,
    "conversations.address": _plain,
    "conversations.origin": _plain,
    "conversations.state": _leaves("facts"),
    "corrections.reason": _bytes,
    "deadlines.source": _plain,
    "decisions.body": _trace,
    "drafts.text": _bytes,
    "entries.content": _leaves("text", "name", "email", "phone", "post", "member_number"),
    "heartbeats.detail": _leaves("error"),
    "held.why": _plain,
    "identities.issuer": _plain,
    "identities.subject": _plain,
    "inbox.account": _plain,
    "inbox.error": _plain,
    "inbox.external_id": _plain,
    "inbox.raw": _bytes,
    "kept_views.name": _plain,
    "message_files.name": _bytes,
    "message_files.type": _plain,
    "messages.account": _plain,
    "messages.defects": lambda _, mark: [poison(mark)],
    "messages.choices": lambda _, mark: [[poison(mark), poison(mark)]],
    "messages.hidden": _bytes,
    "messages.reply": _bytes,
    "messages.rfc_message_id": _plain,
    "messages.sender_name": _bytes,
    "messages.subject": _bytes,
    "messages.text": _bytes,
    "notes.text": _bytes,
    "outbox.body": _leaves("recipient_name", "subject", "text"),
    "outbox.code": _plain,
    "outbox.provider_id": _plain,
    "passkeys.name": _plain,
    "people.member_number": _bytes,
    "people.name": lambda value, mark: _start(bytes(value).decode(), mark).encode(),
    "published_texts.body": _all_texts,
    "published_texts.comment": _plain,
    "ratings.comment": _bytes,
    "recommendations.remark": _bytes,
    "recommendations.text": _bytes,
    "rehearsal_changes.note": _bytes,
    "rehearsals.body": _rules,
    "reports.sentences": _bytes,
    "rule_drafts.body": _rules,
    "rule_drafts.comment": _plain,
    "rule_drafts.harm": _plain,
    "rule_drafts.sent_back_word": _plain,
    "rule_returns.comment": _plain,
    "rule_returns.harm": _plain,
    "rule_sets.body": _titles,
    "rule_sets.comment": _plain,
    "sessions.browser": _plain,
    "text_drafts.body": _all_texts,
    "users.login": _plain,
    "users.name": _start,
}
# Words of closed lists, references, hashes and keys, and what is only ever compared.
CLOSED: Final = frozenset(
    [
        "access_items.kind",
        "access_requests.identity",
        "access_requests.state",
        "access_requests.body_hash",
        "access_requests.archive",
        "access_requests.archive_hash",
        "announcements.door",
        "audit.actor",
        "audit.act",
        "audit.detail",
        "audit_chain.digest",
        "contact_changes.act",
        "contact_changes.before",
        "contact_changes.how",
        "cases.cause",
        "cases.reference",
        "cases.kind",
        "cases.queue",
        "cases.department",
        "cases.priority",
        "cases.situation",
        "cases.state",
        "cases.refused",
        "cases.outcome",
        "cases.flags",
        "cases.language",
        "cases.channel",
        "cases.paused_for",
        "classifications.model",
        "clock_runs.job",
        "clock_runs.slot",
        "clock_runs.result",
        "codes.purpose",
        "codes.browser_hash",
        "codes.code_hash",
        *("contact_changes.act", "contact_changes.how", "contact_changes.before"),
        "contacts.kind",
        "conversations.channel",
        "conversations.account",
        "conversations.open_key",
        "conversations.secret_hash",
        "conversations.language",
        "conversations.stage",
        "corrections.model",
        "corrections.said",
        "corrections.wanted",
        "corrections.case_before",
        "deadlines.clock",
        "deadlines.state",
        "decisions.rules_version",
        "decisions.decided_by",
        "decisions.hits",
        "decisions.near",
        "domain_rates.domain_hash",
        "domain_rates.minute",
        "drafts.purpose",
        "entries.client_id",
        "entries.reference",
        "entries.link",
        "files.hash",
        "heartbeats.name",
        "heartbeats.state",
        "held.state",
        "idempotency.key_hash",
        "idempotency.body_hash",
        "idempotency.answer",
        "inbox.channel",
        "inbox.raw_file",
        "inbox.envelope",
        "inbox.state",
        "inbox.fate",
        "inbox.fingerprint",
        "inbox.reserved_reference",
        "inbox.thread",
        "kept_views.queue",
        "kept_views.chosen",
        "label_counts.model",
        "label_counts.measure",
        "label_counts.label",
        *("list_acts.act", "list_acts.changed", "list_acts.left", "list_acts.target"),
        *("kept_forms.token_hash", "kept_forms.content", "passkeys.key_hash", "passkeys.credential"),
        *("sessions.challenge", "users.text_size"),
        "links.token_hash",
        "links.purpose",
        "mentions.why",
        "merges.before",
        "message_files.hash",
        "messages.direction",
        "messages.channel",
        "messages.situation",
        "model_uses.version",
        "opted_out.kind",
        "opted_out.address_hash",
        "notes.about",
        "outbox.key",
        "outbox.channel",
        "outbox.state",
        "outbox.thread",
        "outbox.receipt",
        "outbox.receipt_code",
        "pauses.reason",
        "people.language",
        "person_numbers.digest",
        "published_texts.situation",
        "published_texts.old",
        "questions.department",
        "receipts.code_hash",
        "recommendations.department",
        "recommendations.state",
        "recovery_codes.code_hash",
        "rehearsal_changes.queue_before",
        "rehearsal_changes.queue_after",
        "rehearsal_changes.before",
        "rehearsal_changes.after",
        "rehearsal_changes.harms",
        "rehearsal_changes.judged",
        "rehearsals.base",
        "rehearsals.state",
        "rehearsals.sums",
        "reports.body",
        "rule_drafts.base",
        "rule_returns.live",
        "rule_returns.version",
        "rule_sets.version",
        "sessions.token_hash",
        "sessions.csrf",
        "sessions.pending",
        "sign_in_failures.key_hash",
        "text_drafts.situation",
        "text_drafts.read_again",
        "totp.seed",
        "users.role",
        "users.queues",
        "users.password",
        "users.theme",
    ]
)


def text_columns() -> set[str]:
    """Every column that can hold a text, as "table.column"."""
    return {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (String, Text, LargeBinary, JSON))
    }


async def poisoned(store: Store, *, but: frozenset[str] = frozenset()) -> set[str]:
    """Poison every filled column of every row; return those of which there was a row. `but` are left as they are."""
    done: set[str] = set()
    async with store.write() as tx:
        for table in metadata.sorted_tables:
            names = [column.name for column in table.columns if f"{table.name}.{column.name}" in FILLED.keys() - but]
            if names:
                done |= await _poison(tx, table, names)
    return done


async def _poison(tx: Tx, table: Table, names: list[str]) -> set[str]:
    keys = list(table.primary_key.columns)
    done: set[str] = set()
    for row in (await tx.conn.execute(select(table))).mappings().all():
        values = {}
        for name in names:
            mark = f"{table.name}.{name}"
            if row[name] is not None:
                values[name] = FILLED[mark](row[name], f"{mark}:{'-'.join(str(row[key.name])[:6] for key in keys)}")
                done.add(mark)
        await tx.conn.execute(update(table).where(*(key == row[key.name] for key in keys)).values(values))
    return done


async def poisoned_of(store: Store, hidden: Collection[int], mark: str) -> None:
    """Put a mark into every filled column of every row that belongs to these cases."""
    async with store.write() as tx:
        for table in metadata.sorted_tables:
            # By which of our own addresses something came is no secret.
            filled = FILLED.keys() - {f"{table.name}.account"}
            names = [column.name for column in table.columns if f"{table.name}.{column.name}" in filled]
            condition = _belongs(table, hidden)
            if not names or condition is None:
                continue
            keys = list(table.primary_key.columns)
            for row in (await tx.conn.execute(select(table).where(condition))).mappings().all():
                values = {
                    name: FILLED[f"{table.name}.{name}"](row[name], mark) for name in names if row[name] is not None
                }
                await tx.conn.execute(update(table).where(*(key == row[key.name] for key in keys)).values(values))


async def rows_of(store: Store, hidden: Collection[int]) -> dict[str, list[Any]]:
    """Every row that belongs to these cases, by table; what is written of looks and acts apart."""
    found: dict[str, list[Any]] = {}
    async with store.read() as tx:
        for table in metadata.sorted_tables:
            condition = _belongs(table, hidden)
            if condition is not None and table.name not in ("audit", "presence"):
                query = select(table).where(condition).order_by(*table.primary_key.columns)
                found[table.name] = [tuple(row) for row in await tx.conn.execute(query)]
    return found


def _belongs(table: Table, hidden: Collection[int]) -> Any:
    """The condition on a table that its row is of one of these cases; None where no row is of a case."""
    own = metadata.tables["messages"].c
    if table.name == "cases":
        return table.c.id.in_(hidden)
    if "case_id" in table.c:
        return table.c.case_id.in_(hidden)
    if "message_id" in table.c:
        return table.c.message_id.in_(select(own.id).where(own.case_id.in_(hidden)))
    people = select(metadata.tables["cases"].c.person_id)
    if table.name in ("people", "contacts"):
        # Only those who have nothing in another case: else the other case may show them.
        column = table.c.id if table.name == "people" else table.c.person_id
        theirs = metadata.tables["cases"].c
        return column.in_(people.where(theirs.id.in_(hidden))) & column.not_in(
            people.where(theirs.id.not_in(hidden), theirs.person_id.is_not(None))
        )
    return None
