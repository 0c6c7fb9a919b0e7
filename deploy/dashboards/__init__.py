"""What operators look at: a dashboard for Grafana, made from board.py, and Prometheus' settings and alerts."""
