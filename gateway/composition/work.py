"""My work: everything that waits for a person, from the services that know, in the order of its deadline."""

from typing import Any

from gateway.asking import Asking, Missing
from gateway.composition.case import missing_parts, people_in
from gateway.composition.names import Names
from services.contracts import cases, consent, notifications, relay_log


def work_page(asking: Asking, names: Names, include_closed: bool = False) -> dict[str, Any]:
    """{cases, consents, renewals, due, inbox, unread, names, missing}: cases as contracts.cases.Overview, the rest
    likewise; `inbox`: unread messages that ask for something."""
    parts = asking.together(
        cases=(cases.MyCases, {"limit": 100, "include_closed": include_closed}),
        consents=(consent.WaitingForMe, {}),
        due=(relay_log.WaitingForMe, {}),
        inbox=(notifications.GetInbox, {"unread_only": True, "limit": 50}),
    )
    if isinstance(parts["cases"], Missing):
        raise parts["cases"].refusal
    inbox = {"items": [], "unread": None} if isinstance(parts["inbox"], Missing) else parts["inbox"]
    consents = {"items": [], "renewals": []} if isinstance(parts["consents"], Missing) else parts["consents"]
    page: dict[str, Any] = {
        "cases": parts["cases"]["items"],
        "consents": consents["items"],
        "renewals": consents["renewals"],
        "due": [] if isinstance(parts["due"], Missing) else parts["due"]["items"],
        "inbox": [each for each in inbox["items"] if each["action_needed"]],
        "unread": inbox["unread"],
        "missing": missing_parts(parts),
    }
    names.add_family([each["child"] for each in page["cases"]])
    page["names"] = names.people(people_in(page))
    page["missing"] += names.missing
    return page
