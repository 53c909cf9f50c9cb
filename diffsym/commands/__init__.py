"""One module a command: what it takes (``COMMAND``), and a function from arguments to an outcome (``run``)."""
