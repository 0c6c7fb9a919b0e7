"""The bench of the bus: ours beside plain nameko, FastStream and bare kombu, on one broker in one run.

Each system has a teller and a hearer in processes of their own, which `run.py` orders about by lines of JSON.
"""
