"""Whether the gateway lives and is ready, and its metrics: for operators, without login."""

from typing import Any

from flask import Flask, Response, current_app, jsonify

from services.chassis import metrics
from services.chassis.health import report


def register(app: Flask) -> None:
    """Add /health/live, /health/ready and /metrics, as each service has them."""

    @app.get("/health/live")
    def live() -> Any:
        return jsonify(status="up", components=[{"component": "gateway", "status": "up"}])

    @app.get("/health/ready")
    def ready() -> Any:
        """One row a component; 503 while one of them fails."""
        well, answer = report(_checks())
        return jsonify(answer), 200 if well else 503

    @app.get("/metrics")
    def exposition() -> Response:
        report(_checks())  # so that stafett_component_up tells of this moment
        return Response(metrics.own_exposition(), content_type=metrics.CONTENT_TYPE)


def _checks() -> dict[str, Any]:
    means = current_app.extensions["stafett"]
    return {"database": means.db.answers, "broker": means.client.connected}
