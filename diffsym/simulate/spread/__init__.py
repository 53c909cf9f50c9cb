"""One deck many times over: draws of its devices' mismatch, sweeps of its values, worst cases."""
