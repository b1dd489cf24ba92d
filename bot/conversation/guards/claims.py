"""The claim guard: a sentence that says something was done, in a turn that did nothing, does not leave.

A brain only proposes; receipts are rendered from committed rows elsewhere. So whatever a model writes about a deed
is untrue, however likely it sounds. A sentence about how an appointment stands may be true: it stays when what the
tools showed in this turn bears it out, word, day and hour.

The guard errs towards silence: a true sentence that is dropped costs a question, a false one costs an appointment.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from . import deeds
from .evidence import Facts


class Claim(StrEnum):
    """What a sentence claims: that something has been (or is being) done, or how something stands."""

    DONE = "done"
    STATE = "state"


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, formatting and invisible signs."""
    # "é" must not become "e": one ends a clause, the other does not.
    letters = unicodedata.normalize("NFKD", re.sub(r"\b[éÉ]\b", "eh", text)).casefold()
    kept = "".join(sign for sign in letters if unicodedata.category(sign) not in {"Mn", "Cf"})
    return " ".join(re.sub(r"[*_~`\"“”]", "", kept).split())


def claims(text: str) -> Claim | None:
    """Return the gravest claim that a text makes, or None; what the tools showed is not considered."""
    found = {claim for sentence in deeds.SENTENCES.split(text)[::2] if (claim := claim_of(fold(sentence)))}
    return Claim.DONE if Claim.DONE in found else Claim.STATE if found else None


def honest(text: str, seen: Sequence[Mapping[str, Any]] = (), today: date | None = None) -> tuple[str, Claim | None]:
    """Return `text` without the sentences that claim what `seen` does not bear out, and the gravest claim dropped.

    An empty text means that nothing worth saying was left.
    """
    pieces = deeds.SENTENCES.split(text)
    facts = Facts(seen, today)
    dropped: set[Claim] = set()
    kept: list[str] = []
    for at in range(0, len(pieces), 2):
        said = fold(pieces[at])
        claim = claim_of(said)
        if claim is Claim.DONE or (claim is Claim.STATE and not facts.bear_out(said)):
            dropped.add(claim)
            continue
        kept.append(pieces[at] + (pieces[at + 1] if at + 1 < len(pieces) else ""))
    if not dropped:
        return text, None
    gravest = Claim.DONE if Claim.DONE in dropped else Claim.STATE
    rest = "".join(kept).strip()
    useful = any(not deeds.COURTESY.match(words_only(fold(piece))) for piece in kept)
    return (rest if useful else ""), gravest


def words_only(folded: str) -> str:
    """Return a folded sentence without its signs."""
    return " ".join(re.sub(r"[^\w\s,'-]", " ", folded).split())


def claim_of(sentence: str) -> Claim | None:
    """Return what one folded sentence claims."""
    asked = "?" in sentence
    clauses = _joined([clause for clause in deeds.CLAUSES.split(sentence) if clause])
    if not clauses:
        return None
    offered = asked and bool(deeds.OFFERS.match(sentence))
    found = {
        claim
        for place, clause in enumerate(clauses)
        if (claim := _claim_of_clause(clause, sentence, asked=asked and place == len(clauses) - 1, offered=offered))
    }
    if not asked and _takes_for_granted(sentence):
        found.add(Claim.DONE)
    if not asked and _names_ones_own(sentence):
        found.add(Claim.STATE)
    return Claim.DONE if Claim.DONE in found else Claim.STATE if found else None


def _joined(clauses: list[str]) -> list[str]:
    """Put the parts of a date back together ("quinta, 26/11, às 15h") and a mere tag away from the question."""
    joined: list[str] = []
    for clause in clauses:
        if joined and deeds.DATE_PART.match(clause):
            joined[-1] += f" {clause}"
        else:
            joined.append(clause)
    return joined


def _claim_of_clause(clause: str, sentence: str, *, asked: bool, offered: bool) -> Claim | None:
    conditional = bool(deeds.WHEN_IT_IS.search(sentence))
    told = [deeds.DID] if asked else [deeds.DID, deeds.WE_DID]
    if not (asked or conditional or deeds.ASKS_FOR.search(sentence)):
        told.append(deeds.DOING)
    if any((deed := words.search(clause)) and not _excused(clause[: deed.start()]) for words in told):
        return Claim.DONE
    if offered or (asked and not deeds.TAG.match(clause)):
        return None
    for stands in (*deeds.STANDS.finditer(clause), *deeds.BECAME.finditer(clause)):
        before = clause[: stands.start()].rstrip()
        later = deeds.LATER.search(before) or (conditional and deeds.PRESENT.search(clause))
        if not later and not _excused(before):
            return Claim.STATE
    return None


def _excused(before: str) -> bool:
    """Whether what stands before the verb takes the claim away: a negation or a condition."""
    return bool(deeds.NO.search(before) or deeds.WHEN_IT_IS.search(before))


def _names_ones_own(sentence: str) -> bool:
    """Whether a time is called the person's own ("seu horário é quinta às 15h") without the word for booked."""
    own = deeds.OWN.search(sentence)
    if not own or deeds.NOT_ONES_OWN.search(sentence) or _excused(sentence):
        return False
    return bool(Facts.times_in(sentence[own.end() :]))


def _takes_for_granted(sentence: str) -> bool:
    """Whether a farewell or a bare "Pronto!" lets a person believe that a time is theirs."""
    timed = Facts.times_in(sentence)
    if deeds.FAREWELL.match(sentence):
        return bool(timed) and not re.search(
            r"\b(?:tenho|temos|ha|tem|livre|livres|vaga|vagas|das|disponive)", sentence
        )
    ready = deeds.READY.match(sentence)
    if not ready:
        return False
    rest = sentence[ready.end() :].strip(" !.,")
    return not re.search(r"\w", rest) or (
        bool(timed) and not re.search(r"\b(?:livre|vaga|dispon|horarios|opcoes)", rest)
    )
