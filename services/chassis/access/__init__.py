"""Who may see and do what, for every service that decides: facts from events, one decision, what it opens.

The rules stand in services/kernel/access.py (CO-8). Here are the facts (tables, projections), their loading, and
the only place that makes grants for sealed records:

    access_tables(metadata); handlers = together(HANDLERS, projections.HANDLERS)
    grant = access.require(uow, case_id, Act.MANAGE)
    goals = access.open_allowed(reading, case_id, Act.READ_PLAN, repository.goals(case_id))
"""

from services.chassis.access.decisions import (
    Asker,
    CaseAccess,
    Occasion,
    decide,
    of,
    of_many,
    open_allowed,
    require,
)
from services.chassis.access.facts import load_facts, load_facts_of
from services.chassis.access.lookups import (
    active_services,
    ground_version,
    municipalities,
    policy_of,
    post_of,
    service_of_unit,
)
from services.chassis.access.parts import case_ids_for, demand_coordinator, is_coordinator
from services.chassis.access.past import Past
from services.chassis.access.projections import HANDLERS, PROJECTION, together
from services.chassis.access.tables import AccessTables, access_tables, create_access_tables

__all__ = [
    "HANDLERS",
    "PROJECTION",
    "AccessTables",
    "Asker",
    "CaseAccess",
    "Occasion",
    "Past",
    "access_tables",
    "active_services",
    "case_ids_for",
    "create_access_tables",
    "decide",
    "demand_coordinator",
    "ground_version",
    "is_coordinator",
    "load_facts",
    "load_facts_of",
    "municipalities",
    "of",
    "of_many",
    "open_allowed",
    "policy_of",
    "post_of",
    "require",
    "service_of_unit",
    "together",
]
