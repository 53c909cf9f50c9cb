"""Hand algebra: a line is true of the circuit, nearly true under a condition, or false and probably by this slip."""
