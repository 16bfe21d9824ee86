"""How well new text, robots and bounces are told on six public sets of real mails and on our own: `python -m bench.replies`.

Prints one line per set and check, "right of all", the failures with `-v`, and the time per mail. If mail-parser-reply is
installed, its score on the plain replies stands beside ours.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from channels.mail.reply import split
from channels.mail.robots import screen

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures" / "mail"
SETS = ("talon", "mpr", "flanker", "sisimai_err", "mailgem", "mime4j")
REPLY_CHECKS = ("reply", "reply_nows", "reply_contains", "reply_absent")


def folded(text: str) -> str:
    """Fold white space and Unicode forms."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def cases(name: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Give the cases of a set, each with the bytes of its file."""
    folder = FIXTURES / name
    for line in (folder / "cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        yield case, (folder / case["file"]).read_bytes()


def bodies(case: dict[str, Any], data: bytes) -> tuple[str, str]:
    """Give plain text and HTML of a mail, or of a file that is only a body."""
    if case["wrap"] == "text":
        return data.decode("utf-8"), ""
    if case["wrap"] == "html":
        return "", data.decode("utf-8")
    message = message_from_bytes(data)
    return decoded(message, "text/plain"), decoded(message, "text/html")


def decoded(message: Message, kind: str) -> str:
    """Give the text of all parts of a kind."""
    texts = []
    for part in message.walk():
        if part.get_content_type() == kind:
            payload = part.get_payload(decode=True)
            data = payload if isinstance(payload, bytes) else b""
            try:
                texts.append(data.decode(part.get_content_charset() or "utf-8", "replace"))
            except LookupError:
                texts.append(data.decode("latin-1"))
    return "\n".join(texts)


def reply_results(case: dict[str, Any], new: str) -> Iterator[tuple[str, bool]]:
    """Give each reply check of a case with whether it holds for a new text."""
    checks, shown = case["checks"], folded(new)
    if "reply" in checks:
        yield "reply", shown == folded(checks["reply"])
    if "reply_nows" in checks:
        yield "reply_nows", "".join(new.split()) == "".join(checks["reply_nows"].split())
    if "reply_contains" in checks:
        yield "reply_contains", all(folded(words) in shown for words in checks["reply_contains"])
    if "reply_absent" in checks:
        yield "reply_absent", all(folded(words) not in shown for words in checks["reply_absent"])


def robot_results(case: dict[str, Any], data: bytes, text: str) -> Iterator[tuple[str, bool]]:
    """Give each robot check of a case with whether it holds."""
    robot, bounce = screen(message_from_bytes(data), text, own_addresses=frozenset(), envelope={})
    for name, found in (("robot", robot), ("bounce", bounce)):
        if name in case["checks"]:
            yield name, (found is not None) == case["checks"][name]


def rival() -> Any:
    """Give mail-parser-reply's parser, or None where it is not installed."""
    try:
        return importlib.import_module("mailparser_reply").EmailReplyParser(languages=["en", "fr", "nl", "de"])
    except ImportError:
        return None


def main() -> None:
    """Print the scores."""
    verbose, other = "-v" in sys.argv, rival()
    seconds: list[float] = []
    for name in SETS:
        right, total, theirs = Counter[str](), Counter[str](), 0
        for case, data in cases(name):
            text, html = bodies(case, data)
            start = time.process_time()
            new = split(text, html).new
            seconds.append(time.process_time() - start)
            results = [*reply_results(case, new), *([] if case["wrap"] else robot_results(case, data, text))]
            for check, holds in results:
                total[check] += 1
                right[check] += holds
                if verbose and not holds:
                    print(f"  {case['id']}: {check}")
            if other is not None and "reply" in case["checks"]:
                theirs += folded(other.parse_reply(text=text) or "") == folded(case["checks"]["reply"])
        beside = f"  (mail-parser-reply: reply {theirs})" if other is not None and total["reply"] else ""
        print(f"{name:12}", "  ".join(f"{check} {right[check]}/{total[check]}" for check in total), beside)
    print_ours("replies_four_languages")
    print_ours("robots_four_languages")
    print(
        f"new text: {1000 * median(seconds):.2f} ms for the median of {len(seconds)} mails, {max(seconds):.2f} s at most"
    )


def print_ours(name: str) -> None:
    """Print our score on a set of our own."""
    ours = yaml.safe_load((FIXTURES / f"{name}.yaml").read_text("utf-8"))
    own = frozenset(f"{box}@partenamut.example" for box in ("plaintes", "klachten", "ombudsman", "beschwerden"))
    right = 0
    for case in ours:
        if "mail" in case:
            message = message_from_bytes(case["mail"].encode())
            envelope = {"mail_from": case["mail_from"]} if "mail_from" in case else {}
            robot, _ = screen(message, decoded(message, "text/plain"), own_addresses=own, envelope=envelope)
            right += (robot.kind if robot else None) == case["robot"]
        else:
            parts = split(case.get("text", ""), case.get("html", ""), subject=case.get("subject", ""))
            right += folded(parts.new) == folded(case["new"])
    print(f"{name}: {right}/{len(ours)}")


if __name__ == "__main__":
    main()
