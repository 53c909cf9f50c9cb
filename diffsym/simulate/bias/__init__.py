"""Decks in numbers: devices as SPICE models them, their operating point, and the circuit linearised there."""
