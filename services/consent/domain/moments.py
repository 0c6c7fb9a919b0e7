"""When a case must be weighed anew without anybody's act, and what is told ahead of time (AG-4, AG-8, CO-2).

Everything here turns at Norwegian midnight: birthdays, ties, policies, the days before an end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from services.consent.domain.request import Line, Request, State
from services.kernel.calendar import birthday, birthday_instant, local_date, midnight
from services.kernel.facts import Facts, Spanning
from services.kernel.policies import ADULT_AGE

INSTANT = timedelta(microseconds=1)


def next_moment(
    requests: Iterable[Request], facts: Facts, policy_days: Iterable[date], now: datetime
) -> datetime | None:
    """The first instant after `now` at which something of the case could be another than it is now; None when there is
    none before somebody acts. AG-8: a day's changes come at Norwegian midnight."""
    running = [each for each in requests if not each.over(now)]
    if not running:
        return None
    found: list[datetime] = [midnight(day) for day in policy_days]
    for request in running:
        found += [request.valid_from, request.end, midnight(renew_from(request, facts))]
    ties: list[Spanning] = [*facts.guardians, *facts.care_orders]
    for tie in ties:
        found += [tie.valid_from, *([tie.valid_to] if tie.valid_to else [])]
    born = facts.subject_birth_date
    if born is not None:
        for topic in facts.policy.topics:
            found += [
                birthday_instant(born, topic.youth_signs_from),
                birthday_instant(born, topic.youth_alone_from),
                midnight(_notice_day(born, topic.youth_signs_from, facts)),
            ]
        found.append(birthday_instant(born, ADULT_AGE))
    return min((each for each in found if each > now), default=None)


def last_day(request: Request) -> date:
    """The last day on which the consent holds."""
    return local_date(request.end - INSTANT)


def renew_from(request: Request, facts: Facts) -> date:
    """CO-2: the day from which it is time to ask again, the policy's days before the last one."""
    return last_day(request) - timedelta(days=facts.policy.consent_renewal_days)


def due_for_renewal(requests: Iterable[Request], facts: Facts, now: datetime) -> list[Request]:
    """CO-2: the requests that are in force, even in part, and end soon; not those of a closed case, nor what a later
    request already stands in for or asks about."""
    known, today = list(requests), local_date(now)
    return [
        each
        for each in known
        if each.ended_at is None
        and not each.over(now)
        and renew_from(each, facts) <= today
        and _in_force(each, facts, now)
        and not any(_replaces(other, each, _in_force(each, facts, now), facts, now) for other in known)
    ]


def run_out(requests: Iterable[Request], facts: Facts, now: datetime) -> list[Request]:
    """CO-2: the requests whose time has run out, and which nothing later stands in for: they can be asked again."""
    known = list(requests)
    return [
        each
        for each in known
        if each.ended_at is None
        and each.over(now)
        and not any(_replaces(other, each, set(each.lines), facts, now) for other in known)
    ]


def _in_force(request: Request, facts: Facts, now: datetime) -> set[Line]:
    return {line for line in request.lines if request.state(line, facts, now) is State.ACTIVE}


def _replaces(later: Request, request: Request, lines: set[Line], facts: Facts, now: datetime) -> bool:
    """Whether a later request names these lines of this one, lasts longer, and was not answered with a no."""
    if later is request or later.end <= request.end or later.requested_at < request.requested_at:
        return False
    alive = {
        line
        for line in later.lines
        if later.state(line, facts, now) in (State.ACTIVE, State.PENDING, State.LAPSED)
    }
    return lines <= alive


def say_coming(requests: Iterable[Request], facts: Facts, now: datetime) -> dict[date, list[str]]:
    """AG-4: the birthdays ahead, within the policy's notice, that give the youth the say on topics of running requests:
    day -> topics."""
    born, today = facts.subject_birth_date, local_date(now)
    if born is None:
        return {}
    asked = {line.topic for each in requests if not each.over(now) for line in each.lines}
    coming: dict[date, list[str]] = {}
    for topic in facts.policy.topics:
        if topic.code not in asked:
            continue
        day = birthday(born, topic.youth_signs_from)
        if _notice_day(born, topic.youth_signs_from, facts) <= today < day:
            coming.setdefault(day, []).append(topic.code)
    return coming


def _notice_day(born: date, age: int, facts: Facts) -> date:
    return birthday(born, age) - timedelta(days=facts.policy.say_notice_days)
