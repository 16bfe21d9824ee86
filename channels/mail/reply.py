"""The new text of a mail: what its sender says now, apart from quoted history and signature.

There is no standard for either; this follows what mail programs really write. Two rules stand above the rest: answers
between quoted lines are new text, and a complaint is never lost: where cutting would leave nothing, or only a word that
points at what stands below, nothing is cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from channels.mail import html_lines, quote_headers, signature
from channels.mail.html_lines import Line
from channels.mail.quote_words import INSIDE, POINTERS, SEE_BELOW

# A comment with more words than this speaks for itself, even if it also points at the mail below.
_SHORT_COMMENT: Final = 25
_FORWARD_SUBJECTS: Final = ("fw:", "fwd:", "tr:", "tr :", "wg:", "doorst:", "doorsturen:", "i:", "rv:", "vs:", "fw :")
_ANSWER: Final = re.compile(r"\s*(?:re|aw|antw|antwort|sv|r|ref|betr)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_GREETINGS: Final = frozenset(
    [
        *("bonjour", "bonsoir", "madame", "monsieur", "messieurs", "mesdames", "beste", "dag", "goedendag", "goeiedag"),
        *("hallo", "geachte", "heer", "mevrouw", "allemaal", "guten", "tag", "sehr", "damen", "und", "herren", "liebe"),
        *("hello", "hi", "hey", "dear", "all", "sir", "madam"),
    ]
)


@dataclass(frozen=True, slots=True)
class ReplyParts:
    """A mail in three: `new` is what is said now, `signature` who signed it, `quoted` the history. Each may be empty.

    `new` is never empty when the mail has any text.
    """

    new: str
    signature: str
    quoted: str


def split(text: str, html: str = "", *, subject: str = "") -> ReplyParts:
    """Divide a mail into new text, signature and quoted history.

    `text` is the whole plain text, `html` the HTML body if there is one: it says more exactly where history begins.
    `subject` helps to see that a mail is passed on ("TR: …") and so has no history. Pure; never raises on any string.
    """
    if html and not html.isspace():
        lines = html_lines.read(html, fresh=bool(subject) and not _ANSWER.match(subject))
        parts = _divide(lines, subject, typed=False)
        if not text.strip() or (parts.new and _agrees(parts.new, lines, text)):
            return parts
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return _divide([Line(line) for line in plain.split("\n")], subject, typed=True)


def _agrees(new: str, lines: Sequence[Line], text: str) -> bool:
    """Tell whether HTML and plain text say the same.

    What is new must be part of the text that people see in full, and a body that was cut or broken must not cost what
    the plain part still has.
    """
    if sum(len(line.text) for line in lines) * 2 < len(text):
        return False
    known = set(text.split())
    words = new.split()
    return sum(word in known for word in words) * 2 >= len(words)


def _divide(lines: list[Line], subject: str, *, typed: bool) -> ReplyParts:
    """Divide lines; `typed`: plain text, where no program marks a signature, so that thanks and a name close a mail."""
    texts = [line.text for line in lines]
    keys = quote_headers.fold("\n".join(texts)) if lines else []
    if len(keys) != len(texts):
        # A single "line" of a broken part held a line break.
        texts = "\n".join(texts).split("\n")
        lines = [Line(text) for text in texts]
    new, forward = _Scan(lines, keys, forwarded=subject.casefold().lstrip().startswith(_FORWARD_SUBJECTS)).run()
    texts = [line.text for line in lines]
    own = [index for index in new if index < forward]
    if len(own) < len(keys) and _points_below(keys, own):
        new, own, forward = list(range(len(keys))), [], 0
    # People also type into the place of their signature, so a sentence there is text.
    marked = [
        index
        for index in own
        if lines[index].signature and (signature.may_sign(keys[index]) or signature.is_disclaimer(keys[index]))
    ]
    kept, signed = _without_signatures(texts, keys, own, frozenset(marked), typed=typed)
    if not any(keys[index] for index in kept) and forward >= len(keys):
        if any(keys[index] for index in own):
            kept, signed = own, []
        else:
            kept, signed = list(range(len(keys))), []
            new = kept
    body = [*kept, *(index for index in new if index >= forward)]
    used = {*body, *signed}
    return ReplyParts(
        new=_joined(texts, keys, body),
        signature=_joined(texts, keys, signed),
        quoted=_joined(texts, keys, [index for index in range(len(keys)) if index not in used]),
    )


class _Scan:
    """One pass over the lines, which finds the ones that are new."""

    def __init__(self, lines: Sequence[Line], keys: list[str], *, forwarded: bool) -> None:
        self.lines = lines
        self.keys = keys
        self.forwarded = forwarded
        self.quoted = self._quoted_lines()
        self.new: list[int] = []
        # How many of the new lines say something.
        self.spoken = 0

    def run(self) -> tuple[list[int], int]:
        """Give the indexes of new lines, and the index from which on they are a forwarded mail (else the length)."""
        keys, total = self.keys, len(self.keys)
        index = 0
        while index < total:
            key = keys[index]
            if not key:
                self.new.append(index)
                index += 1
                continue
            if quote_headers.is_forward(key.lstrip("> ")):
                return [*self.new, *range(index, total)], index
            step = self._history(index)
            if step is None:
                if not self.quoted[index]:
                    self._add(index)
                index += 1
            elif step < 0:
                return self.new, total
            else:
                index += step
        return self.new, total

    def _history(self, index: int) -> int | None:
        """Handle an introduction of history at this line: lines to skip, -1 when all the rest is history, None for none."""
        keys = self.keys
        if self.lines[index].boundary and self.spoken and self._looks_like_header(index):
            return self._cut(index, index)
        if self.quoted[index] and not keys[index].startswith(">"):
            return None
        length = 1 if quote_headers.is_divider(keys[index]) else quote_headers.block_length(keys, index)
        if length:
            return self._cut(index, index + length)
        if quote_headers.runs_on(keys[index]):
            return self._cut(index, index + 1)
        if not keys[index].endswith((":", "-", ">")):
            return None
        found = quote_headers.attribution(keys, index, quote_follows=self._quote_follows(index + 1))
        return None if found is None else self._introduced(index, *found)

    def _introduced(self, index: int, start: int, column: int) -> int:
        """Handle "… a écrit :", which begins in line `start` at `column` and ends with line `index`."""
        while self.new and self.new[-1] >= start:
            self.spoken -= _says(self.keys[self.new.pop()])
        if column:
            # The words before it on its line are said now; what a program glued to them is not.
            self.keys[start] = self.lines[start].text = self.keys[start][:column].rstrip(" -")
            self._add(start)
            start += 1
        return self._cut(start, index + 1, here=index)

    def _add(self, index: int) -> None:
        """Take a line as new."""
        self.new.append(index)
        self.spoken += _says(self.keys[index])

    def _cut(self, start: int, after: int, *, here: int | None = None) -> int:
        """Decide how far the history reaches that was introduced from `start` up to `after`."""
        position = start if here is None else here
        if self._quote_follows(after):
            return max(1, after - position)
        if self.spoken and not self.forwarded and not self._announced():
            # The line drawn above it belongs to it.
            while self.new and not _says(self.keys[self.new[-1]]):
                self.new.pop()
            return -1
        # Nothing was said before it, or only what leads up to it: a mail passed on or shown, or an answer below; it stays.
        for index in range(start, after):
            self._add(index)
        return max(1, after - position)

    def _announced(self) -> bool:
        """Tell whether a sentence led up to this: "Voici le mail reçu :"."""
        last = next((self.keys[index] for index in reversed(self.new[-8:]) if self.keys[index]), "")
        return last.endswith(":")

    def _looks_like_header(self, index: int) -> bool:
        """Tell whether a few of the next lines are labels: Outlook's boundary in a language that we do not know."""
        window = [key for key in self.keys[index : index + 8] if key]
        return sum(":" in key[:30] for key in window) >= 3

    def _quote_follows(self, index: int) -> bool:
        """Tell whether the next line with text is a quoted one."""
        for at in range(index, min(len(self.keys), index + 8)):
            if self.keys[at]:
                return self.quoted[at]
        return False

    def _quoted_lines(self) -> list[bool]:
        """Tell for each line whether it is marked as quoted, by its program or by ">"."""
        keys = self.keys
        quoted = [
            line.quote == "yes" or (key.startswith(">") and not key.endswith("<"))
            for line, key in zip(self.lines, keys, strict=True)
        ]
        for index in range(1, len(keys) - 1):
            # A link that was broken over lines inside a quotation left a fragment without its ">".
            if keys[index] and not quoted[index] and quoted[index - 1] and keys[index - 1].startswith(">"):
                quoted[index] = quoted[index + 1] and _is_fragment(keys[index])
        return quoted


