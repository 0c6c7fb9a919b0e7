"""Who they are that the table in telling.py names: read from the event, and from the case as it was before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.kernel.calendar import age_at
from services.kernel.facts import Facts, ParticipantFact, WindowFact, in_force
from services.kernel.parties import acting_holder, of_family
from services.kernel.signers import care_order, is_responsible


@dataclass(frozen=True, slots=True)
class Scene:
    """What an event is seen against. `facts`: the case as it stood before the event; None where it is about no case.
    `child_protection`, `coordinators`: who works there, or is one, today. `leaders`: of the owning unit; with the
    coordinators, who act where the one in charge can't. `administrators`: who then names somebody where none of those
    may. `requested_by`: who asked for the consent that it is about."""

    now: datetime
    facts: Facts | None = None
    child_protection: frozenset[str] = frozenset()
    coordinators: frozenset[str] = frozenset()
    leaders: frozenset[str] = frozenset()
    administrators: frozenset[str] = frozenset()
    requested_by: str | None = None

    @property
    def case(self) -> Facts:
        """The facts; ValueError where there are none."""
        if self.facts is None:
            raise ValueError("this event is about no case")
        return self.facts


Data = Mapping[str, Any]
Who = Callable[[Data, Scene], Iterable[str | None]]


def family(data: Data, scene: Scene) -> Iterable[str]:
    """Those with verified parental responsibility, and the child once it may read its own log (GU-2, AG-1); under a
    care order also who set it, in the guardians' place (GU-4)."""
    facts, now = scene.case, scene.now
    order = care_order(facts, now)
    if order is not None:
        yield order.set_by
    yield from (each.person_id for each in facts.guardians if is_responsible(each, now))
    born = facts.subject_birth_date
    if born is not None and age_at(born, now) >= facts.policy.own_access_age:
        yield facts.case.subject_person


def owner(data: Data, scene: Scene) -> list[str]:
    """The employee whose concern it was; one of the child's family is told as such, and not of what is their work's
    (SE-3)."""
    return _at_work([scene.case.case.owner_person], scene)


def in_charge(data: Data, scene: Scene) -> Iterable[str]:
    """The relay holder, if they may act; where there is none, the owner. Where the holder may not, for having left or
    being of the child's family, who acts as holder (HO-6)."""
    holder = acting_holder(scene.case)
    if holder is not None:
        return [holder.person_id]
    left = scene.case.case.holder is not None
    return (left and stand_ins(scene)) or responsible(data, scene)


def responsible(data: Data, scene: Scene) -> Iterable[str]:
    """The owner; where that is one of the child's family, who acts in their place (LV-7, SE-3)."""
    return owner(data, scene) or stand_ins(scene)


def stand_ins(scene: Scene) -> list[str]:
    """HO-6: whose turn it is where the one in charge can't act: the leaders of the owning unit, else the coordinators;
    in each case those who are not of the child's family."""
    return _at_work(sorted(scene.leaders), scene) or _at_work(sorted(scene.coordinators), scene)


def administrators(data: Data, scene: Scene) -> list[str]:
    """HO-6, ADR 0055: who names a stand-in, where the case is open and nobody acts in it: the one in charge can't, and
    neither a leader nor a coordinator may."""
    case = scene.case.case
    somebody = acting_holder(scene.case) or (not case.holder and owner(data, scene)) or stand_ins(scene)
    return [] if case.closed or somebody else _at_work(sorted(scene.administrators), scene)


def in_charge_while_open(data: Data, scene: Scene) -> Iterable[str]:
    """As `in_charge`, of a case that is open: after closing nothing waits for anybody."""
    return [] if scene.case.case.closed else in_charge(data, scene)


def owner_of_what_others_hold(data: Data, scene: Scene) -> Iterable[str]:
    """The owner, when the holder is of another unit: what ends may end the holder's own access."""
    case = scene.case.case
    outside = case.holder is not None and case.holder.unit_id != case.owner_unit
    return owner(data, scene) if outside else []


