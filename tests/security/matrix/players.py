"""Whose cases there are: the two in which the roles have their parts, and two in which none of them has any."""

from __future__ import annotations

from dataclasses import dataclass

from tests.journeys.people import Person
from tests.security.matrix.cast import (
    CHILD,
    FATHER,
    HEALTH,
    HEALTH_UNIT,
    MOTHER,
    NAMED,
    NEWBORN,
    OTHER_PLACE,
    PLACE,
    PPT,
    PPT_UNIT,
    UNIT,
    YOUTH,
    Cast,
)

SAME, OTHER = "another family", "another municipality"


@dataclass(frozen=True, slots=True)
class Post:
    """An employee at work in a unit."""

    key: str
    unit_id: str


@dataclass(frozen=True, slots=True)
class Players:
    """Who plays the story of one child. `first` and `second` take part, for the services that consent names;
    `signer` answers for the family (key, capacity). `named` is a parent without responsibility whom consent names:
    where no register knows of that one, `by_paper`. `protection` keeps a care order for `in_care`,
    which waits where nobody `confirms` it. `counts_all`: the
    municipality counts its own service too when it suggests a level (LV-4). `pregnant`: the "child" is an adult who
    is with child (LV-13)."""

    place: str
    child: str
    signer: tuple[str, str]
    owner: Post
    holder: Post
    spare: Post | None
    first: Post
    second: Post
    asked: Post
    protection: Post
    services: tuple[str, str]
    named: str | None = None
    by_paper: bool = False
    in_care: str | None = None
    confirms: Post | None = None
    emergency: Post | None = None
    partner: bool = False
    counts_all: bool = False
    pregnant: bool = False

    def at_work(self, cast: Cast, part: str) -> Person:
        """Who plays a part at work, logged in."""
        post: Post = getattr(self, part)
        return cast.play(post.key, "employee", post.unit_id)


_CENTRE = "unit-granli-barnevern-kontor"
_OURS = {
    "place": PLACE,
    "owner": Post("solveig-brekkmo", UNIT),
    "holder": Post("live-rognbakken", UNIT),
    "spare": Post("kare-myrskogen", UNIT),
    "first": Post("henrik-solnesvik", PPT_UNIT),
    "second": Post("ingvild-tangvoll", HEALTH_UNIT),
    "asked": Post("lene-bergsvagen", HEALTH_UNIT),
    "protection": Post("espen-lysvollen", _CENTRE),
    "confirms": Post("marianne-gronskar", _CENTRE),
    "services": (PPT, HEALTH),
}
STAGED = {
    CHILD: Players(
        **_OURS, child=CHILD, signer=("ashild-flintneset", "guardian"), named=NAMED, by_paper=True,
        in_care="eira-tinnholtet", emergency=Post("tobias-rimbakken", "unit-granli-miljoteam"), partner=True,
    ),
    YOUTH: Players(**_OURS, child=YOUTH, signer=(YOUTH, "self")),
}  # fmt: skip
"""The cases of the roles: a child's, whose one guardian with responsibility signs, and a youth's, who signs alone."""

PREGNANCY = Players(**_OURS, child=MOTHER, signer=(MOTHER, "self"), pregnant=True)
BIRTH = Players(**_OURS, child=NEWBORN, signer=(FATHER, "guardian"))
"""The case of a pregnant woman, who consents alone; and her child's, whose parents both have responsibility."""

_SCHOOL, _OTHER_SCHOOL = "unit-granli-barneskole", "unit-storvik-skolen"
ELSEWHERE = {
    SAME: Players(
        place=PLACE, child="mikkel-svartasmyr", signer=("martine-svartasmyr", "guardian"),
        owner=Post("amund-kvitneslia", _SCHOOL), holder=Post("berit-orrehaugen", _SCHOOL),
        spare=None,
        first=Post("nora-vindheimsli", "unit-granli-rom-for-prat"), second=Post("vidar-klokkhaug", "unit-granli-brua"),
        asked=Post("vidar-klokkhaug", "unit-granli-brua"), protection=Post("marianne-gronskar", _CENTRE),
        services=("service-granli-psykisk-ung", "service-granli-familiesenter"), named="kjetil-stillhaug",
        emergency=Post("sindre-aspevollen", "unit-granli-ungdomsskole"),
    ),
    OTHER: Players(
        place=OTHER_PLACE, child="sivert-svaleneset", signer=("ane-svaleneset", "guardian"),
        owner=Post("havard-naustbakk", _OTHER_SCHOOL), holder=Post("petter-lomvoll", _OTHER_SCHOOL),
        spare=None, first=Post("roar-bolgeneset", "unit-storvik-ppt-kontor"),
        second=Post("synne-torskangerli", "unit-storvik-helsehuset"),
        asked=Post("margit-ytterskar", "unit-storvik-helsehuset"),
        protection=Post("stian-morkedalen", "unit-storvik-barnevern-kontor"),
        services=("service-storvik-ppt", "service-storvik-helsestasjon"), named="preben-klarvaersli",
        in_care="ludvik-skifertun", counts_all=True, emergency=Post("trine-skjaervoll", "unit-storvik-solsida"),
    ),
}  # fmt: skip
"""Those of others, by their relation to the roles: all that the staged ones have, others have too."""
