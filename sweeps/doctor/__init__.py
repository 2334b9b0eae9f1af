"""Whether a machine, or a cluster, has what a sweep needs: a module for each subject.

finding.py    what a check comes to
versions.py   Python and packages
memory.py     memory, and the shared part of it
disk.py       room and speed
store.py      the artifact store: whether it can be written, and changed by one of several
records.py    MLflow: the home's database, or a tracking server
ports.py      who may reach what listens here
token.py      the token that a cluster asks for
clock.py      clocks of servers
gpu.py        GPUs
data_sets.py  which data sets are there
trial_ray.py  a Ray of our own, started and ended
cluster.py    a cluster, by its job API
examination.py   all of these, in order
"""
