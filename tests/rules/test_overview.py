"""How much of what a case went through is told to whom (GU-2, GU-4)."""

from __future__ import annotations

from services.kernel.facts import Act, CareOrderFact, GuardiansSee, PersonWindowFact
from services.kernel.overview import reads_history
from tests.rules.kernel_world import (
    HEAD,
    HEALTH,
    LAST_WEEK,
    MOTHER,
    PSYCHOLOGIST,
    STEPFATHER,
    TEACHER,
    facts,
    question,
    shared,
)


def test_GU_2_whom_a_consent_names_has_the_overview_and_not_the_history() -> None:
    """GU-2: what it names is a topic, not which forms were filled in, or who else takes part."""
    world = shared(person_windows=(PersonWindowFact(STEPFATHER, "learning", LAST_WEEK),))
    assert not reads_history(question(STEPFATHER, Act.SEE_CASE), world)
    for reader in (MOTHER, TEACHER, HEAD, PSYCHOLOGIST):
        assert reads_history(question(reader, Act.SEE_CASE), world), reader


def test_GU_4_a_guardian_under_a_care_order_has_the_overview_and_not_the_history() -> None:
    """GU-4: what child protection lets them see is the overview, or topics besides."""
    for see in (GuardiansSee.OVERVIEW, GuardiansSee.TOPICS):
        order = CareOrderFact(HEALTH, "nurse", LAST_WEEK, guardians_see=see, topics=frozenset({"home"}))
        assert not reads_history(question(MOTHER, Act.SEE_CASE), facts(care_orders=(order,)))
