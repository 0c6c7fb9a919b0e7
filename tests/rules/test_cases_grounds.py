"""On which ground a report to child protection rests (CO-11)."""

from __future__ import annotations

import pytest

from services.cases.lane.domain import ground_of
from services.kernel.errors import InvalidInput
from services.kernel.lane import ReportKind
from services.kernel.legal_basis import LANE_GROUNDS, Basis

PROTECTED, TOGETHER = ReportKind.PROTECTED, ReportKind.WITH_GUARDIANS


@pytest.mark.parametrize(
    ("kind", "suspicion", "ground"),
    [
        (PROTECTED, "violence", Basis.DUTY_TO_REPORT),
        (PROTECTED, "other", Basis.DUTY_TO_REPORT),
        (TOGETHER, "neglect", Basis.DUTY_TO_REPORT),
        (TOGETHER, "other", Basis.GUARDIANS_KNOW),
    ],
)
def test_CO_11_kind_and_suspicion_suggest_the_ground(kind: ReportKind, suspicion: str, ground: Basis) -> None:
    assert ground_of(None, kind, suspicion) is ground


def test_CO_11_whoever_reports_may_know_better() -> None:
    assert ground_of("duty_to_avert", PROTECTED, "violence") is Basis.DUTY_TO_AVERT
    assert ground_of("duty_to_report", TOGETHER, "other") is Basis.DUTY_TO_REPORT


def test_CO_11_no_report_behind_the_guardians_back_rests_on_what_they_know() -> None:
    with pytest.raises(InvalidInput) as refused:
        ground_of("guardians_know", PROTECTED, "other")
    assert refused.value.fields == {"ground": "guardians_not_with_it"}


def test_CO_11_no_report_rests_on_a_consent() -> None:
    assert Basis.CONSENT not in LANE_GROUNDS
    with pytest.raises(InvalidInput):
        ground_of("consent", TOGETHER, "other")
