"""The circuits that the benchmark runs: textbook stages, each with one gain that is asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bench:
    """v(plus, minus)/drive of a netlist; ``silent``: signals that are zero."""

    title: str
    netlist: str
    drive: str
    plus: str
    minus: str = "0"
    silent: tuple[str, ...] = ()

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

CIRCUITS = (
    Bench("MOS pair, r_o and R_SS", PAIR, "vid", "o1", "o2", ("vic",)),
    Bench(
        "MOS pair with C_gs, C_gd and C_L",
        PAIR + "CL1 o1 0 CL\nCL2 o2 0 CL\n*% model M1 gm ro cgs cgd\n",
        "vid",
        "o1",
        "o2",
        ("vic",),
    ),
    Bench("RC ladder of 3", ladder(3), "vin", "n3"),
    Bench("RC ladder of 5", ladder(5), "vin", "n5"),
    Bench("Wheatstone bridge", "V1 t 0 vin\nR1 t a R1\nR2 a 0 R2\nR3 t b R3\nR4 b 0 R4\nR5 a b R5", "vin", "a", "b"),
    Bench("common-source stage", MOS + "V1 g 0 vin\nRD 0 d RD\nM1 d g 0 0 n", "vin", "d"),
    Bench("degenerated common-source stage", MOS + "V1 g 0 vin\nRD 0 d RD\nM1 d g s 0 n\nRS s 0 RS", "vin", "d"),
    Bench("source follower", MOS + "V1 g 0 vin\nM1 0 g s 0 n\nRS s 0 RS", "vin", "s"),
    Bench("common-gate stage", MOS + "V1 i 0 vin\nRS i s RS\nM1 d 0 s 0 n\nRD 0 d RD", "vin", "d"),
    Bench("cascode", MOS + "V1 g 0 vin\nM1 x g 0 0 n\nM2 o 0 x 0 n\nRD 0 o RD", "vin", "o"),
    Bench(
        "BJT pair",
        INPUTS + "Q1 o1 g1 e n\nQ2 o2 g2 e n\nRC1 0 o1 RC\nRC2 0 o2 RC\nREE e 0 REE\n.model n npn",
        "vid",
        "o1",
        "o2",
        ("vic",),
    ),
    Bench(
        "five-transistor OTA, ideal tail",
        INPUTS + MOS + ".model p pmos\nM1 x g1 s 0 n\nM2 o g2 s 0 n\nM3 x x 0 0 p\nM4 o x 0 0 p\n"
        "*% match M1 M2\n*% match M3 M4",
        "vid",
        "o",
        "0",
        ("vic",),
    ),
    Bench(
        "difference amplifier, ideal op amp",
        "V1 a 0 {vic-vid/2}\nV2 b 0 {vic+vid/2}\nR1 a m R1\nR2 m o R2\nR3 b p R3\nR4 p 0 R4\nE1 o 0 p m A\n*% opamp E1",
        "vid",
        "o",
        "0",
        ("vic",),
    ),
)
