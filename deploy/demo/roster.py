"""The tables of invented people that make_data.py turns into files: employees, families, names."""

from datetime import date as d
from typing import Any

FAMILY_COUNT = 60

BORN = {"Olivia Ternholm": d(2026, 11, 2)}
"""Whose age a story rests on in a family that is not told of: early in that year of life, so that a suite can be used
for most of a year."""

# The people of the main job, in the order in which they act.
# fmt: off
STORY = (
    "solveig-brekkmo", "turid-haugnesli", "marit-elvestrand", "jonas-fagerdalen", "henrik-solnesvik",
    "ingvild-tangvoll", "ragnhild-moanes", "espen-lysvollen",
)
# fmt: on

# fmt: off
GROUPS = (
    "Ansatte i barnehage", "Ansatte på skole", "Ansatte på helsestasjon", "Ansatte som støtter",
    "Ansatte i voksentjenester", "Barnevern", "BTI-koordinator og administrator", "Foreldre", "Gravide",
    "Unge",
)
# fmt: on

# name, born, title, municipality, roles: "unit role since [stand-in]"
# fmt: off
STAFF: tuple[tuple[str, d, str, str, tuple[str, ...]], ...] = (
    ("Solveig Brekkmo", d(1987, 3, 14), "Barnehagelærer", "granli", ("bjorkelia employee 2018-08-01",)),
    ("Turid Haugnesli", d(1973, 10, 2), "Styrer", "granli", ("bjorkelia leader 2014-08-01",)),
    ("Kåre Myrskogen", d(1979, 6, 21), "Assisterende styrer", "granli",
     ("bjorkelia employee 2016-01-04", "bjorkelia leader 2021-01-04 stand-in")),
    ("Live Rognbakken", d(1995, 1, 30), "Fagarbeider", "granli", ("bjorkelia employee 2022-08-15",)),
    ("Eirik Tjeldvang", d(1983, 12, 9), "Styrer", "granli", ("maltrosten leader 2019-03-01",)),
    ("Mona Seljebotn", d(1990, 7, 17), "Pedagogisk leder", "granli", ("maltrosten employee 2020-08-01",)),
    ("Amund Kvitneslia", d(1985, 5, 5), "Lærer", "granli", ("barneskole employee 2015-08-01",)),
    ("Berit Orrehaugen", d(1970, 9, 26), "Rektor", "granli", ("barneskole leader 2012-08-01",)),
    ("Sindre Aspevollen", d(1992, 2, 11), "Kontaktlærer", "granli", ("ungdomsskole employee 2019-08-01",)),
    ("Wenche Storlien-Myr", d(1968, 11, 19), "Rektor", "granli", ("ungdomsskole leader 2010-08-01",)),
    ("Ingvild Tangvoll", d(1984, 4, 8), "Helsesykepleier", "granli", ("helsestasjonen employee 2017-02-01",)),
    ("Aslaug Fosshylla", d(1971, 8, 12), "Leder for helsestasjonen", "granli",
     ("helsestasjonen leader 2013-05-01", "jordmor leader 2013-05-01")),
    ("Siri Havnstaden", d(1988, 10, 28), "Jordmor", "granli", ("jordmor employee 2020-01-06",)),
    ("Lene Bergsvågen", d(1986, 6, 3), "Helsesykepleier i skolen", "granli",
     ("skolehelse-kontor employee 2018-08-01", "helsestasjonen employee 2021-08-01")),
    ("Frode Heimlund", d(1976, 3, 24), "Leder for skolehelsetjenesten", "granli",
     ("skolehelse-kontor leader 2016-08-01",)),
    ("Henrik Solnesvik", d(1981, 1, 16), "PP-rådgiver", "granli", ("ppt-kontor employee 2016-08-01",)),
    ("Gunn Elise Trollmark", d(1969, 12, 1), "Leder for PP-tjenesten", "granli",
     ("ppt-kontor leader 2011-01-03",)),
    ("Vidar Klokkhaug", d(1980, 7, 7), "Familieterapeut", "granli",
     ("brua leader 2018-01-02", "brua employee 2018-01-02")),
    ("Nora Vindheimsli", d(1991, 5, 29), "Psykolog", "granli", ("rom-for-prat leader 2021-03-01",)),
    ("Tobias Rimbakken", d(1994, 9, 13), "Miljøterapeut", "granli",
     ("miljoteam employee 2021-08-01", "miljoteam leader 2024-08-01")),
    ("Randi Ulvskog", d(1977, 2, 20), "Ruskonsulent", "granli", ("rus-psykisk-kontor leader 2015-06-01",)),
    ("Espen Lysvollen", d(1982, 11, 4), "Barnevernspedagog", "granli",
     ("barnevern-kontor child_protection 2017-04-01",)),
    ("Marianne Grønskar", d(1974, 4, 30), "Barnevernsleder", "granli",
     ("barnevern-kontor leader 2014-01-02", "barnevern-kontor child_protection 2014-01-02")),
    ("Ragnhild Moanes", d(1975, 8, 15), "BTI-koordinator", "granli",
     ("koordinering coordinator 2020-01-02", "koordinering leader 2022-01-03")),
    ("Ola Petter Nybråten", d(1989, 10, 10), "Systemadministrator", "granli",
     ("koordinering admin 2023-01-02",)),
    ("Áilu Nordfjære", d(1986, 1, 25), "Barnehagelærer", "storvik", ("luossa employee 2019-08-01",)),
    ("Gro Havlykkja", d(1972, 6, 18), "Styrer", "storvik",
     ("luossa leader 2015-08-01", "solsida leader 2023-08-01")),
    ("Trine Skjærvoll", d(1993, 3, 3), "Pedagogisk leder", "storvik", ("solsida employee 2020-08-01",)),
    ("Håvard Naustbakk", d(1984, 12, 22), "Sosiallærer", "storvik", ("skolen employee 2014-08-01",)),
    ("Unni Kråkenesli", d(1967, 9, 7), "Rektor", "storvik", ("skolen leader 2009-08-01",)),
    ("Petter Lomvoll", d(1990, 2, 27), "Assisterende rektor", "storvik",
     ("skolen employee 2018-08-01", "skolen leader 2022-08-01 stand-in")),
    ("Synne Torskangerli", d(1987, 8, 19), "Helsesykepleier", "storvik", ("helsehuset employee 2018-05-01",)),
    ("Hilde Sandbøen", d(1978, 5, 11), "Leder for helsehuset", "storvik", ("helsehuset leader 2016-02-01",)),
    ("Margit Ytterskar", d(1983, 7, 31), "Jordmor", "storvik", ("helsehuset employee 2019-09-02",)),
    ("Roar Bølgeneset", d(1976, 10, 20), "PP-rådgiver", "storvik",
     ("ppt-kontor employee 2013-08-01", "ppt-kontor leader 2019-08-01")),
    ("Cecilie Strømhella", d(1989, 4, 2), "Familieterapeut", "storvik", ("brua leader 2020-01-02",)),
    ("Jarle Kvalodden", d(1981, 11, 15), "Ungdomspsykolog", "storvik",
     ("ungdomspsykolog leader 2021-01-04",)),
    ("Anette Garnvik", d(1985, 3, 9), "Ruskonsulent", "storvik", ("mestring leader 2017-01-02",)),
    ("Stian Mørkedalen", d(1988, 6, 26), "Barnevernskonsulent", "storvik",
     ("barnevern-kontor child_protection 2019-01-02", "barnevern-kontor leader 2023-01-02")),
    ("Inger Vinterlien", d(1970, 1, 6), "BTI-koordinator", "storvik",
     ("koordinering coordinator 2021-01-04",
      "koordinering leader 2021-01-04",
      "koordinering admin 2023-01-02")),
)
# fmt: on

