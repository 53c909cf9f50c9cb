"""Numbers from circuits: responses over frequency and over samples of the parameters."""
