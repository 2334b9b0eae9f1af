"""Writing sweeps to MLflow, and the specs that their records can be written again from."""
