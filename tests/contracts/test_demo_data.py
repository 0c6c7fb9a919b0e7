"""The data that a new installation starts with is whole: it loads, its references lead somewhere, its people are
invented (DI-6), and its texts are short enough to be read."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.demo import make_data
from deploy.run import STORY_CHILD
from services.cases.domain.levels import STEPS
from services.contracts.cases import GRADES, RELATIONS, TOPICS, RecordTalkRequest
from services.contracts.directory import KINDS, ROLES
from services.contracts.relay_log import ARENAS, VIEW_MISSING
from services.kernel import forms
from services.kernel.calendar import age_on
from services.kernel.identity_number import Series, parse
from services.kernel.policies import CountServices, Policy

pytestmark = pytest.mark.contracts

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / "services" / "directory" / "data"
DEMO = ROOT / "deploy" / "demo"
TODAY = date(2026, 11, 21)
EMERGENCY = {"110", "112", "113", "116 111", "116 117", "116 123"}
TOOLS = {
    "signs_of_distress", "concern_talk_preparation", "concern_zones", "observation", "wellbeing_scale", "consent",
    "child_protection_report", "meeting_template", "evaluation", "care_services_application", "closing",
}  # fmt: skip

Row = dict[str, Any]


def load(path: Path) -> Row:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict) and content["version"] >= 1, path
    return content


MUNICIPALITIES: list[Row] = load(DIRECTORY / "municipalities.yaml")["municipalities"]
SERVICES: dict[str, Row] = {row["id"]: row for row in load(DIRECTORY / "services.yaml")["services"]}
UNITS: dict[str, Row] = {row["id"]: row for row in load(DIRECTORY / "units.yaml")["units"]}
STAFF: dict[str, Row] = {row["key"]: row for row in load(DIRECTORY / "staff.yaml")["staff"]}
FORMS: dict[str, Row] = {path.stem: load(path) for path in (DIRECTORY / "forms").glob("*.yaml")}
FAMILIES: list[Row] = load(DEMO / "data" / "families.yaml")["families"]
CASES: list[Row] = load(DEMO / "data" / "cases.yaml")["cases"]
PEOPLE: list[Row] = load(DEMO / "people.yaml")["people"]
ADULTS = {row["key"]: row for family in FAMILIES for row in family["adults"]}
CHILDREN = {row["key"]: row for family in FAMILIES for row in family["children"]}
POLICIES = {row["id"]: Policy.from_dict(row["policy"]) for row in MUNICIPALITIES}


def texts(content: object) -> Iterator[str]:
    """Every text in a tree."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from texts(value)


def ties_of(child: str) -> list[Row]:
    return [tie for family in FAMILIES for tie in family["ties"] if tie["child"] == child]


# ---------------------------------------------------------------- the directory


def test_two_municipalities_have_policies_that_can_stand_and_differ() -> None:
    assert {row["id"]: row["number"] for row in MUNICIPALITIES} == {"granli": "9991", "storvik": "9992"}
    assert POLICIES["granli"].count_services is CountServices.OTHER
    assert POLICIES["storvik"].count_services is CountServices.ALL
    assert (POLICIES["granli"].concern_days, POLICIES["storvik"].concern_days) == (14, 21)
    for policy in POLICIES.values():
        assert policy.topic_codes == TOPICS
    assert [topic["code"] for topic in load(DIRECTORY / "municipalities.yaml")["topics"]] == list(TOPICS)


def test_DI_2_there_are_sixteen_services_of_every_kind_and_one_is_shared() -> None:
    assert len(SERVICES) >= 16
    assert {row["kind"] for row in SERVICES.values()} == set(KINDS)
    shared = [row for row in SERVICES.values() if "shared_id" in row]
    assert {row["municipality"] for row in shared} == {"granli", "storvik"}
    assert len({row["shared_id"] for row in shared}) == 1 and len({row["name"] for row in shared}) == 1


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_DI_1_a_service_says_what_whom_cost_contact_and_who_is_told(service: Row) -> None:
    for key in (
        "name",
        "gives",
        "for_whom",
        "cost",
        "how_to_contact",
        "opening_hours",
        "confidentiality",
        "type",
    ):
        assert service[key].strip(), key
    assert {"phone", "email", "web"} == service["contact"].keys()
    assert service["age_from"] >= 0 and isinstance(service["drop_in"], bool)
    assert service["age_to"] is None or service["age_from"] < service["age_to"]
    assert set(service["tools"]) <= TOOLS
    assert any(unit["service_id"] == service["id"] for unit in UNITS.values())


