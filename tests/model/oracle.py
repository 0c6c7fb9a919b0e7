"""Who may read what, in eighty-five lines: written from the rulebook alone, knowing nothing of the product."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.model.chronicle import CareOrder, Chronicle, Item, Line, Request

YOUTH, YOUTH_ALONE_ON_HEALTH, ADULT = 15, 16, 18


def readable(case: Chronicle, who: str, now: datetime, fresh: bool = True) -> frozenset[str]:
    return frozenset(item.id for item in case.items if may_read(case, who, item, now, fresh))


def may_read(case: Chronicle, who: str, item: Item, now: datetime, fresh: bool) -> bool:
    told = case.talked or item.kind == "log"  # LV-17
    if who == "child":
        return told and age(case, now) >= 12  # AG-1, LG-7
    limited = item.topic == "health" and age(case, now) >= YOUTH_ALONE_ON_HEALTH  # AG-6
    parental = told and age(case, now) < ADULT and not item.apart and not limited  # AG-5, LG-5
    if who not in case.posts:
        guards = parental and case.ties.get(who) == (True, True) and lets(case, item, now)  # GU-2, GU-3
        return guards or (not item.apart and shared(case, who, item, now, fresh))  # GU-2, AG-5
    in_place = (parental and answers_for(case, who, now)) or in_emergency(case, who, item, now)
    return works(case, who, now) and (in_place or may_read_at_work(case, who, item, now, fresh))  # CO-10


def may_read_at_work(case: Chronicle, who: str, item: Item, now: datetime, fresh: bool) -> bool:
    (unit, role), note = case.posts[who], item.kind == "note"
    leads = role == "leader" and not is_protected(case)  # PR-6
    holds, takes_part = who == holder(case, now), who in case.takes_part
    if unit == case.unit:  # LG-1, LV-17
        in_charge = (leads or holds) and (case.talked or not note)
        return who == case.owner or in_charge or (takes_part and not note)
    led = leads and any(case.posts[each][0] == unit for each in case.takes_part)
    return (holds or takes_part or led) and shared(case, unit, item, now, fresh)  # SE-3, HO-4


def in_emergency(case: Chronicle, who: str, item: Item, now: datetime) -> bool:
    hours = ((each.at, each.at + timedelta(hours=1)) for each in case.emergencies if each.who == who)
    closed = is_protected(case) or item.apart or item.kind == "note"  # PR-6
    return not closed and any(begins <= now < ends for begins, ends in hours)  # SE-3


def shared(case: Chronicle, receiver: str, item: Item, now: datetime, fresh: bool) -> bool:
    if not fresh or case.level == 0 or item.kind == "note":  # CO-9, LG-1
        return False
    named = {line for each in case.requests for line in each.lines if line[0] == receiver}
    lines = {line for line in named if item.kind == "case" or line[1] == item.topic}
    return any(opens(case, each, line, item, now) for each in case.requests for line in lines)


def opens(case: Chronicle, request: Request, line: Line, item: Item, now: datetime) -> bool:
    if line not in request.lines or not request.starts <= now < request.ends:  # CO-1, CO-2, CO-5
        return False
    said = {word.who: word.answer for word in request.words if word.line == line}
    yes = {who for who, answer in said.items() if answer == "yes"}  # CO-3: the latest word counts
    signers, adults = who_sign(case, line[1], now)
    if signers and signers <= yes:  # GU-1
        return True
    own = {word.answer for word in request.words if (word.who, word.line) == ("child", line)}
    before_say = own <= {"talk_first"} and age(case, now) >= YOUTH > age(case, item.at)  # AG-4
    agreed = adults <= yes and all(age(case, agreed_at(request, line, who)) < YOUTH for who in adults)
    return before_say and agreed and bool(adults)


def agreed_at(request: Request, line: Line, who: str) -> datetime:
    words = [word for word in request.words if (word.who, word.line) == (who, line)]
    return words[max((n + 1 for n, word in enumerate(words) if word.answer != "yes"), default=0)].at


def who_sign(case: Chronicle, topic: str, now: datetime) -> tuple[set[str], set[str]]:
    claim = {who for who, (responsible, _) in case.ties.items() if responsible}
    adults = claim if all(case.ties[who][1] for who in claim) else set()  # GU-3
    if order := care_order(case, now):
        adults = {order.unit}  # GU-4
    if age(case, now) >= (YOUTH_ALONE_ON_HEALTH if topic == "health" else YOUTH):  # AG-2
        return {"child"}, adults
    youth = {"child"} if age(case, now) >= YOUTH and adults else set()  # AG-3
    return adults | youth, adults


def care_order(case: Chronicle, now: datetime) -> CareOrder | None:
    return next((each for each in case.orders if each.starts <= local(now) < each.ends), None)


def answers_for(case: Chronicle, who: str, now: datetime) -> bool:
    order = care_order(case, now)
    if order is None or case.posts[who] != (order.unit, "child_protection"):  # GU-4
        return False
    return order.set_by == who or not is_protected(case)  # PR-6


def lets(case: Chronicle, item: Item, now: datetime) -> bool:
    order = care_order(case, now)
    return order is None or (item.kind != "note" and item.topic in order.guardians_see)  # GU-4


def holder(case: Chronicle, now: datetime) -> str | None:
    if case.holder and works(case, case.holder, now):
        return case.holder
    head = next(who for who, post in case.posts.items() if post == (case.unit, "leader"))  # HO-6
    return head if case.level >= 1 and not case.closed else None


def is_protected(case: Chronicle) -> bool:
    return case.grade in ("confidential", "strictly_confidential")


def works(case: Chronicle, who: str, now: datetime) -> bool:
    return local(now) < case.left.get(who, date.max)


def age(case: Chronicle, now: datetime) -> int:
    day = local(now)  # AG-7, AG-8
    return day.year - case.born.year - ((day.month, day.day) < (case.born.month, case.born.day))


def local(now: datetime) -> date:
    return now.astimezone(ZoneInfo("Europe/Oslo")).date()
