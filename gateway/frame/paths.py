"""The addresses of all pages in one table, by name. Routes and templates both take them from here, so that a link
cannot point past a page. The words are Norwegian, since people read addresses too."""

from __future__ import annotations

from urllib.parse import quote, urlencode

PATHS: dict[str, str] = {
    # public
    "start": "/",
    "front": "/<municipality>/",
    "services": "/<municipality>/tjenester",
    "service": "/<municipality>/tjenester/<service_id>",
    "guide": "/<municipality>/veileder",
    "guide_level": "/<municipality>/veileder/<level>",
    "tools": "/<municipality>/verktoy",
    "tool": "/<municipality>/verktoy/<tool_id>",
    "worried": "/<municipality>/bekymret",
    "advice": "/<municipality>/rad/<code>",
    "accessibility": "/om/tilgjengelighet",
    "privacy": "/om/personvern",
    # login
    "home": "/hjem",
    "login": "/logg-inn",
    "login_start": "/logg-inn/videre",
    "capacity": "/hvem-er-du",
    "logout": "/logg-ut",
    "step_up": "/logg-inn/bekreft",
    # for everyone logged in
    "inbox": "/innboks",
    "message": "/innboks/<message_id>",
    "draft": "/utkast/<draft_id>",
    # employee
    "work": "/mitt-arbeid",
    "concern_new": "/undring/ny",
    "concern_child": "/undring/ny/barn",
    "concern_seen": "/undring/ny/sett",
    "concern_check": "/undring/ny/sjekk",
    "concern_receipt": "/undring/<case_id>/kvittering",
    "case": "/sak/<case_id>",
    "note": "/sak/<case_id>/notat",
    "forms": "/sak/<case_id>/skjema",
    "form": "/sak/<case_id>/skjema/<tool_id>",
    "form_saved": "/sak/<case_id>/skjema/<tool_id>/<form_id>",
    "talk": "/sak/<case_id>/samtale",
    "view": "/sak/<case_id>/barnets-syn",
    "decide": "/sak/<case_id>/vurder",
    "level": "/sak/<case_id>/niva",
    "consent_status": "/sak/<case_id>/samtykke",
    "consent_ask": "/sak/<case_id>/samtykke/nytt",
    "consent_register": "/samtykke/<request_id>/skriv-inn/<signer_id>",
    "consent_sheet": "/samtykke/<request_id>/ark.pdf",
    "consent_evidence": "/samtykke/bevis/<signature_id>",
    "handover": "/sak/<case_id>/overlevering",
    "handover_answer": "/sak/<case_id>/overlevering/<handover_id>",
    "close": "/sak/<case_id>/avslutt",
    "report": "/sak/<case_id>/sluttrapport",
    "birth": "/sak/<case_id>/fodsel",
    "family_keep": "/sak/<case_id>/foreldreansvar",
    "paper": "/sak/<case_id>/foreldreansvar/<paper_id>",
    "discussions": "/drofting",
    "discussion_new": "/drofting/ny",
    "discussion": "/drofting/<discussion_id>",
    "care_orders": "/omsorgsvedtak",
    "care_order": "/omsorgsvedtak/<order_id>",
    "care_order_decision": "/omsorgsvedtak/<order_id>/avgjor",
    "emergency": "/nodsituasjon",
    "emergencies": "/nodsituasjon/liste",
    "emergency_end": "/nodsituasjon/<emergency_id>/avslutt",
    "lane": "/melding",
    "lane_receipt": "/melding/<report_id>/kvittering",
    "lane_list": "/melding/liste",
    "lane_draft": "/melding/utkast",
    "lane_draft_drop": "/melding/utkast/slett",
    "lane_item": "/melding/<report_id>",
    "lane_assess": "/melding/<report_id>/ta",
    "lane_child": "/melding/<report_id>/barn",
    "lane_answer": "/melding/<report_id>/svar",
    "lane_reader": "/melding/<report_id>/lesere",
    "lane_reader_remove": "/melding/<report_id>/lesere/<person_id>/fjern",
    "lane_access": "/melding/<report_id>/innsyn",
    # the coordinator
    "explain": "/koordinator/hvorfor",
    "grounds": "/koordinator/grunnlag",
    "ground": "/koordinator/grunnlag/<ground>",
    "policies": "/koordinator/regler",
    "policy_new": "/koordinator/regler/ny",
    "policy_check": "/koordinator/regler/ny/sjekk",
    # the relay log
    "plan": "/sak/<case_id>/logg",
    "meetings": "/sak/<case_id>/logg/moter",
    "timeline": "/sak/<case_id>/logg/tidslinje",
    "participants": "/sak/<case_id>/logg/deltakere",
    "goal_new": "/sak/<case_id>/logg/mal/nytt",
    "goal": "/sak/<case_id>/logg/mal/<goal_id>",
    "measure_new": "/sak/<case_id>/logg/tiltak/nytt",
    "measure": "/sak/<case_id>/logg/tiltak/<measure_id>",
    "evaluate": "/sak/<case_id>/logg/evaluering",
    "marks": "/sak/<case_id>/logg/for-foreldrene",
    "third_person": "/sak/<case_id>/logg/om-andre",
    "evaluation_date": "/sak/<case_id>/logg/neste-evaluering",
    "entry_new": "/sak/<case_id>/logg/innlegg",
    "meeting_new": "/sak/<case_id>/logg/moter/nytt",
    "meeting": "/sak/<case_id>/logg/moter/<meeting_id>",
    "minutes": "/sak/<case_id>/logg/moter/<meeting_id>/referat",
    "participant_new": "/sak/<case_id>/logg/deltakere/ny",
    "participant_release": "/sak/<case_id>/logg/deltakere/<participant_id>/takk",
    # family
    "my_cases": "/mine-saker",
    "consent": "/samtykke/<request_id>",
    "consent_check": "/samtykke/<request_id>/sjekk",
    "consent_sign": "/samtykke/<request_id>/signer",
    "consent_receipt": "/samtykke/<request_id>/kvittering",
    "receipt_pdf": "/kvittering/<signature_id>.pdf",
    "receipt_record": "/kvittering/<signature_id>.json",
    "consent_withdraw": "/sak/<case_id>/samtykke/trekk",
    "withdrawal": "/trukket/<withdrawal_id>",
    "withdrawal_pdf": "/trukket/<withdrawal_id>.pdf",
    "withdrawal_record": "/trukket/<withdrawal_id>.json",
    "log_end": "/sak/<case_id>/avslutt-loggen",
    "log_ended": "/sak/<case_id>/loggen-er-avsluttet",
    "name_person": "/sak/<case_id>/samtykke/forelder",
    "suggest": "/sak/<case_id>/forslag",
    "feedback": "/sak/<case_id>/tilbakemelding",
    "access": "/sak/<case_id>/hvem-har-sett",
    "access_history": "/sak/<case_id>/hvem-har-lest",
}


def path(name: str, /, **values: object) -> str:
    """The address of the page `name`; values that are no part of the path become the query string."""
    address, query = PATHS[name], {}
    for key, value in values.items():
        slot = f"<{key}>"
        if slot in address:
            address = address.replace(slot, quote(str(value), safe=""))
        elif value not in (None, ""):
            query[key] = value
    if "<" in address:
        raise KeyError(f"{name} needs {address[address.index('<') :]}")
    return f"{address}?{urlencode(query, doseq=True)}" if query else address