def participants(data: Data, scene: Scene) -> Iterable[str]:
    """Those who take part now."""
    return _at_work((each.person_id for each in scene.case.participants if in_force(each, scene.now)), scene)


def newly_added(data: Data, scene: Scene) -> Iterable[str]:
    """Those who take part after the event and did not before."""
    before = {(each.person_id, each.unit_id) for each in scene.case.participants if in_force(each, scene.now)}
    after = [
        ParticipantFact(p["person_id"], p["unit_id"], p["service_id"], *_span(p))
        for p in data["participants"]
    ]
    new = [p for p in after if in_force(p, scene.now) and (p.person_id, p.unit_id) not in before]
    return _at_work((each.person_id for each in new), scene)


def newly_let_in(data: Data, scene: Scene) -> Iterable[str]:
    """The participants of services for which something stands open after the event, and nothing did before."""
    before = {each.service_id for each in scene.case.windows if in_force(each, scene.now)}
    after = [WindowFact(w["service_id"], w["topic"], *_span(w)) for w in data["windows"]]
    opened = {each.service_id for each in after if in_force(each, scene.now)} - before
    takes_part = (each for each in scene.case.participants if in_force(each, scene.now))
    return _at_work((each.person_id for each in takes_part if each.service_id in opened), scene)


def child_protection(data: Data, scene: Scene) -> Iterable[str]:
    """PR-5: child protection of the municipality, and nobody else; of them none of the child's own family."""
    return scene.child_protection - frozenset(data.get("not_to") or ())


def signing(field: str) -> Who:
    """Who is asked to sign; under a care order those who work in child protection, of whom the ones in the order's
    unit may then know of it (GU-4, NO-6)."""

    def who(data: Data, scene: Scene) -> Iterable[str]:
        order = care_order(scene.case, scene.now)
        for signer in data.get(field) or ():
            if order is not None and signer == order.unit_id:
                yield from sorted(_at_work(scene.child_protection, scene))
            else:
                yield signer

    return who


def coordinators(data: Data, scene: Scene) -> Iterable[str]:
    """SE-3: the municipality's coordinators, who oversee nothing of their own family."""
    return _at_work(sorted(scene.coordinators), scene)


def requester(data: Data, scene: Scene) -> Iterable[str]:
    """The employee who asked for the consent that the event is about. The subject, who asked themselves, knows (AG-5);
    for one of the family whoever is in charge is told (SE-3)."""
    return _at_work([scene.requested_by] if scene.requested_by else [], scene)


def requester_while_open(data: Data, scene: Scene) -> Iterable[str]:
    """As `requester`, of a case that is open."""
    return [] if scene.case.case.closed else requester(data, scene)


def whoever_took_over(data: Data, scene: Scene) -> Iterable[str | None]:
    """Whose act a change of holder is: who accepted the handover, or the owner, who alone appoints the first (LV-2)."""
    if data["how"] == "handover":
        return [data["holder_person_id"]]
    return [] if data.get("previous_person_id") else owner(data, scene)


def proposer(data: Data, scene: Scene) -> Iterable[str | None]:
    """Who proposed the handover; where that is one of the child's family, who is in charge in their place."""
    return at_work("from_person_id")(data, scene) or in_charge(data, scene)


def at_work(field: str) -> Who:
    """Whom the event names in a field for a part by their work: nobody of the child's family (SE-3)."""

    def who(data: Data, scene: Scene) -> list[str]:
        return _at_work([data[field]] if data.get(field) else [], scene)

    return who


def named(field: str) -> Who:
    """Whom the event names in a field: an id, or a list of them."""

    def who(data: Data, scene: Scene) -> Iterable[str | None]:
        found = data.get(field)
        return found if isinstance(found, list) else [found]

    return who


def _at_work(person_ids: Iterable[str], scene: Scene) -> list[str]:
    """Those of them who are not of the child's family."""
    return [each for each in person_ids if not of_family(each, scene.case)]


def _span(data: Data) -> tuple[datetime, datetime | None]:
    ends = data.get("valid_to")
    return datetime.fromisoformat(data["valid_from"]), datetime.fromisoformat(ends) if ends else None