def test_units_belong_to_a_service_of_their_municipality() -> None:
    for unit in UNITS.values():
        assert SERVICES[unit["service_id"]]["municipality"] == unit["municipality"]
        assert unit["name"] and unit["address"] and unit["opening_hours"]


def test_forty_employees_have_roles_in_units_of_their_municipality() -> None:
    assert len(STAFF) == 40
    for row in STAFF.values():
        assert row["roles"] and row["email"].endswith(f"@{row['municipality']}.example")
        for role in row["roles"]:
            assert UNITS[role["unit_id"]]["municipality"] == row["municipality"]
            assert role["role"] in ROLES and date.fromisoformat(role["valid_from"]) < TODAY


@pytest.mark.parametrize("municipality", ["granli", "storvik"])
def test_each_municipality_has_its_leaders_coordinator_and_child_protection(municipality: str) -> None:
    roles = [(role["role"], role) for row in STAFF.values() if row["municipality"] == municipality
             for role in row["roles"]]  # fmt: skip
    assert {role for role, _ in roles} == set(ROLES)
    assert any(role.get("stand_in") for _, role in roles)
    assert any(len({role["unit_id"] for role in row["roles"]}) == 2 for row in STAFF.values())


def test_the_tools_are_those_of_DI_3_and_a_form_is_one_that_the_engine_takes() -> None:
    tools = load(DIRECTORY / "tools.yaml")["tools"]
    assert {tool["code"] for tool in tools} == TOOLS and len(tools) == len(TOOLS)
    steps = {f"{level}.{step + 1}" for level, codes in STEPS.items() for step in range(len(codes))}
    for tool in tools:
        assert tool["name"] and tool["purpose"] and tool["when"] and tool["who_reads"] and tool["minutes"] > 0
        assert tool["used_at"] and set(tool["used_at"]) <= steps
    assert {tool["form"] for tool in tools if tool["form"]} == set(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_tells_its_time_and_reader_and_helps_at_every_field(name: str) -> None:
    form = FORMS[name]
    assert forms.faults(form) == [] and name == f"{form['code']}.v{form['version']}"
    assert (
        form["intro"] and form["who_reads"] and form["minutes"] > 0 and date.fromisoformat(form["valid_from"])
    )
    assert all(section["title"] and section["intro"] for section in form["sections"])
    assert all(field["help"] and isinstance(field["required"], bool) for field in forms.fields_of(form))


def test_a_concern_has_four_zones_and_each_says_what_it_means_and_what_to_do() -> None:
    zones = next(f for f in forms.fields_of(FORMS["concern_zones.v1"]) if f["name"] == "zone")["options"]
    assert [zone["value"] for zone in zones] == ["zone_1", "zone_2", "zone_3", "zone_4"]
    assert all(zone["label"] and len(zone["help"].split(". ")) >= 2 for zone in zones)


def test_LV_6_the_guide_has_every_level_and_step_in_order_with_what_how_who_and_tools() -> None:
    guide = load(DIRECTORY / "guide.yaml")
    by_tool = {tool["code"]: set(tool["used_at"]) for tool in load(DIRECTORY / "tools.yaml")["tools"]}
    used: dict[str, set[str]] = {tool: set() for tool in by_tool}
    assert [level["level"] for level in guide["levels"]] == [0, 1, 2, 3]
    for level in guide["levels"]:
        assert level["title"] and level["when"] and level["intro"]
        assert tuple(step["code"] for step in level["steps"]) == STEPS[level["level"]]
        for number, step in enumerate(level["steps"], start=1):
            assert step["step"] == number
            assert step["title"] and step["what"] and step["who"] and len(step["how"]) >= 3
            for tool in step["tools"]:
                used[tool].add(f"{level['level']}.{number}")
    assert used == by_tool, "the guide and the toolkit name the same steps"
    assert guide["lane"]["text"] and guide["levels"][3]["lane_note"]


def test_PR_1_every_step_of_the_guide_offers_the_report_to_child_protection() -> None:
    for level in load(DIRECTORY / "guide.yaml")["levels"]:
        assert all("child_protection_report" in step["tools"] for step in level["steps"])


def test_DI_4_pages_that_speak_of_violence_or_abuse_bear_the_emergency_numbers() -> None:
    worried = load(DIRECTORY / "worried.yaml")
    assert {row["number"] for row in worried["emergency_numbers"]} == EMERGENCY
    pages = {page["code"]: page for page in worried["pages"]}
    assert pages.keys() >= {"worried_friend", "worried_neighbour", "worried_coach", "young_person", "guardian",
                            "suspicion_of_violence"}  # fmt: skip
    types = {row["type"] for row in SERVICES.values()}
    for page in pages.values():
        assert set(page["service_types"]) <= types
        if re.search(r"vold|overgrep|slått|krenket|fare", " ".join(texts(page))):
            assert page["sensitive"] and page["emergency"], page["code"]
    front = load(DIRECTORY / "front.yaml")
    assert set(front["front"]["worried"]["links"]) <= pages.keys()
    assert {door["page"] for door in front["front"]["doors"]} <= pages.keys() | {"guide"}
    assert set(front["services"]["kinds"]) == set(KINDS)
    assert load(DIRECTORY / "guide.yaml")["lane"]["page"] in pages


@pytest.mark.parametrize("path", sorted(DIRECTORY.rglob("*.yaml")), ids=lambda path: path.name)
def test_public_texts_are_plain_and_can_travel_as_json(path: Path) -> None:
    content = load(path)
    json.dumps(content)  # no dates or other YAML kinds: the trees travel whole
    sentences = [s for text in texts(content) for s in re.split(r"(?<=[.?!])\s+", text) if " " in s]
    lengths = [len(sentence.split()) for sentence in sentences]
    assert sum(lengths) / len(lengths) <= 12
    assert max(lengths) <= 16, max(sentences, key=lambda s: len(s.split()))


def test_no_telephone_number_can_be_reached_but_the_public_emergency_numbers() -> None:
    number = re.compile(r"(?<![\w.:/-])(?:\+47 ?)?\d(?: ?\d){2,11}(?!\w|[.:-]\w)")
    for path in [*DIRECTORY.rglob("*.yaml"), *DEMO.rglob("*.yaml")]:
        for text in texts(load(path)):
            for found in number.findall(text):
                plain = found.replace(" ", "")
                assert (
                    found in EMERGENCY
                    or re.fullmatch(r"00 00 00 \d\d", found)
                    or len(plain) == 11  # an identity number: checked below
                    or re.fullmatch(r"00\d\d", found)  # a postal code that is not in use
                    or re.fullmatch(r"999[12]", found)
                ), f"{path.name}: {found}"


# ---------------------------------------------------------------- the people


def test_DI_6_every_identity_number_is_of_the_test_series_valid_and_given_once() -> None:
    numbers = [row["number"] for row in [*STAFF.values(), *ADULTS.values(), *CHILDREN.values()]]
    assert len(set(numbers)) == len(numbers) > 200
    for number in numbers:
        parsed = parse(number)
        assert parsed is not None and parsed.series is Series.TEST, number
    ids = [row["id"] for row in [*STAFF.values(), *ADULTS.values(), *CHILDREN.values()]]
    keys = [*STAFF, *ADULTS, *CHILDREN]
    assert len(set(ids)) == len(ids) and len(set(keys)) == len(keys)


def test_sixty_families_have_children_of_every_age() -> None:
    assert len(FAMILIES) == 60
    assert {age_on(row["birth_date"], TODAY) for row in CHILDREN.values()} == set(range(18))
    assert {family["municipality"] for family in FAMILIES} == {"granli", "storvik"}


def test_families_are_of_many_kinds() -> None:
    ties = [tie for family in FAMILIES for tie in family["ties"]]
    assert {tie["responsibility"] for tie in ties} == {"joint", "sole", "none", "unknown"}
    assert {tie["relation"] for tie in ties} == set(RELATIONS)
    assert any("pregnant" in adult for adult in ADULTS.values())
    assert any(len(family["children"]) >= 3 for family in FAMILIES)
    assert any(len(row["name"]) > 45 for row in ADULTS.values())
    assert set("čđŋšŧžá") <= {
        letter for row in [*ADULTS.values(), *CHILDREN.values()] for letter in row["name"].lower()
    }
    assert {row["contact"]["language"] for row in ADULTS.values()} == {"nb", "nn", "en", "se"}
    assert any(row["contact"]["reserved"] for row in ADULTS.values())


def test_PR_6_one_family_has_a_protected_address() -> None:
    graded = [
        f for f in FAMILIES if any(p["address_grade"] != "ungraded" for p in f["adults"] + f["children"])
    ]
    assert len(graded) == 1
    assert {row["address_grade"] for row in [*ADULTS.values(), *CHILDREN.values()]} <= set(GRADES)


def test_ties_lead_to_people_of_the_family_and_only_the_known_ones_are_verified() -> None:
    for family in FAMILIES:
        adults = {row["key"] for row in family["adults"]}
        children = {row["key"] for row in family["children"]}
        for tie in family["ties"]:
            assert tie["adult"] in adults and tie["child"] in children
            assert (tie["verified"] is None) == (tie["responsibility"] == "unknown")
        for child in family["children"]:
            assert (
                child["unit_id"] is None or UNITS[child["unit_id"]]["municipality"] == family["municipality"]
            )


def test_the_story_has_its_people() -> None:
    story = [row["key"] for row in PEOPLE if row["story"]]
    assert story == [row["key"] for row in PEOPLE][: len(story)]
    tuva = CHILDREN["tuva-fagerdalen"]
    assert age_on(tuva["birth_date"], TODAY) == 4 and tuva["municipality"] == "granli"
    assert {(tie["adult"], tie["relation"], tie["responsibility"]) for tie in ties_of("tuva-fagerdalen")} == {
        ("marit-elvestrand", "mother", "joint"),
        ("jonas-fagerdalen", "father", "joint"),
    }
    assert STAFF["solveig-brekkmo"]["roles"][0]["unit_id"] == tuva["unit_id"]
    assert not any(case["child"] == "tuva-fagerdalen" or case["owner"] == "solveig-brekkmo" for case in CASES)


def test_the_login_page_lists_real_rows_each_once_under_a_heading() -> None:
    known = {**STAFF, **ADULTS, **CHILDREN}
    assert len({row["key"] for row in PEOPLE}) == len(PEOPLE) and STAFF.keys() <= {
        row["key"] for row in PEOPLE
    }
    for row in PEOPLE:
        assert known[row["key"]]["number"] == row["number"] and known[row["key"]]["name"] == row["name"]
        assert row["role_label"] and row["group"] and row["municipality"] in POLICIES


def test_the_generated_files_are_what_the_tables_give() -> None:
    for path, (_, content) in make_data.make().items():
        plain = yaml.safe_load(yaml.dump(content, Dumper=yaml.SafeDumper, allow_unicode=True))
        assert load(path) == plain, f"{path.name}: run python -m deploy.demo.make_data"


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2027, 3, 1), date(2028, 2, 29), date(2029, 11, 21),
                                 date(2033, 1, 1)], ids=str)  # fmt: skip