def _says(key: str) -> bool:
    """Tell whether a line is more than blank or drawn."""
    return bool(key) and not quote_headers.is_rule(key)


def _is_fragment(key: str) -> bool:
    """Tell whether a line is a piece of a link and no answer."""
    if key.startswith(("(http", "<http", "http")):
        return True
    return " " not in key and any(sign in key for sign in "=/_") and key.endswith((")", ">"))


def _points_below(keys: Sequence[str], own: Sequence[int]) -> bool:
    """Tell whether what was said only points at what stands below, or says that the answers are inside it."""
    words = " ".join(keys[index] for index in own[:60] if keys[index])[:2000].casefold()
    if not words:
        return False
    if any(_holds(words, phrase) for phrase in INSIDE):
        return True
    spoken = [word for word in words.replace(",", " ").split() if word not in _GREETINGS]
    if " ".join(spoken).strip(" .:!-") in SEE_BELOW:
        return True
    return len(spoken) <= _SHORT_COMMENT and any(pointer in words for pointer in POINTERS)


def _holds(words: str, phrase: str) -> bool:
    """Tell whether a phrase stands in a text as whole words: "in red", but not "in redelijkheid"."""
    at = words.find(phrase)
    while at >= 0:
        end = at + len(phrase)
        if not words[max(0, at - 1) : at].isalnum() and not words[end : end + 1].isalnum():
            return True
        at = words.find(phrase, at + 1)
    return False


