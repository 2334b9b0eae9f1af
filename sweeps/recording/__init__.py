"""Writing sweeps to MLflow, and keeping what is written there sound."""
