"""Execute a plan: one Ray Tune run, its progress, and its results in MLflow."""
