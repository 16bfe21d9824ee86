"""Every cell of proof × sender × authentication (security M7, M9)."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from channels.message import Authentication
from router.joining import PROOFS, Joining, Proof, ProofKind, join, strongest

AUTHENTICATIONS = get_args(Authentication)

# proof, sender known, authentication -> action, badge
TABLE = {
    **{
        (kind, True, result): ("join", result != "pass")
        for kind in ("reply_tag", "own_message_id")
        for result in AUTHENTICATIONS
    },
    **{
        (kind, False, result): ("hold", False)
        for kind in ("reply_tag", "own_message_id", "quoted_reference", "thread")
        for result in AUTHENTICATIONS
    },
    **{
        (kind, True, result): ("join" if result == "pass" else "hold", False)
        for kind in ("quoted_reference", "thread")
        for result in AUTHENTICATIONS
    },
    **{("conversation", known, result): ("join", False) for known in (True, False) for result in AUTHENTICATIONS},
}


@pytest.mark.parametrize(("kind", "known", "authentication"), list(product(PROOFS, (True, False), AUTHENTICATIONS)))
def test_each_cell(kind, known, authentication):
    found = join([Proof(kind, "case-1")], known, authentication)
    action, badge = TABLE[kind, known, authentication]
    assert (found.action, found.badge, found.case_id) == (action, badge, "case-1")
    assert found.why


def test_the_table_has_a_row_for_each_kind_of_proof():
    assert set(PROOFS) == set(get_args(ProofKind))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("authentication", AUTHENTICATIONS)
def test_without_a_proof_it_is_a_new_case(known, authentication):
    assert join([], known, authentication) == Joining("new", "", "nothing in it names a case")


@pytest.mark.parametrize(("strong", "weak"), [(a, b) for n, a in enumerate(PROOFS) for b in PROOFS[n + 1 :]])
def test_the_stronger_proof_names_the_case_wherever_it_stands(strong, weak):
    for proofs in ([Proof(strong, "yes"), Proof(weak, "no")], [Proof(weak, "no"), Proof(strong, "yes")]):
        assert strongest(proofs) == Proof(strong, "yes")


def test_a_weak_proof_does_not_join_beside_a_strong_one_that_is_held():
    proofs = [Proof("quoted_reference", "mine"), Proof("reply_tag", "not mine")]
    assert join(proofs, sender_known=False, authentication="pass").action == "hold"


def test_of_two_references_the_first_counts():
    assert strongest([Proof("quoted_reference", "a"), Proof("quoted_reference", "b")]) == Proof("quoted_reference", "a")
