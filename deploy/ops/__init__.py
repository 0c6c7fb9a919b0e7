"""The operators' command, one module a subject; `python -m deploy.ops --help` lists what it can do."""
