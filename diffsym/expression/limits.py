"""How large a formula may be before it is refused: every bound on hostile text stands here."""

LONGEST_TEXT = 20_000
"""Characters."""

DEEPEST_NESTING = 100
"""Brackets, fractions, roots, exponents and bare function arguments inside each other."""

TALLEST_TREE = 200
"""Nodes on the way from the root of a tree to a leaf."""

MOST_NODES = 20_000

LONGEST_NUMBER = 60
"""Digits of one number."""

LARGEST_DECIMAL_EXPONENT = 400
"""Of a number like ``1e-3``, up or down."""

LARGEST_EXPONENT = 64
"""Absolute value of an exponent that is a number."""

LARGEST_POWER = 256
"""Absolute value of the product of numeric exponents of powers inside powers."""

LONGEST_RUN = 80
"""Letters, digits and underscores in a row."""

MOST_PROBLEMS = 60
"""Lines of one text that cannot be read and are reported one by one."""

MOST_READINGS = 12
"""Ways to read one line that are compared."""
