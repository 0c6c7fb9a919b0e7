"""Who may read what, in sixty lines: written from the rulebook alone, knowing nothing of the product."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from tests.model.chronicle import Chronicle, Item, Line, Request

YOUTH, YOUTH_ALONE_ON_HEALTH, ADULT = 15, 16, 18


def readable(case: Chronicle, who: str, now: datetime) -> frozenset[str]:
    return frozenset(item.id for item in case.items if may_read(case, who, item, now))


def may_read(case: Chronicle, who: str, item: Item, now: datetime) -> bool:
    told = case.talked or item.kind == "log" or (item.kind == "case" and who in case.posts)  # LV-17
    if who == "child":
        return told and age(case, now) >= 12  # AG-1, LG-7
    if who not in case.posts:
        limited = item.topic == "health" and age(case, now) >= YOUTH_ALONE_ON_HEALTH  # AG-6
        guards = case.ties.get(who) == (True, True) and age(case, now) < ADULT  # GU-2, GU-3, AG-5
        return guards and told and not item.apart and not limited  # LG-5
    return works(case, who, now) and may_read_at_work(case, who, item, now, told)  # CO-10


def may_read_at_work(case: Chronicle, who: str, item: Item, now: datetime, told: bool) -> bool:
    unit, role = case.posts[who]
    leads = role == "leader" and case.grade not in ("confidential", "strictly_confidential")  # PR-6
    holds, takes_part = who == holder(case, now), who in case.takes_part
    if unit == case.unit:  # LG-1
        return who == case.owner or (told and (leads or holds)) or (item.kind != "note" and takes_part)
    led = leads and any(case.posts[each][0] == unit for each in case.takes_part)
    here = (holds or takes_part or led) and item.kind != "note"  # SE-3, HO-4
    named = {line for each in case.requests for line in each.lines if line[0] == unit}
    lines = {line for line in named if item.kind == "case" or line[1] == item.topic}
    return here and any(opens(case, each, line, item, now) for each in case.requests for line in lines)


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
    if age(case, now) >= (YOUTH_ALONE_ON_HEALTH if topic == "health" else YOUTH):  # AG-2
        return {"child"}, adults
    youth = {"child"} if age(case, now) >= YOUTH and adults else set()  # AG-3
    return adults | youth, adults


def holder(case: Chronicle, now: datetime) -> str | None:
    if case.holder and works(case, case.holder, now):
        return case.holder
    head = next(who for who, post in case.posts.items() if post == (case.unit, "leader"))  # HO-6
    return head if case.level >= 1 and not case.closed else None


def works(case: Chronicle, who: str, now: datetime) -> bool:
    return local(now) < case.left.get(who, date.max)


def age(case: Chronicle, now: datetime) -> int:
    day = local(now)  # AG-7, AG-8
    return day.year - case.born.year - ((day.month, day.day) < (case.born.month, case.born.day))


def local(now: datetime) -> date:
    return now.astimezone(ZoneInfo("Europe/Oslo")).date()