_MAIL = "@epost.example"
Row = dict[str, Any]


def _adult(name: str, born: d, relation: str | None, responsibility: str | None, **more: Any) -> Row:
    return {"name": name, "born": born, "relation": relation, "responsibility": responsibility} | more


def _child(name: str, born: d, **more: Any) -> Row:
    return {"name": name, "born": born} | more


def _own(email: str, language: str = "nb") -> Row:
    """A youth's own entry in the contact register."""
    return {
        "email": email + _MAIL,
        "mobile": None,
        "reserved": False,
        "can_notify": True,
        "language": language,
    }


FAMILIES: tuple[Row, ...] = (
    {
        "key": "fagerdalen",
        "municipality": "granli",
        "note": "Familien i historien",
        "address": "Solbærveien 7, 0099 Granli",
        "adults": [
            _adult("Marit Elvestrand", d(1989, 2, 18), "mother", "joint"),
            _adult("Jonas Fagerdalen", d(1987, 9, 5), "father", "joint"),
        ],
        "children": [
            _child(
                "Tuva Elvestrand Fagerdalen",
                d(2022, 5, 17),
                key="tuva-fagerdalen",
                unit_id="unit-granli-bjorkelia",
            )
        ],
    },
    {
        "key": "stillvik",
        "municipality": "granli",
        "note": "Skjult adresse: mor og barn",
        "adults": [
            _adult("Hanne Stillviken", d(1991, 11, 3), "mother", "sole", grade="confidential"),
            _adult(
                "Raymond Østgrenda", d(1986, 4, 22), "father", "none", address="Fjernveien 3, 0098 Vikgrend"
            ),
        ],
        "children": [
            _child("Emil Stillviken", d(2019, 3, 8), grade="confidential", unit_id="unit-granli-barneskole")
        ],
    },
    {
        "key": "moldnesli",
        "municipality": "granli",
        "note": "Gravid med sitt første barn",
        "adults": [_adult("Silje Moldnesli", d(1998, 7, 12), None, None, pregnant={"due": d(2027, 3, 2)})],
        "children": [],
    },
    {
        "key": "kvernmoen",
        "municipality": "granli",
        "note": "Ungdom på 15, foreldrene bor hver for seg",
        "adults": [
            _adult("Trude Kvernmoen", d(1981, 1, 9), "mother", "joint"),
            _adult(
                "Geir Ove Langtjern",
                d(1979, 5, 27),
                "father",
                "joint",
                address="Damstien 14, 0099 Granli",
                contact={"language": "nn"},
            ),
        ],
        "children": [
            _child(
                "Oda Kvernmoen",
                d(2011, 9, 10),
                unit_id="unit-granli-ungdomsskole",
                contact=_own("oda.kvernmoen"),
            ),
            _child("Iver Kvernmoen", d(2015, 10, 30)),
        ],
    },
    {
        "key": "lindasmo",
        "municipality": "granli",
        "note": "Ungdom på 16",
        "adults": [
            _adult("Anita Lindåsmo", d(1980, 8, 8), "mother", "joint"),
            _adult(
                "Bjørnar Lindåsmo",
                d(1977, 12, 17),
                "father",
                "joint",
                contact={"reserved": True, "can_notify": False},
            ),
        ],
        "children": [_child("Sander Lindåsmo", d(2010, 9, 12), contact=_own("sander.lindasmo"))],
    },
    {
        "key": "haugerudsbraten",
        "municipality": "granli",
        "note": "Lange navn",
        "adults": [
            _adult(
                "Anne-Kristine Margrethe Bjørnstjerne-Haugerudsbråten",
                d(1985, 6, 6),
                "mother",
                "joint",
                key="anne-kristine-haugerudsbraten",
            ),
            _adult("Karl Fredrik Emanuel Vestre Nordhagaplassen", d(1984, 3, 19), "father", "joint"),
        ],
        "children": [
            _child(
                "Aurora Charlotte Josefine Bjørnstjerne-Haugerudsbråten",
                d(2017, 4, 25),
                key="aurora-haugerudsbraten",
            )
        ],
    },
    {
        "key": "askvang",
        "municipality": "granli",
        "note": "To mødre og tre søsken",
        "adults": [
            _adult("Kaja Askvangen", d(1986, 10, 14), "mother", "joint"),
            _adult("Linn Therese Vårdal", d(1988, 5, 1), "co_mother", "joint"),
        ],
        "children": [
            _child("Mathea Askvangen", d(2014, 2, 6)),
            _child("Jakob Askvangen", d(2018, 8, 20)),
            _child("Sunniva Askvangen", d(2023, 12, 11), unit_id="unit-granli-maltrosten"),
        ],
    },
    {
        "key": "okorie",
        "municipality": "granli",
        "note": "Mor leser engelsk",
        "adults": [
            _adult("Blessing Okorie Fjellvang", d(1990, 9, 9), "mother", "joint", contact={"language": "en"}),
            _adult("Morten Fjellvang", d(1988, 1, 28), "father", "joint"),
        ],
        "children": [
            _child(
                "Samuel Okorie Fjellvang",
                d(2020, 7, 4),
                key="samuel-fjellvang",
                unit_id="unit-granli-barneskole",
            )
        ],
    },
    {
        "key": "torvmyra",
        "municipality": "granli",
        "note": "Mormor har foreldreansvaret",
        "adults": [
            _adult(
                "Gerd Torvmyra", d(1961, 3, 31), "other", "sole", contact={"email": None, "can_notify": False}
            ),
            _adult("Camilla Torvmyra", d(1988, 12, 24), "mother", "none"),
        ],
        "children": [_child("Leander Torvmyra", d(2016, 11, 2))],
    },
    {
        "key": "skuggevik",
        "municipality": "granli",
        "note": "Registeret kjenner ikke fars foreldreansvar",
        "adults": [
            _adult("Vilde Skuggeviken", d(1994, 2, 2), "mother", "joint"),
            _adult("Adrian Pedersholm", d(1993, 6, 15), "father", "unknown"),
        ],
        "children": [_child("Ella Skuggeviken", d(2024, 2, 29), unit_id="unit-granli-bjorkelia")],
    },
    {
        "key": "rimfrost",
        "municipality": "granli",
        "note": "Fyller 15 år om to uker",
        "adults": [
            _adult("Heidi Rimfrosten", d(1983, 7, 21), "mother", "joint"),
            _adult("Thomas Rimfrosten", d(1982, 11, 11), "father", "joint"),
        ],
        "children": [_child("Marius Rimfrosten", d(2011, 12, 5), contact=_own("marius.rimfrosten"))],
    },
    {
        "key": "brattlien",
        "municipality": "granli",
        "note": "Fyller 18 år i desember",
        "adults": [
            _adult("Elisabeth Brattliengen", d(1978, 4, 4), "mother", "joint"),
            _adult("Knut Arild Brattliengen", d(1975, 10, 7), "father", "joint"),
        ],
        "children": [_child("Julie Brattliengen", d(2008, 12, 15), contact=_own("julie.brattliengen"))],
    },
    {
        "key": "havrekroken",
        "municipality": "granli",
        "note": "Mor er nylig skilt, en forelder svarer ikke",
        "adults": [
            _adult("Ida Havrekroken", d(1992, 8, 30), "mother", "joint"),
            _adult(
                "Simen Tverråsen", d(1990, 3, 13), "father", "joint", address="Nedre Vei 2, 0098 Vikgrend"
            ),
        ],
        "children": [_child("Noah Havrekroken", d(2021, 1, 19), unit_id="unit-granli-maltrosten")],
    },
    {
        "key": "guorzajavri",
        "municipality": "storvik",
        "note": "Samiske bokstaver, leser nordsamisk",
        "adults": [
            _adult("Biret Áile Čeavžejohka", d(1988, 2, 6), "mother", "joint", contact={"language": "se"}),
            _adult(
                "Niillas Ásllat Guoržajávri", d(1985, 8, 23), "father", "joint", contact={"language": "se"}
            ),
        ],
        "children": [
            _child("Elle Márjá Guoržajávri", d(2021, 9, 28), unit_id="unit-storvik-luossa"),
            _child("Ánte Mihkkal Guoržajávri", d(2017, 5, 9)),
        ],
    },
    {
        "key": "vuoddonjarga",
        "municipality": "storvik",
        "note": "Samiske bokstaver i alle navn",
        "adults": [
            _adult("Ráŧŧo Inga Vuođđoŋárga", d(1984, 12, 12), "mother", "sole"),
            _adult("Sámmol Ruoššavárri", d(1983, 1, 1), "father", "none", contact={"language": "se"}),
        ],
        "children": [_child("Iŋgá Máret Vuođđoŋárga", d(2012, 3, 16))],
    },
    {
        "key": "sjokanten",
        "municipality": "storvik",
        "note": "Gravid, venter barn nummer to",
        "adults": [
            _adult("Maren Sjøkanten", d(1993, 5, 20), "mother", "joint", pregnant={"due": d(2027, 1, 24)}),
            _adult("Ørjan Sjøkanten", d(1991, 9, 2), "father", "joint"),
        ],
        "children": [_child("Odin Sjøkanten", d(2023, 6, 27), unit_id="unit-storvik-solsida")],
    },
    {
        "key": "brimnesset",
        "municipality": "storvik",
        "note": "Ungdom på 17",
        "adults": [
            _adult("Laila Brimnesset", d(1979, 6, 30), "mother", "joint", contact={"language": "nn"}),
            _adult(
                "Svein Brimnesset",
                d(1976, 2, 14),
                "father",
                "joint",
                contact={"reserved": True, "can_notify": False},
            ),
        ],
        "children": [_child("Håkon Brimnesset", d(2009, 1, 31), contact=_own("hakon.brimnesset", "nn"))],
    },
    {
        "key": "lyngholmen",
        "municipality": "storvik",
        "note": "Far har foreldreansvaret alene",
        "adults": [
            _adult("Daniel Lyngholmen", d(1987, 11, 29), "father", "sole"),
            _adult("Renate Ytterøyli", d(1990, 4, 18), "mother", "none", address="Bakveien 9, 0098 Vikgrend"),
        ],
        "children": [_child("Leah Lyngholmen", d(2019, 10, 5)), _child("Filip Lyngholmen", d(2013, 7, 14))],
    },
    {
        "key": "taresund",
        "municipality": "storvik",
        "note": "Nyfødt",
        "adults": [
            _adult("Stine Taresunden", d(1997, 1, 22), "mother", "joint"),
            _adult("Markus Taresunden", d(1996, 10, 3), "father", "joint"),
        ],
        "children": [_child("Alfred Taresunden", d(2026, 9, 14))],
    },
)

