"""Stage 3 of 8, stack: guarded things, composed. `sensor_stack.py` has one line a concern; each concern one file.

`add_<concern>(stack, ...)` builds into a concern of its own and gives a frozen bundle of what others refer to.
"""
