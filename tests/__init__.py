"""The tests mirror `bot/`, a module for every module.

Bytecode is kept, also where the environment has it otherwise (containers do).

To compile the tests, Hypothesis (which is rewritten as tests are, being a plugin) and pytest takes each process some
seconds. The flag is for what this one imports from here on, before anything large; the variable for those that run
tests beside it, which keep pytest's own for all. The bot's processes that tests start keep theirs anyway.
"""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