EVERYDAY_UNITS = {
    "granli": (
        ("unit-granli-bjorkelia", "unit-granli-maltrosten"),
        "unit-granli-barneskole",
        "unit-granli-ungdomsskole",
    ),
    "storvik": (
        ("unit-storvik-solsida", "unit-storvik-luossa"),
        "unit-storvik-skolen",
        "unit-storvik-skolen",
    ),
}
STREETS = {
    "granli": (
        "Solbærveien",
        "Damstien",
        "Kornblomstveien",
        "Nordåsveien",
        "Elvekroken",
        "Trostestien",
        "Låvebakken",
    ),
    "storvik": ("Solsidevegen", "Naustveien", "Laksebakken", "Kirkebakken", "Teistestien", "Rorbusvingen"),
}
# fmt: off
SURNAMES = (
    "Orrevang", "Måsebakken", "Tjeldengen", "Aspbråten", "Heggtangen", "Rognskaret", "Seljehammer",
    "Almetjern", "Ospelien", "Grankollen", "Furukleiva", "Einerhaugen", "Lerkevoll", "Svaleneset",
    "Gjøkeberget", "Linerlia", "Trostvang", "Ugleskog", "Bekkasinmyr", "Heiloråsen", "Spoverud", "Ternholm",
    "Lomtjønna", "Storspoven", "Vipebakk", "Hakkespettåsen", "Rødstrupen", "Kjøttmeisli", "Blåfjellhaug",
    "Gråsteinvik", "Kvitbergli", "Svartåsmyr", "Raudvoll", "Gullhaugmo", "Sølvskaret", "Kobberlien",
    "Jernbråten", "Tinnholtet", "Skifertun", "Kalkvangen", "Flintneset",
)
# fmt: on
# fmt: off
OTHER_SURNAMES = (
    "Nordlysmo", "Vårflodin", "Høstbakken", "Sommerlund-Vik", "Vinterstøl", "Regnbuevoll", "Skodderud",
    "Hagletun", "Slettemyr", "Islandsmo", "Snøfonn", "Rimåsen", "Doggvang", "Klarværsli", "Vindtun",
    "Stillhaug",
)
# fmt: on
# fmt: off
WOMEN = (
    "Kristin", "Maria", "Cathrine", "Hege", "Line", "Tonje", "Guro", "Astrid", "Malin", "Eline", "Sigrid",
    "Kari Anne", "Pernille", "Ane", "Frida", "Ragna", "Thea", "Victoria", "Helle", "Bente", "Karoline",
    "Mari", "Ellen", "Janne", "Runa", "Tiril", "Synnøve", "Ylva", "Andrea", "Gunhild", "Irene", "Martine",
    "Monica", "Oddny", "Rikke", "Selma", "Tora", "Une", "Vibeke", "Åse", "Åshild",
)
# fmt: on
# fmt: off
MEN = (
    "Anders", "Magnus", "Lars Erik", "Even", "Kim", "Joakim", "Stig", "Trond", "Vegard", "Ivar", "Ludvig",
    "Nils", "Oskar", "Preben", "Ruben", "Sigurd", "Torbjørn", "Ulrik", "Viljar", "Yngve", "Øystein", "Åge",
    "Bård", "Christer", "Didrik", "Einar", "Fredrik", "Gaute", "Harald", "Inge", "Johan", "Kjetil", "Leif",
    "Mads", "Njål", "Olav", "Per Kristian", "Rune", "Sverre", "Terje", "Øyvind",
)
# fmt: on
# fmt: off
CHILDREN = (
    "Liam", "Olivia", "Kasper", "Ingrid", "Theo", "Sofie", "Lukas", "Emma", "Aksel", "Maja", "Ulrik", "Ada",
    "Henrik", "Frøya", "Isak", "Live", "Elias", "Signe", "Tobias", "Hedda", "Mikkel", "Vilja", "Brage",
    "Astrid", "Felix", "Amalie", "Sivert", "Selma", "Odd", "Ronja", "Jonathan", "Tiril", "Storm", "Eira",
    "Ludvik", "Alma", "Adam", "Lotta", "Ravn", "Saga", "Even", "Åsne",
)
# fmt: on


