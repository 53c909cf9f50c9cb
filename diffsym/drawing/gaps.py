"""Where a controlling voltage is marked with + and −: beside the part across its nodes, else between open ends."""

from __future__ import annotations

from dataclasses import replace

from diffsym.drawing.sheet import Part, Sheet


def control_gaps(sheet: Sheet) -> tuple[tuple[Part, ...], dict[str, str]]:
    """Open ends where a controlling voltage is marked, and part → voltage where a part lies between its nodes."""
    gaps: dict[tuple[str, str], Part] = {}
    beside: dict[str, str] = {}
    for part in sheet.parts:
        if not part.spoken or part.control is None or part.control[0] == part.control[1]:
            continue
        key = part.control
        across = [other for other in sheet.parts if other.parameter in ("rpi", "rd") and other.ends == part.control]
        if across:
            known = beside.get(across[0].name, "")
            if part.spoken not in known.split(" = "):
                beside[across[0].name] = f"{known} = {part.spoken}" if known else part.spoken
        elif key not in gaps:
            pins = {"plus": part.control[0], "minus": part.control[1]}
            gaps[key] = Part(f"gap {part.name}", "gap", pins, part.spoken)
        elif part.spoken not in gaps[key].latex.split(" = "):
            gaps[key] = replace(gaps[key], latex=f"{gaps[key].latex} = {part.spoken}")
    return tuple(gaps[key] for key in sorted(gaps)), beside
