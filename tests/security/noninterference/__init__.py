"""PR-3, measured: one seeded story is played twice, with and without reports in the protected lane, and all that those
outside the lane can get is compared byte for byte.

    world.py       the suite, made anew from one seeded folder, at the same instant of the sandbox's clock
    story.py       what happens, and at which moments somebody reports
    asked.py       everything that can be asked for, from the gateway's own table of addresses
    collecting.py  what each viewer gets of it, and what comes to them without being asked for
    alike.py       what is set aside (alike.yaml, with reasons), and the first difference
    leaks.py       leaks to plant, one in each channel
"""
