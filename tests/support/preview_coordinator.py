"""Sample pages of the coordinator: why somebody could see something."""

from __future__ import annotations

from gateway.pages.coordinator.policies import COUNTING, GROUPS, OF_TOPIC
from services.kernel.policies import Policy
from tests.support.preview_samples import HEALTH, PEOPLE, PPT, TOPICS, Model, Sample, at, form, page

RAGNHILD: Model = {
    "name": "Ragnhild Moanes",
    "capacity": "employee",
    "can_switch": False,
    "label": "BTI-koordinator i Granli",
}
ACTS = ("see_case", "read_notes", "read_plan", "read_log_item")


def _explained(allowed: bool, **more: object) -> Model:
    window = {
        "receiver": PPT["name"],
        "topic": "wellbeing",
        "valid_from": at(2),
        "valid_to": at(2, 9),
        "open": True,
    }
    role = {
        "unit": "PPT, kontoret",
        "role": "employee",
        "valid_from": at(1, 1),
        "valid_to": None,
        "open": True,
    }
    item = {
        "person_id": "p", "name": "Máhtte Juhani Sárá", "capacity": "employee", "allowed": allowed, "rule": "CO-1",
        "sentence": "Den ansatte er med i saken, og samtykket åpner dette for tjenesten." if allowed
        else "Ingen gjeldende samtykker åpner dette temaet for tjenesten eller personen.",
        "roles": [role], "ties": [], "windows": [window] if allowed else [],
        "participations": [{"service": PPT["name"], "valid_from": at(3), "valid_to": None}],
        "ground": {
            "text": "Samtykke fra den som bestemmer. Det kan trekkes når som helst.",
            "reference": "Personopplysningsloven om samtykke",
        } if allowed else None,
    }  # fmt: skip
    return {
        "known": True, "rebuilt": True, "at": at(9), "act": "read_log_item", "topic": "wellbeing", "items": [item],
        "level": 2, "state": "open", "frozen": False, "talk_recorded": True, "age": 15, "address_protected": False,
        "signers": ["child", "guardian"], "policy_version": 2, "policy_valid_from": "2026-01-01",
        "knowledge_seconds": 0, "knowledge_parked": False,
        "requests": [{"services": [PPT["name"], HEALTH["name"]], "state": "partly", "since": at(2)}],
        **more,
    }  # fmt: skip


def _explain() -> list[Sample]:
    base = {"page": page(RAGNHILD), "people": PEOPLE, "acts": ACTS, "topics": TOPICS}
    filled = form(
        {"case": "https://stafett.example/sak/01981c6e-0000-7000-8000-000000000001", "act": "read_log_item"}
    )
    template = "coordinator/explain.html"
    return [
        Sample("explain", template, {**base, "form": form(), "answer": None}),
        Sample("explain-wrong", template, {
            **base, "form": form({}, {"case": "Dette må fylles ut", "who": "Dette må fylles ut"}), "answer": None,
        }),
        Sample("explain-yes", template, {**base, "form": filled, "answer": _explained(True)}),
        Sample("explain-no", template, {**base, "form": filled, "answer": _explained(False)}),
    ]  # fmt: skip


_WHY = "Vi sier ikke hvor mange, for det kan røpe noen."


def _policies() -> list[Sample]:
    values = Policy().to_dict()
    versions = [
        {
            "version": 3,
            "valid_from": "2026-08-01",
            "state": "coming",
            "by": "Ragnhild Moanes",
            "saved_at": at(9),
        },
        {
            "version": 2,
            "valid_from": "2026-02-01",
            "state": "in_force",
            "by": "Ragnhild Moanes",
            "saved_at": at(1, 1),
        },
        {"version": 1, "valid_from": "2020-01-01", "state": "past", "by": None, "saved_at": None},
    ]
    frame = {"page": page(RAGNHILD), "groups": GROUPS, "of_topic": OF_TOPIC}
    new = {**frame, "topics": ["learning", "health"], "counting": COUNTING,
           "flags": {"individual_plan_closes_log", "one_guardian_suffices"}}  # fmt: skip
    lines = [{"name": "windows_closing", "text": "7 steder mister en tjeneste innsyn i et tema."}]
    few = [{"name": "signatures_needed", "text": "Én person må svare på nytt."}]
    check: Model = {
        "page": page(RAGNHILD), "form": form({"draft_hash": "x"}), "kept": {"concern_days": "21"},
        "valid_from": "2026-08-01", "replaced_on": None,
        "changes": [{"label": "Hjemme: Ungdommen samtykker alene fra (år)", "before": "15", "after": "16"}],
        "effects": {"lines": lines, "few": f"Noe annet endrer seg i få eller ingen av dem. {_WHY}",
                    "listed": [{"case_id": "c", "url": "#c", "lines": few}], "concerns": 3},
    }  # fmt: skip
    nothing: Model = {
        **check,
        "effects": {
            "lines": [],
            "few": f"Få eller ingen av sakene du ikke har tilgang til, endrer seg. {_WHY}",
            "listed": [],
            "concerns": None,
        },
        "replaced_on": "2026-09-01",
    }
    return [
        Sample("policies", "coordinator/policies.html",
               {**frame, "versions": versions, "policy": {**versions[1], "values": values}}),
        Sample("policy-new", "coordinator/policy_new.html", {**new, "form": form({"concern_days": "14"})}),
        Sample("policy-new-wrong", "coordinator/policy_new.html",
               {**new, "form": form({"concern_days": "x"}, {"concern_days": "Skriv et tall"})}),
        Sample("policy-check", "coordinator/policy_check.html", check),
        Sample("policy-check-nothing", "coordinator/policy_check.html", nothing),
    ]  # fmt: skip


def _grounds() -> list[Sample]:
    old = {"version": 1, "valid_from": "2020-01-01", "reference": "Lov om barnevern, om meldeplikt"}
    new = {"version": 3, "valid_from": "2026-08-01", "reference": "Den nye loven om barn, om meldeplikt"}
    duty: Model = {
        "url": "#duty", "text": "Plikten til å melde til barnevernet. Den gjelder uten samtykke.", "version": 2,
        "reference": "Barnevernsloven om meldeplikt til barnevernet", "since": "2023-01-01", "coming": [new],
        "earlier": [old],
    }  # fmt: skip
    family: Model = {
        "url": "#family", "text": "Barnets rett til sitt eget, og foreldreansvar.", "version": 1,
        "reference": "Barnelova om foreldreansvar", "since": "2020-01-01", "coming": [], "earlier": [],
    }  # fmt: skip
    wrong = {"reference": "Skriv noe her", "valid_from": "Velg en dag som kommer"}
    filled = {"reference": duty["reference"], "valid_from": "2026-03-11"}
    frame = {"page": page(RAGNHILD)}
    return [
        Sample("grounds", "coordinator/grounds.html", {**frame, "grounds": [duty, family]}),
        Sample("ground", "coordinator/ground.html", {**frame, "ground": duty, "form": form(filled)}),
        Sample("ground-wrong", "coordinator/ground.html", {**frame, "ground": duty, "form": form({}, wrong)}),
    ]


def samples() -> list[Sample]:
    """One of each page of the coordinator, some in several states."""
    return [*_explain(), *_policies(), *_grounds()]