def age(born: d, day: d) -> int:
    """Whole years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def group_of(employee: Row) -> str:
    """The heading under which an employee stands on the test login's page."""
    roles = {role["role"] for role in employee["roles"]}
    unit = employee["roles"][0]["unit_id"].split("-", 2)[2]
    if roles & {"coordinator", "admin"}:
        return "BTI-koordinator og administrator"
    for group, units in {
        "Ansatte i barnehage": ("bjorkelia", "maltrosten", "luossa", "solsida"),
        "Ansatte på skole": ("barneskole", "ungdomsskole", "skolen"),
        "Ansatte på helsestasjon": ("helsestasjonen", "jordmor", "helsehuset"),
        "Ansatte i voksentjenester": ("rus-psykisk-kontor", "mestring"),
        "Barnevern": ("barnevern-kontor",),
    }.items():
        if unit in units:
            return group
    return "Ansatte som støtter"


def guardian_label(adult: Row, ties: list[Row], children: dict[str, Row], day: d) -> str:
    """Who an adult is on a day, in a few words: "Mor til Tuva (4 år)"."""
    if "pregnant" in adult and not ties:
        return "Gravid"
    word = {"mother": "Mor", "co_mother": "Medmor", "father": "Far", "other": "Omsorgsperson"}[
        ties[0]["relation"]
    ]
    names = [
        f"{children[tie['child']]['name'].split()[0]} ({age(children[tie['child']]['birth_date'], day)} år)"
        for tie in ties
    ]
    label = f"{word} til {' og '.join([', '.join(names[:-1]), names[-1]] if len(names) > 1 else names)}"
    if ties[0]["responsibility"] == "none":
        label += ", uten foreldreansvar"
    return "Gravid. " + label if "pregnant" in adult else label
