"""The use cases that change something: one module each, `run(uow, request) -> dict` of ids and versions."""
