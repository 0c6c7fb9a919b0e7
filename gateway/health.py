"""Whether the gateway lives and is ready, for anybody. Its metrics are told on loopback alone (service.py): counts of
what people do are no statistics for everybody (SE-4)."""

from typing import Any

from flask import Flask, current_app, jsonify

from services.chassis.health import report


def register(app: Flask) -> None:
    """Add /health/live and /health/ready, as each service has them."""

    @app.get("/health/live")
    def live() -> Any:
        return jsonify(status="up", components=[{"component": "gateway", "status": "up"}])

    @app.get("/health/ready")
    def ready() -> Any:
        """One row a component; 503 while one of them fails."""
        well, answer = report(current_app.extensions["stafett"].checks)
        return jsonify(answer), 200 if well else 503
