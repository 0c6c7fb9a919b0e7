"""CO-8: whatever the decision answers, it says why in a sentence: in English in the kernel, in bokmål on the pages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gateway.translations import translator
from services.kernel.facts import CONSENT_NOT_KNOWN, Decision
from services.kernel.parties import Party
from services.kernel.sentences import SENTENCES, UNKNOWN
from tests.rules.kernel_world import LEVEL_1, MOTHER, PSYCHOLOGIST, TEACHER, Act, ask, facts, shared

KERNEL = Path(__file__).parents[2] / "services" / "kernel"
SAYS_WHY = {"Decision": 2, "Refused": 1, "NoStanding": 1, "_denied": 1, "_absent": 1, "_readable": 1}
"""What the kernel builds its answers of -> the place of the reason code among the arguments."""


def _written_codes() -> set[str]:
    """Every reason code that stands as a literal in the kernel's source, those of the lane among them."""
    found: set[str] = set()
    for path in KERNEL.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            place = SAYS_WHY.get(node.func.id)
            if place is None:
                continue
            named = [word.value for word in node.keywords if word.arg in ("reason", "reason_code")]
            for given in [*node.args[place : place + 1], *named]:
                if isinstance(given, ast.Constant):
                    found.add(str(given.value))
    found.add("not_for_this_role")  # given where no line of the table fits
    found.add(CONSENT_NOT_KNOWN)  # which the kernel calls by a name
    return found


CODES = sorted(_written_codes() | {f"allowed_as_{party}" for party in Party})


def test_CO_8_the_kernels_codes_are_found() -> None:
    assert {"topic_not_consented", "no_tie_to_case", "other_municipality", "allowed_as_child"} <= set(CODES)
    assert len(CODES) > 40


@pytest.mark.parametrize("code", CODES)
def test_CO_8_every_answer_has_a_sentence_in_both_languages(code: str) -> None:
    sentence = Decision(False, "CO-8", code, sees_thing=False).sentence
    assert sentence != UNKNOWN and sentence.endswith(".") and len(sentence) > 20
    words = translator("nb")
    assert words.has(f"decisions.{code}"), f"gateway/translations/nb/decisions.yaml lacks {code}"
    assert words(f"decisions.{code}").endswith(".")


def test_CO_8_no_sentence_is_left_behind() -> None:
    assert sorted(SENTENCES) == CODES
    told = {key for key in translator("nb").texts if key.startswith("decisions.")}
    assert told == {f"decisions.{code}" for code in [*CODES, "unknown"]}


def test_CO_8_a_decision_says_why_whether_it_allows_or_not() -> None:
    may = ask(shared(), PSYCHOLOGIST, Act.READ_PLAN, "learning")
    may_not = ask(shared(), PSYCHOLOGIST, Act.READ_PLAN, "health")
    assert (may.allowed, may.rule) == (True, "CO-1")
    assert "takes part" in may.sentence and "consent opens" in may.sentence
    assert (may_not.allowed, may_not.rule) == (False, "CO-1")
    assert "No consent in force opens this topic" in may_not.sentence
    assert ask(facts(LEVEL_1), TEACHER, Act.REOPEN).sentence == "Only a closed case is reopened."
    assert "parental responsibility" in ask(facts(LEVEL_1), MOTHER, Act.READ_PLAN, "home").sentence
