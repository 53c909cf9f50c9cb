"""Words that stand between formulas, in English and German; a name that the circuit has is never one of them."""

from __future__ import annotations

STRONG_WORDS = frozenset(
    """
    about above according across after again all allowing almost also although always and any apply applying
    approximately are assume assumed assumes assuming auflösen aus because become becomes been before bei beim being
    below between both but bzw calculate calculated calling can cancel cancels clearly collect collecting combine
    combining compute computed consider considering could da daher damit dann daraus dass define defined defining
    dem den denotes depends der derive derived des deshalb die does due each ein eine einem einen einer eines
    eingesetzt einsetzen either equals equivalently ergeben ergibt erhalten erhält every exact exactly exercise
    expand expanding factoring falls finally find finding folglich folgt follow following follows for from further
    für ganz gegeben gesucht get gets getting gilt give given gives giving größer has have having hello hence her
    here his holds how however ignore ignored ignoring implies including insert inserting instead into ist its
    itself jetzt just kann know known lautet leads less let letting looking make making man may means mit mithilfe
    much must my nach namely near nearly need neglect neglected neglecting negligible nor note notice noting now nun
    nur ob obtain obtained obtaining obvious obviously oder okay once only other otherwise our out please plug
    plugging plugs prove provided put putting question rearrange rearranging recall recalling reduces remains
    replace replacing respectively resulting roughly said same seen sei sein set sets setting she should show shown
    shows similarly simplified simplifies simplify simplifying simply since sind solve solved solves solving some
    somit sowie still substitute substituted substituting such suppose take taken takes taking than thanks that the
    their them then there therefore these they think third this those through thus typically und under unter until
    use used uses using usually valid very via vom von vor want was wegen weil well wenn were what when where
    whereas which while whole whose will wir wird with without wobei would write writing written wrote wurde yield
    yields you your zum zur zusammen über
    """.split()  # noqa: SIM905
)
"""Words that are never symbols, whatever stands beside them."""

NOUNS = frozenset(
    """
    ac analysis answer antwort ausgang balanced bandwidth base bias body capacitance case check circuit collector
    common condition conditions constant current currents dc device devices differential direct drain drive drop
    effect eingang element emitter end eq eqn eqs equal equation equations equivalent ergebnis expression fact
    factor feedback fig final first fixed form formula frequency gain gains gate gleichung gross ground grounded
    half-circuit halves high hint ideal impedance independent infinite input kcl kirchhoff kirchhoff's klein
    kleinsignal knoten knotenregel konstant kvl large law left limit line linear load long loop lossless low lösung
    maschenregel masse matched method mode model more mosfet most next nodal node nodes noise null obvious ohm ok
    one order output overall pair pairs part pole poles positive power problem quantity quelle ratio rejection
    resistance resistances resistor resistors result results right saturation sec second see short side sides signal
    signals single small smaller solution source spannung stage step steps strom swing symmetric symmetry table tail
    term terms transconductance transistor transistors two unknown value values verstärkung virtual voltage voltages
    whose widerstand zero zeros
    """.split()  # noqa: SIM905
)
"""Words that are symbols only where an operator stands beside them: ``gain = -gm RD``."""

WEAK_WORDS = frozenset(
    """
    a am an as at be by do er go hat he i if im in is it me no of off on or so to um up us we
    """.split()  # noqa: SIM905
)
"""Short words; as nouns, and the ones that are usual symbols only beside another word."""

SYMBOLIC_WORDS = frozenset(
    """
    a ac am be dc do er go hat he i im in is it me no off um up
    """.split()  # noqa: SIM905
)
"""Weak words that need another word beside them to be words."""

CONDITION_WORDS = frozenset(
    """
    as assume assuming at because bei da falls for für given if ignoring in let limit mit neglecting provided since
    sofern suppose under unless unter weil wenn when whenever while with
    """.split()  # noqa: SIM905
)
"""What follows one of them says when a formula holds."""

DEFINITION_WORDS = frozenset(
    """
    defining here hier let letting mit where with wobei
    """.split()  # noqa: SIM905
)
"""What follows one of them says what a name means."""

EQUALS_WORDS = frozenset(
    """
    are becomes equals is ist
    """.split()  # noqa: SIM905
)
"""Between a name and its value they are an equals sign."""

ARITHMETIC_WORDS = {
    "times": "write *",
    "multiplied": "write *",
    "mal": "write *",
    "plus": "write +",
    "minus": "write -",
    "divided": "write /",
    "over": "write /",
    "durch": "write /",
    "per": "write /",
    "squared": "write ^2",
    "cubed": "write ^3",
    "twice": "write 2*",
    "double": "write 2*",
    "doubled": "write 2*",
    "halved": "write /2",
    "half": "write 1/2",
    "inverse": "write 1/(…)",
    "reciprocal": "write 1/(…)",
    "magnitude": "write |…|",
    "absolute": "write |…|",
    "percent": "write /100",
    "not": "write ≠",
}
"""Words that change what a formula says: to leave one out would be to read something else."""

LONG_WORD = 6
"""Small letters in a row that are a word wherever they stand beside another name."""
