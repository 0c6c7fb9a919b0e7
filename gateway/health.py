"""Whether the gateway lives and is ready, and its metrics: for operators, without login."""

from typing import Any

from flask import Flask, Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


def register(app: Flask) -> None:
    """Add /health/live, /health/ready and /metrics."""

    @app.get("/health/live")
    def live() -> Any:
        return jsonify(status="ok", service="gateway")

    @app.get("/health/ready")
    def ready() -> Any:
        """One row a component; 503 while one of them fails."""
        means = current_app.extensions["stafett"]
        rows = {"database": means.db.answers(), "broker": means.client.connected()}
        ok = all(rows.values())
        components = [{"component": name, "status": "ok" if up else "failing"} for name, up in rows.items()]
        return jsonify(
            status="ok" if ok else "failing", service="gateway", components=components
        ), 200 if ok else 503

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
