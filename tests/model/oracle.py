"""Who may read what: the rules alone, written from the rulebook and knowing nothing of the product. What is plain fact
at a moment, such as an age, a post or an order in force, stands in chronicle.py."""

from datetime import date, timedelta

from tests.model.chronicle import Item, Line, Moment, Report, Request

HEARD, YOUTH, ALONE_ON_HEALTH, ADULT, HOUR = 12, 15, 16, 18, timedelta(hours=1)


def readable(at: Moment, who: str) -> frozenset[str]:
    items = {item.id for item in at.case.items if may_read(at, who, item)}
    return frozenset(items | {each.id for each in at.case.reports if may_read_report(at, who, each)})


def may_read(at: Moment, who: str, item: Item) -> bool:
    if at.works_inside(who) and in_own_unit(at, who, item):
        return True
    if {item.id, *item.holds} & at.untold(who):  # GU-6
        return False
    told = at.case.talked or item.kind == "log"  # LV-17
    heard = who == "child" and at.age >= HEARD  # AG-1, LG-7
    if told and (heard or as_guardian(at, who, item)):
        return True
    if at.works(who):  # CO-10, SE-3
        return in_other_unit(at, who, item) or in_emergency(at, who, item)
    return not item.apart and shared(at, who, item)  # GU-2, AG-5, LG-5


def may_read_report(at: Moment, who: str, report: Report) -> bool:
    if not at.employed(who):  # PR-2, AG-5, GU-4
        return report.with_guardians and who in at.guardians and at.age < ADULT and not at.order
    told = at.post(who)[1] == "child_protection" or at.today < report.named.get(who, date.min)
    return who == report.by or (told and at.works(who))  # PR-5, SE-3


def in_own_unit(at: Moment, who: str, item: Item) -> bool:
    """The plan is the unit's own: its owner's, holder's, leader's, and theirs whom the holder brings in."""
    in_charge = who == at.holder or at.leads(who)
    if item.kind == "note":  # LV-17
        return who == at.case.owner or (in_charge and at.case.talked)
    return who == at.case.owner or in_charge or who in at.case.takes_part  # LG-1, SE-3


def in_other_unit(at: Moment, who: str, item: Item) -> bool:
    """Consent opens it to those of a service who hold the relay or take part, and to their leader."""
    unit, involved = at.post(who)[0], at.case.takes_part | {at.holder}  # SE-3, HO-4
    led = at.leads(who) and unit in {at.post(each)[0] for each in at.case.takes_part}  # LG-1
    return (who in involved or led) and shared(at, unit, item)


def in_emergency(at: Moment, who: str, item: Item) -> bool:
    shut = at.protected or item.apart or item.kind == "note"  # PR-6, LG-5
    mine = [each for each in at.case.emergencies if each.who == who and each.at <= at.now < each.ended]
    return at.office and not shut and any(at.now < each.at + HOUR for each in mine)  # CO-9, SE-3


def as_guardian(at: Moment, who: str, item: Item) -> bool:
    """Who has parental responsibility, or answers in the guardians' place."""
    needed = item.topic != "health" or at.age < ALONE_ON_HEALTH or item.first in at.case.needed  # AG-6
    if at.age >= ADULT or not needed or item.apart:  # AG-5, LG-5
        return False
    if not at.order:
        return who in at.guardians  # GU-2, GU-3
    let = who in at.guardians and item.kind != "note" and item.topic in at.order.guardians_see
    cares = at.office and at.works(who) and at.post(who) == (at.order.unit, "child_protection")
    return let or (cares and (who == at.order.set_by or not at.protected))  # GU-4, PR-6


def shared(at: Moment, receiver: str, item: Item) -> bool:
    if not at.fresh or at.case.level == 0 or item.kind == "note":  # CO-9, LG-1
        return False
    return any(opens(at, *asked, item) for asked in at.asked(receiver, item.topic))  # CO-1, CO-2, CO-5


def opens(at: Moment, request: Request, line: Line, item: Item) -> bool:
    yes, signers = request.agreed(line), who_sign(at, line.topic, at.age)
    if signers and signers <= set(yes):  # CO-3, GU-1
        return True
    before = who_sign(at, line.topic, at.age_on(item.at))
    early = {who for who, since in yes.items() if at.age_on(since) < YOUTH} - {"child"}
    return bool(before) and before <= early and "child" not in request.answered(line)  # AG-4


def who_sign(at: Moment, topic: str, years: int) -> set[str]:
    if years >= (ALONE_ON_HEALTH if topic == "health" else YOUTH):  # AG-2
        return {"child"}
    adults = set() if at.unverified else at.guardians  # GU-1, GU-3
    adults = {at.order.unit} if at.order else adults  # GU-4
    return adults | {"child"} if years >= YOUTH and adults else adults  # AG-3
