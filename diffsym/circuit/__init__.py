"""Circuits: netlists, devices, small-signal expansion, symmetry."""
