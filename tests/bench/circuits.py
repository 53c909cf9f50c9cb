"""The circuits of the comparison with peers: textbook stages and large ones, each with one gain that is asked."""

from __future__ import annotations

from dataclasses import dataclass

import large
from large import Large


@dataclass(frozen=True)
class Bench:
    """v(plus, minus)/drive of a netlist; ``silent``: signals that are zero."""

    title: str
    netlist: str
    drive: str
    plus: str
    minus: str = "0"
    silent: tuple[str, ...] = ()
    contains: str = ""
    """Another case that is a part of this one: what takes too long there takes longer here."""

    @property
    def quantity(self) -> str:
        output = self.plus if self.minus == "0" else f"{self.plus},{self.minus}"
        return f"v({output})/{self.drive}"


def ladder(sections: int) -> str:
    lines = ["V1 n0 0 vin"]
    for n in range(1, sections + 1):
        lines += [f"R{n} n{n - 1} n{n} R{n}", f"C{n} n{n} 0 C{n}"]
    return "\n".join(lines)


INPUTS = "V1 g1 0 {vic+vid/2}\nV2 g2 0 {vic-vid/2}\n"
MOS = ".model n nmos level=1\n"

PAIR = (
    INPUTS
    + MOS
    + """VDD vdd 0 5
RD1 vdd o1 RD
RD2 vdd o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
ISS s 0 200u
RSS s 0 RSS
"""
)

PAIR_OF_BIPOLARS = (
    INPUTS
    + """Q1 o1 g1 e n
Q2 o2 g2 e n
RC1 0 o1 RC
RC2 0 o2 RC
REE e 0 REE
.model n npn
*% model Q1 gm rpi ro cpi cmu
"""
)

OTA = (
    INPUTS
    + MOS
    + """.model p pmos
M1 x g1 s 0 n
M2 o g2 s 0 n
M3 x x 0 0 p
M4 o x 0 0 p
*% match M1 M2
*% match M3 M4
"""
)

MILLER = (
    INPUTS
    + MOS
    + """.model p pmos
M1 x g1 s 0 n
M2 y g2 s 0 n
M3 x x 0 0 p
M4 y x 0 0 p
M6 o y 0 0 p
M7 o 0 0 0 n
CC y o CC
CL o 0 CL
*% match M1 M2
*% match M3 M4
"""
)

TELESCOPIC = (
    INPUTS
    + MOS
    + """.model p pmos
M1 a1 g1 s 0 n
M2 a2 g2 s 0 n
M3 o1 0 a1 0 n
M4 o2 0 a2 0 n
M5 o1 0 b1 0 p
M6 o2 0 b2 0 p
M7 b1 0 0 0 p
M8 b2 0 0 0 p
RSS s 0 RSS
"""
)

INSTRUMENTATION = """V1 a 0 {vic-vid/2}
V2 b 0 {vic+vid/2}
E1 x 0 a m A1
E2 y 0 b n A2
R1 x m R1
R2 y n R1
RG m n RG
R3 x u R3
R4 u o R4
R5 y w R3
R6 w 0 R4
E3 o 0 w u A3
*% opamp E1
*% opamp E2
*% opamp E3
"""

COMMON_EMITTER = """V1 i 0 vin
Q1 c i e n
RC 0 c RC
RE e 0 RE
.model n npn
*% model Q1 gm rpi rb cpi cmu
"""

CASCODE = (
    MOS
    + """V1 g 0 vin
RS g i RS
M1 x i 0 0 n
M2 o 0 x 0 n
RD 0 o RD
CL o 0 CL
*% model M1 gm ro cgs cgd
*% model M2 gm ro cgs cgd
"""
)

FOLLOWER = (
    MOS
    + """V1 i 0 vin
RG i g RG
M1 0 g o 0 n
RS o 0 RS
CL o 0 CL
*% model M1 gm gmb ro cgs cgd
"""
)

COMMON_BASE = """V1 i 0 vin
RS i e RS
Q1 o 0 e n
RC 0 o RC
.model n npn
*% model Q1 gm rpi ro rb cpi cmu
"""