def _without_signatures(
    texts: Sequence[str], keys: Sequence[str], own: Sequence[int], marked: frozenset[int], *, typed: bool
) -> tuple[list[int], list[int]]:
    """Take the signature off the first and off the last stretch of new text, wherever somebody may have signed."""
    stretches: list[list[int]] = []
    for index in own:
        if stretches and stretches[-1][-1] == index - 1:
            stretches[-1].append(index)
        else:
            stretches.append([index])
    with_text = [at for at, stretch in enumerate(stretches) if any(keys[index] for index in stretch)]
    signing = {with_text[0], with_text[-1]} if with_text else set()
    kept: list[int] = []
    signed: list[int] = []
    for at, stretch in enumerate(stretches):
        unmarked = [index for index in stretch if index not in marked]
        # Some people type into the place of their signature: if nothing else is there, that is the text.
        signed_here = [index for index in stretch if index in marked]
        if signed_here and not any(keys[index] for index in unmarked) and len(with_text) == 1:
            unmarked, signed_here = stretch, []
        if at in signing:
            chosen = [texts[index] for index in unmarked]
            rest, off = signature.cut(
                chosen, [keys[index] for index in unmarked], thanks_close=typed, may_be_all=at > with_text[0]
            )
            signed_here = sorted([*signed_here, *(unmarked[place] for place in off)])
            unmarked = [unmarked[place] for place in rest]
        kept.extend(unmarked)
        signed.extend(signed_here)
    return kept, signed


def _joined(texts: Sequence[str], keys: Sequence[str], indexes: Sequence[int]) -> str:
    """Join lines; where lines are left out between two of them, one blank line stands."""
    out: list[str] = []
    previous = -1
    for index in indexes:
        gap = previous >= 0 and index != previous + 1
        previous = index
        if (gap or not keys[index]) and out and out[-1]:
            out.append("")
        if keys[index]:
            out.append(texts[index].rstrip())
    return "\n".join(out).strip("\n ")
