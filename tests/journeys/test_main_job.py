"""The main job through the API, on both database engines: the story of README's tour holds from end to end."""

from __future__ import annotations

from tests.support.played import Played


def test_the_main_job_holds_from_first_concern_to_closed_log(played: Played) -> None:
    if played.broken is not None:
        raise played.broken
    assert {what[0] for what, _ in played.steps} == set("1234567"), "every step of the job was played"
    print(f"CO-10: refused {played.job.refused_after:.2f} s after the withdrawal")
    slowest = max(played.steps, key=lambda step: step[1])
    print(
        f"whole job {sum(seconds for _, seconds in played.steps):.1f} s; slowest {slowest[1]:.1f} s: {slowest[0]}"
    )
