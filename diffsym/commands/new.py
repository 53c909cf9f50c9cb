"""``diffsym new``: a derivation file that works, with a comment at every key, to be changed into one's own."""

from __future__ import annotations

import re
from pathlib import Path

from diffsym.commands.arguments import Command, Given, Option, Outcome, shown
from diffsym.commands.places import folder_at, write_whole
from diffsym.errors import UsageError

COMMAND = Command(
    "new",
    "NAME",
    "A derivation file to start from: a common-source stage that can be rendered as it stands.",
    1,
    1,
    options=(Option("dir", "the folder to write it to (default: this one)", "DIR"),),
)

STARTER = """\
# A derivation. Render it with:  diffsym derive {name}.toml
schema = 1
name = "{name}"                # the file's own name
title = "Gain of a common-source stage"
chapter = 2                    # where a library's index lists it

# A SPICE netlist without a title line. Symbols in the value of a source are signals, all others parameters;
# a source with a number only is a supply, which is ground for signals. IT is a test current into the output.
netlist = '''
V1 in 0 vin
VDD vdd 0 5
RD vdd out RD
M1 out in 0 0 n
IT 0 out it
.model n nmos level=1
*% model M1 gm ro
'''
# M1 brings the symbols gm1 and ro1, which formulas write as g_{{m1}} and r_{{o1}}.

# Numbers for the check at the end.
nominal = {{ gm1 = "1m", RD = "10k", ro1 = "100k" }}

problem = '''
A transistor with grounded source drives the resistance $R_D$. Its output resistance $r_{{o1}}$ is finite.
'''

[[quantity]]
name = "A_v"
title = "Voltage gain"
of = "v(out)/vin"
expect = '-g_{{m1}} (R_D \\parallel r_{{o1}})'   # compared with the result, never used; leave it out if you like
limits = ["ro1 -> oo"]

[[quantity]]
name = "R_out"
title = "Output resistance"
of = "v(out)/it"               # the signals that a quantity names are applied, all others are zero
expect = 'R_D \\parallel r_{{o1}}'

# A quantity may be asked of another circuit, which is this one with changes (or a netlist of its own):
#
# [circuits.shorted]
# title = "output shorted"
# remove = ["RD", "IT"]
# add = "VS out 0 0"           # a line for an element that is there already replaces it
#
# [[quantity]]
# name = "G_m"
# of = "i(VS)/vin"
# circuit = "shorted"
"""


def run(given: Given) -> Outcome:
    name = given.words[0].removesuffix(".toml")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}", name):
        raise UsageError(f"the name {shown(name)} is not made of letters, digits and hyphens", hint="as in my-stage")
    path = folder_at(Path(given.one("dir", "."))) / f"{name}.toml"
    write_whole(path, STARTER.format(name=name), replace=False)
    return Outcome(f"{path}\n", lambda: {"files": [{"file": str(path)}]}, (f"render it with: diffsym derive {path}",))
