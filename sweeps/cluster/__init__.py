"""A cluster from outside: where it is, and sweeps submitted to it; and starting its machines."""
