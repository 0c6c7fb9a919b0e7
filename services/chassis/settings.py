"""What a process is told by its environment, read once at start; everything else is given these values."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from environs import Env, EnvError

_COLLECTOR = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""OpenTelemetry's own variables: where one of them names a collector, spans are sent (span_export.py)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process. URLs may hold passwords: they are kept out of its repr."""

    service: str
    var: Path
    amqp_url: str = field(repr=False)
    database_url: str = field(repr=False)
    sandbox: bool = True
    bind: str = "127.0.0.1"
    port: int = 8000
    health_port: int = 0
    public_url: str = "http://127.0.0.1:8000"
    smtp_url: str = field(default="smtp://127.0.0.1:2525", repr=False)
    contact_register_url: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    log_level: str = "info"
    clock_file: Path | None = None
    export_spans: bool = False
    outside_amqp_url: str = field(default="", repr=False)
    """Where the queues of outside systems are; empty: where ours are."""

    @classmethod
    def load(cls, service: str) -> "Settings":
        """Read STAFETT_* and PORT for `service`; raises environs.EnvError naming a variable with a wrong value.

        `health_port` 0 means that no health server is started. `clock_file` moves the clock of a sandbox
        (clock.SteppedClock), and is refused outside one: there a moved clock would end or lengthen real consents.
        """
        env = Env()
        port = env.int("PORT", 8000)
        with env.prefixed("STAFETT_"):
            var = Path(env.str("VAR", "var")).absolute()
            sandbox, clock_file = env.bool("SANDBOX", True), env.str("CLOCK_FILE", "")
            if clock_file and not sandbox:
                raise EnvError(
                    "STAFETT_CLOCK_FILE is for a sandbox alone: take it away, or set STAFETT_SANDBOX=1"
                )
            return cls(
                service=service,
                var=var,
                amqp_url=env.str("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//"),
                database_url=env.str(
                    f"{service.upper()}_DATABASE_URL", f"sqlite:///{var / 'db' / service}.sqlite3"
                ),
                sandbox=sandbox,
                bind=env.str("BIND", "127.0.0.1"),
                port=port,
                health_port=env.int("HEALTH_PORT", 0),
                public_url=env.str("PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/"),
                smtp_url=env.str("SMTP_URL", "smtp://127.0.0.1:2525"),
                contact_register_url=env.str("CONTACT_REGISTER_URL", ""),
                oidc_issuer=env.str("OIDC_ISSUER", ""),
                oidc_client_id=env.str("OIDC_CLIENT_ID", ""),
                oidc_client_secret=env.str("OIDC_CLIENT_SECRET", ""),
                log_level=env.str("LOG_LEVEL", "info"),
                clock_file=Path(clock_file).absolute() if clock_file else None,
                outside_amqp_url=env.str("OUTSIDE_AMQP_URL", ""),
                export_spans=any(os.environ.get(name) for name in _COLLECTOR),
            )
