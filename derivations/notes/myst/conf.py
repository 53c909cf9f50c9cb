"""Lecture notes on the differential pair, built by Sphinx from MyST."""

project = "The differential pair"
author = "Lecture notes"
extensions = ["myst_parser", "diffsym.sphinx"]
myst_enable_extensions = ["dollarmath"]
numfig = True
html_theme = "alabaster"
exclude_patterns = ["_build"]

# Formulas of keys need no script then; leave it out where the site has MathJax.
diffsym_mathml = True
