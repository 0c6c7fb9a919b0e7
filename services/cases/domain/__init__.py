"""The rules of cases, pure: standard library and kernel only."""
