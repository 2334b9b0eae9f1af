"""What a core of this machine does: measured once, kept, and used by `sweeps plan`."""
