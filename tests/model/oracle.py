"""Who may read what: written from the rulebook alone, knowing nothing of the product."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.model.chronicle import CareOrder, Chronicle, Item, Line, Report, Request

YOUTH, ALONE_ON_HEALTH, ADULT = 15, 16, 18


def readable(case: Chronicle, who: str, now: datetime, fresh: bool = True) -> frozenset[str]:
    items = {item.id for item in case.items if may_read(case, who, item, now, fresh)}
    return frozenset(items | {each.id for each in case.reports if may_read_report(case, who, each, now)})


def may_read(case: Chronicle, who: str, item: Item, now: datetime, fresh: bool) -> bool:
    at_work = who in case.posts and works(case, who, now)  # CO-10
    if at_work and in_own_unit(case, who, item, now):
        return True
    if item.tells_of not in (None, who) and item.id not in case.agreed:  # GU-6
        return False
    told = case.talked or item.kind == "log"  # LV-17
    if who == "child":
        return told and age(case, now) >= 12  # AG-1, LG-7
    limited = item.topic == "health" and age(case, now) >= ALONE_ON_HEALTH
    needed = not limited or item.id in case.needed  # AG-6
    parental = told and age(case, now) < ADULT and needed and not item.apart  # AG-5, LG-5
    if who not in case.posts:
        guards = parental and is_guardian(case, who) and lets(case, item, now)
        return guards or (not item.apart and shared(case, who, item, now, fresh))  # GU-2, AG-5
    in_place = (parental and answers_for(case, who, now)) or in_emergency(case, who, item, now)
    return at_work and (in_place or in_other_unit(case, who, item, now, fresh))


def may_read_report(case: Chronicle, who: str, report: Report, now: datetime) -> bool:
    if who in case.posts:
        named = local(now) < report.readers.get(who, date.min)  # PR-5
        return works(case, who, now) and (named or case.posts[who][1] == "child_protection")
    parental = is_guardian(case, who) and age(case, now) < ADULT and not care_order(case, now)  # AG-5, GU-4
    return parental and report.with_guardians  # PR-2


def in_own_unit(case: Chronicle, who: str, item: Item, now: datetime) -> bool:
    in_charge, note = leads(case, who) or who == holder(case, now), item.kind == "note"
    involved = in_charge if not note else in_charge and case.talked  # LV-17
    takes_part = who in case.takes_part and not note
    return case.posts[who][0] == case.unit and (who == case.owner or involved or takes_part)  # LG-1, SE-3


def in_other_unit(case: Chronicle, who: str, item: Item, now: datetime, fresh: bool) -> bool:
    unit, involved = case.posts[who][0], case.takes_part | {holder(case, now)}
    led = leads(case, who) and unit in {case.posts[each][0] for each in case.takes_part}
    return (who in involved or led) and shared(case, unit, item, now, fresh)  # SE-3, HO-4


def in_emergency(case: Chronicle, who: str, item: Item, now: datetime) -> bool:
    begun = {each.at for each in case.emergencies if each.who == who and each.at <= now}
    shut = is_protected(case) or item.apart or item.kind == "note"  # PR-6, LG-5
    return not shut and any(now < at + timedelta(hours=1) for at in begun)  # SE-3


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
    signers = who_sign(case, line[1], age(case, now), now)
    if signers and signers <= yes:  # GU-1
        return True
    own = {word.answer for word in request.words if (word.who, word.line) == ("child", line)}
    before = who_sign(case, line[1], age(case, item.at), now)  # AG-4
    held = before <= yes and all(age(case, agreed_at(request, line, who)) < YOUTH for who in before)
    return bool(before) and held and own <= {"talk_first"} and "child" not in before


def agreed_at(request: Request, line: Line, who: str) -> datetime:
    words = [word for word in request.words if (word.who, word.line) == (who, line)]
    return words[max((n + 1 for n, word in enumerate(words) if word.answer != "yes"), default=0)].at


def who_sign(case: Chronicle, topic: str, years: int, now: datetime) -> set[str]:
    claim = {who for who, (responsible, _) in case.ties.items() if responsible}
    adults = claim if all(case.ties[who][1] for who in claim) else set()  # GU-3
    if order := care_order(case, now):
        adults = {order.unit}  # GU-4
    if years >= (ALONE_ON_HEALTH if topic == "health" else YOUTH):  # AG-2
        return {"child"}
    return adults | {"child"} if years >= YOUTH and adults else adults  # AG-3


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


def is_guardian(case: Chronicle, who: str) -> bool:
    return case.ties.get(who) == (True, True)  # GU-2, GU-3


def leads(case: Chronicle, who: str) -> bool:
    return case.posts[who][1] == "leader" and not is_protected(case)  # PR-6


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