def test_a_suite_that_begins_on_any_day_has_people_of_the_same_ages(day: date) -> None:
    """So that a story of a youth of 15, or of a newborn, is true in any year; each with a number of that birth date."""
    there: list[Row] = make_data.make(day)[make_data.FAMILIES][1]["families"]
    people = [row for family in there for row in (*family["adults"], *family["children"])]
    as_written = {**ADULTS, **CHILDREN}
    for row in people:
        born, first = row["birth_date"], as_written[row["key"]]["birth_date"]
        if (first.month, first.day) == (2, 29):
            assert (born.month, born.day) == (2, 29) and 1 <= age_on(born, day) <= 4, (
                "AG-8: still a leap day's"
            )
        else:
            assert age_on(born, day) == age_on(first, TODAY), row["key"]
        parsed = parse(row["number"])
        assert parsed is not None and parsed.series is Series.TEST
        assert row["number"].startswith(f"{born.day:02}{born.month + 80:02}{born.year % 100:02}")
    numbers = {row["number"] for row in people}
    assert len(numbers) == len(people) and not numbers & {row["number"] for row in STAFF.values()}
    for family in there:
        births = {row["key"]: row["birth_date"] for row in family["children"]}
        assert all(
            births[tie["child"]] <= tie["verified"]["at"] <= day for tie in family["ties"] if tie["verified"]
        )


