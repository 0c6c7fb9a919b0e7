"""Sample pages about persons: parental responsibility, papers, care orders."""

from __future__ import annotations

from datetime import date

from tests.support.preview_samples import SOLVEIG, TOPICS, Model, Sample, at, case, form, page


def _ties() -> list[Model]:
    mother = {"name": "Ingrid Lillevik", "relation": "Mor", "said": "has", "source": "register",
              "starts": date(2021, 6, 1), "ends": None, "when": "now"}  # fmt: skip
    father = {"name": "Aslak Johannes Fossåskaret-Lillevik", "relation": "Far", "said": "has_not", "source": "paper",
              "starts": date(2026, 4, 1), "ends": None, "when": "coming"}  # fmt: skip
    claim = {**father, "name": "Tor Berg", "relation": "Annen forelder", "said": "claim", "when": "now"}
    return [mother, father, claim]


def _papers() -> list[Model]:
    waits = {
        "name": "Tor Berg", "kind": "agreement", "says": "gives", "starts": date(2026, 3, 1), "ends": date(2027, 3, 1),
        "state": "waiting", "recorded": {"by": "Solveig Brekke", "at": at(9)}, "decided": None,
        "reason": None, "url": "#paper",
    }  # fmt: skip
    done = {
        **waits, "name": "Aslak Johannes Fossåskaret-Lillevik", "kind": "court_decision", "says": "ends", "ends": None,
        "state": "verified", "decided": {"by": "Solveig Brekke", "at": at(9)},
        "reason": "Ingen andre er på jobb i påsken.", "url": None,
    }  # fmt: skip
    return [waits, done]


def _orders() -> list[Model]:
    now = {"name": "Jonas Lillevik", "url": "#order", "starts": date(2026, 3, 1), "last": None, "state": "now",
           "guardians_see": "topics", "ground": {
               "text": "Barnevernet har omsorgen, og svarer i stedet for foreldrene.",
               "reference": "Barnevernsloven om omsorgsovertakelse",
           }}  # fmt: skip
    over = {**now, "name": "Máhtte Juhani Sárá", "starts": date(2024, 1, 1), "last": date(2025, 12, 31),
            "state": "over", "guardians_see": "nothing"}  # fmt: skip
    waits = {**now, "name": "Tor Berg", "state": "awaiting", "guardians_see": "overview"}
    return [waits, now, over]


def _awaiting() -> Model:
    return {"url": "#order", "decide_url": "#decide", "starts": date(2026, 3, 9), "last": None, "state": "awaiting",
            "guardians_see": "topics", "registered": {"by": "Aslak Johannes Fossåskaret-Lillevik", "at": at(9)},
            "confirm_by": at(12), "decided": None, "reason": None, "name": None}  # fmt: skip


def _discussion() -> Model:
    told = {"by": "Solveig Brekke", "unit": "Bjørkelia barnehage", "at": at(9)}
    text = "Et barn på fire år sitter mye alene.\nHva kan vi prøve?"
    answers = [{**told, "text": "Snakk med foreldrene først."}]
    return {
        **told,
        "url": "#d",
        "to": ["PPT"],
        "text": text,
        "named": True,
        "ground": {
            "text": "De som bestemmer, har sagt ja til at det blir snakket om med navn.",
            "reference": "Kommunens rutine for drøfting i tverrfaglig team",
        },
        "mine": False,
        "answers": answers,
    }


def samples() -> list[Sample]:
    """One of each page, those with faults too."""
    frame: Model = {"page": page(SOLVEIG, active="work"), "case": case(1)}
    adults = [{"code": "m", "text": "Ingrid Lillevik"}, {"code": "f", "text": "Aslak Fossåskaret-Lillevik"}]
    kept = {
        "asked_on": date(2026, 3, 9),
        "adults": adults,
        "past": [{**_ties()[0], "ends": date(2026, 1, 1), "when": "past"}],
    }
    wrong = form({"kind": "agreement"}, {"relation": "Dette må fylles ut"})
    cared: Model = {"page": page(SOLVEIG, active="work"), "topics": TOPICS}
    notes = [{"code": "n", "text": "Hun vil ha hjelp til barneseng og klær.", "hint": "Notat"}]
    order = form({"guardians_see": "topics", "topics": ["learning"]})
    return [
        Sample("family-keep", "employee/family_keep.html",
               {**frame, **kept, "ties": _ties(), "papers": _papers(), "form": form()}),
        Sample("family-keep-none", "employee/family_keep.html",
               {**frame, "asked_on": None, "adults": [], "past": [], "ties": [], "papers": [], "form": wrong}),
        Sample("paper", "employee/paper.html", {**frame, "paper": _papers()[0], "own": True, "form": form()}),
        Sample("discussions", "employee/discussions.html",
               {"page": page(SOLVEIG, active="work"), "asked": [_discussion()], "mine": []}),
        Sample("discussion", "employee/discussion.html",
               {"page": page(SOLVEIG, active="work"), "discussion": _discussion(), "form": form()}),
        Sample("discussion-new", "employee/discussion_new.html", {**frame, "units": adults, "topics": TOPICS,
               "family": adults, "form": form({"text": "Jonas"}, {"text": "«Jonas» forteller hvem dette er."})}),
        Sample("concern-child-adults", "employee/concern_child.html", {"page": page(SOLVEIG, active="work"),
               "units": adults[:1], "followers": adults, "form": form()}),
        Sample("birth", "employee/birth.html", {**frame, "topics": TOPICS, "notes": notes, "form": form()}),
        Sample("care-orders", "employee/care_orders.html",
               {**cared, "orders": _orders(), "awaiting": [_awaiting()], "keeps": True, "form": form()}),
        Sample("care-orders-leader", "employee/care_orders.html",
               {**cared, "orders": [], "awaiting": [_awaiting()], "keeps": False, "form": form()}),
        Sample("care-order", "employee/care_order.html", {**cared, "order": _orders()[1], "form": order}),
        Sample("care-order-confirm", "employee/care_order_waits.html",
               {**cared, "topics": ["Læring", "Trivsel"], "order": _awaiting(), "form": form({"decision": "confirmed"},
               {"child_number": "Dette er ikke barnet som vedtaket er registrert for. Se etter i vedtaket"})}),
        Sample("care-order-mine", "employee/care_order_waits.html",
               {**cared, "topics": [], "order": _awaiting() | {"name": "Tor Berg"}, "form": form()}),
        Sample("care-order-refused", "employee/care_order_waits.html",
               {**cared, "topics": [], "form": form(), "order": _awaiting() | {
                   "name": "Tor Berg", "state": "refused", "reason": "Vedtaket gjelder broren.",
                   "decided": {"by": "Solveig Brekke", "at": at(9)}}}),
    ]  # fmt: skip
