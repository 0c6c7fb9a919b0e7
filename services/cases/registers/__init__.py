"""The registers outside: who a number belongs to (population.py), where somebody is reached (contact.py)."""

from dataclasses import dataclass
from pathlib import Path

from environs import Env

from services.cases.registers.contact import ContactRegister
from services.cases.registers.population import FileRegister, PopulationRegister
from services.chassis.settings import Settings

DEMO_FILE = Path(__file__).resolve().parents[3] / "deploy" / "demo" / "data" / "families.yaml"


@dataclass(frozen=True, slots=True)
class Registers:
    """What the work of cases may ask of outside."""

    population: PopulationRegister
    contact: ContactRegister

    @classmethod
    def of(cls, settings: Settings) -> "Registers":
        """The embedded register at STAFETT_REGISTER_FILE (default: the demo families), and the contact register."""
        path = Path(Env().str("STAFETT_REGISTER_FILE", str(DEMO_FILE)))
        return cls(FileRegister(path), ContactRegister(settings.contact_register_url))