@pytest.mark.parametrize(("key", "age"), [("oda-kvernmoen", 15), ("olivia-ternholm", 0)])
def test_who_a_story_needs_at_an_age_stays_so_for_most_of_a_year(key: str, age: int) -> None:
    born = CHILDREN[key]["birth_date"]
    assert age_on(born, TODAY) == age == age_on(born, TODAY + timedelta(days=280))


# ---------------------------------------------------------------- the scripted cases


def test_there_are_cases_at_every_level() -> None:
    running = [case["level"] for case in CASES if "closed" not in case]
    assert {level: running.count(level) for level in range(4)} == {0: 8, 1: 7, 2: 5, 3: 2}
    assert sum("closed" in case for case in CASES) == 2
    assert len({case["key"] for case in CASES}) == len({case["child"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["key"])
def test_a_case_names_people_places_and_codes_that_exist(case: Row) -> None:
    subject = {**CHILDREN, **ADULTS}[case["child"]]
    assert subject["municipality"] == case["municipality"] == STAFF[case["owner"]]["municipality"]
    assert ("pregnant" in subject) == (case.get("subject_kind") == "pregnant")
    assert case["unit_id"] in {role["unit_id"] for role in STAFF[case["owner"]]["roles"]}
    assert case["concern"]["text"] and case["concern"]["topic"] in TOPICS and case["concern"]["days_ago"] >= 0
    family = {tie["adult"] for tie in ties_of(case["child"])} | {case["child"]}
    if talk := case.get("talk"):
        assert set(talk["with"]) <= family and talk["days_ago"] <= case["concern"]["days_ago"]
        missing = {"child_view_missing": talk.get("child_view_missing")}
        assert RecordTalkRequest(partial=True).validate(missing) == {}
        assert bool(talk.get("child_view")) != bool(missing["child_view_missing"])
    for form in case.get("forms", []):
        answers = {name: (TODAY - timedelta(days=value["days_ago"])).isoformat() if isinstance(value, dict) else value
                   for name, value in form["answers"].items()}  # fmt: skip
        assert forms.validate(FORMS[f"{form['tool']}.v1"], answers)[1] == {}
    if case["level"] > 0:
        assert talk and case["move_reason"] and case["holder"] in STAFF and case["goals"] and case["measures"]
    goals = {goal["key"]: goal for goal in case.get("goals", [])}
    helpers = {case["owner"]} | {p["staff"] for p in case.get("participants", [])} | family
    for measure in case.get("measures", []):
        assert measure["goal"] in goals and measure["arena"] in ARENAS and measure["days_to_deadline"] > 0
        assert measure.get("responsible", case["child"]) in helpers
        assert goals[measure["goal"]]["topic"] in TOPICS
    if view := case.get("child_view"):
        assert view["topic"] in TOPICS and (view.get("text") or view["missing"] in VIEW_MISSING)
    for item in case.get("meeting", {}).get("agenda", []):
        assert item["topic"] in TOPICS
    for feedback in case.get("closed", {}).get("feedback", []):
        assert feedback["by"] in family


@pytest.mark.parametrize("case", [case for case in CASES if case["level"] > 1], ids=lambda case: case["key"])
def test_CO_1_and_GU_1_a_case_with_other_services_has_every_signature(case: Row) -> None:
    """The seeding goes through the same commands as people do, and would be refused otherwise."""
    policy = POLICIES[case["municipality"]]
    own_service = UNITS[case["unit_id"]]["service_id"]
    granted = {line["service_id"]: set(line["topics"]) for line in case["consent"]["services"]}
    assert own_service not in granted
    assert all(SERVICES[service]["municipality"] == case["municipality"] for service in granted)
    age = age_on(CHILDREN[case["child"]]["birth_date"], TODAY)
    signers: set[str] = set()
    for code in set().union(*granted.values()):
        topic = policy.topic(code)
        assert topic is not None
        if age >= topic.youth_signs_from:
            signers.add(case["child"])
        if age < topic.youth_alone_from:
            signers |= {
                t["adult"] for t in ties_of(case["child"]) if t["responsibility"] in ("joint", "sole")
            }
    assert set(case["consent"]["signed_by"]) == signers
    assert case["consent"]["days_valid"] < 30 * policy.consent_months
    for participant in case["participants"]:
        assert UNITS[participant["unit_id"]]["service_id"] in granted
        assert participant["unit_id"] in {role["unit_id"] for role in STAFF[participant["staff"]]["roles"]}
    counted = len(granted) + (policy.count_services is CountServices.ALL)
    assert case["level"] == (3 if counted >= 3 else 2), "LV-4: the suggestion is followed"


@pytest.mark.parametrize("case", [case for case in CASES if case["level"] > 1], ids=lambda case: case["key"])
def test_a_measure_of_another_service_lies_within_its_topics(case: Row) -> None:
    goals = {goal["key"]: goal["topic"] for goal in case["goals"]}
    granted = {line["service_id"]: line["topics"] for line in case["consent"]["services"]}
    services = {p["staff"]: UNITS[p["unit_id"]]["service_id"] for p in case["participants"]}
    for measure in case["measures"]:
        if measure.get("responsible") in services:
            assert goals[measure["goal"]] in granted[services[measure["responsible"]]], measure["what"]


def test_a_suite_knows_the_number_of_a_child_born_for_its_own_day(tmp_path: Path) -> None:
    """What `make run` prints for the README's tour is the number that the suite's own register has."""
    make_data.write_people(tmp_path)
    families = yaml.safe_load((tmp_path / make_data.OWN_FAMILIES).read_text("utf-8"))["families"]
    (child,) = (each for family in families for each in family["children"] if each["key"] == STORY_CHILD)
    assert make_data.number_of(tmp_path, STORY_CHILD) == child["number"]
    assert parse(child["number"]).series is Series.TEST
    assert age_on(child["birth_date"], make_data.first_day()) == 4
