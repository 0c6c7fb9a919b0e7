"""Identity numbers as they are taken in: checked, and of the series that this installation accepts (DI-6)."""

from services.cases.domain.errors import BadNumber
from services.kernel import identity_number


def accepted(number: str, sandbox: bool, field: str = "child_number") -> str:
    """The eleven digits; raises BadNumber naming `field` for what is no identity number, or not one for here."""
    fault = identity_number.check(number, sandbox)
    if fault is not None:
        raise BadNumber(fault, field)
    return "".join(number.split())