WILSON = (
    MOS
    + """I1 0 x iin
M1 x y 0 0 n
M2 y y 0 0 n
M3 o x y 0 n
RL o 0 RL
*% match M1 M2
"""
)

WIDLAR = """I1 0 x iin
Q1 x x 0 n
Q2 o x e n
RE e 0 RE
RL o 0 RL
.model n npn
"""

DIFFERENCE = """V1 a 0 {vic-vid/2}
V2 b 0 {vic+vid/2}
R1 a m R1
R2 m o R2
R3 b p R3
R4 p 0 R4
E1 o 0 p m A
"""

SALLEN_KEY = """V1 i 0 vin
R1 i a R1
R2 a p R2
C1 a o C1
C2 p 0 C2
E1 o 0 p m A
RA o m RA
RB m 0 RB
*% opamp E1
"""

MISMATCHED = (
    INPUTS
    + MOS
    + """VDD vdd 0 5
RD1 vdd o1 RD1
RD2 vdd o2 RD2
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
"""
)

CIRCUITS = (
    Bench("MOS pair", PAIR, "vid", "o1", "o2", ("vic",)),
    Bench(
        "MOS pair with capacitances",
        PAIR + "CL1 o1 0 CL\nCL2 o2 0 CL\n*% model M1 gm ro cgs cgd\n",
        "vid",
        "o1",
        "o2",
        ("vic",),
    ),
    Bench("BJT pair with C_π and C_μ", PAIR_OF_BIPOLARS, "vid", "o1", "o2", ("vic",)),
    Bench("five-transistor OTA", OTA, "vid", "o", "0", ("vic",)),
    Bench("five-transistor OTA, capacitances", OTA + "CL o 0 CL\nCX x 0 CX\n", "vid", "o", "0", ("vic",)),
    Bench("two-stage Miller op amp", MILLER, "vid", "o", "0", ("vic",)),
    Bench("telescopic cascode amplifier", TELESCOPIC, "vid", "o1", "o2", ("vic",)),
    Bench("instrumentation amplifier", INSTRUMENTATION, "vid", "o", "0", ("vic",)),
    Bench("common emitter, r_b, C_π, C_μ, R_E", COMMON_EMITTER, "vin", "c"),
    Bench("RC ladder of 3", ladder(3), "vin", "n3"),
    Bench("RC ladder of 4", ladder(4), "vin", "n4"),
    Bench("RC ladder of 5", ladder(5), "vin", "n5"),
    Bench("RC ladder of 6", ladder(6), "vin", "n6"),
    Bench("RC ladder of 10", ladder(10), "vin", "n10", contains="RC ladder of 6"),
    Bench("cascode with capacitances", CASCODE, "vin", "o"),
    Bench("source follower, C_gs, C_gd, body effect", FOLLOWER, "vin", "o"),
    Bench("common base, r_b, C_π, C_μ", COMMON_BASE, "vin", "o"),
    Bench("Wilson mirror", WILSON, "iin", "o"),
    Bench("Widlar mirror", WIDLAR, "iin", "o"),
    Bench("difference amplifier, finite gain", DIFFERENCE, "vid", "o", "0", ("vic",)),
    Bench("Sallen-Key low-pass with gain", SALLEN_KEY, "vin", "o"),
    Bench("MOS pair with mismatch", MISMATCHED, "vid", "o1", "o2", ("vic",)),
)
"""Small circuits: those that everybody asks for first, then further ones of every textbook."""


def _large(case: Large, after: str = "") -> Bench:
    return Bench(case.title, case.netlist, "vin", case.quantity.partition("(")[2].partition(")")[0], contains=after)


LARGE = (
    _large(large.folded_cascode()),
    _large(large.amplifier("741")),
    _large(large.amplifier("741 with protection", protected=True), "741"),
    _large(large.amplifier("741 with protection and all parasitics", protected=True, parasitic=True), "741"),
    _large(large.leapfrog(5), "741"),
    _large(large.leapfrog(10), "741"),
)
"""Circuits whose answers are not written out."""
