"""Clusters: starting their nodes, sending them sweeps."""
