"""Derivations: steps that a person would take, each with its claim."""
