"""What a sweep costs besides its trainings: the constants of `benchmarks.simulated_cluster`.

Each is measured on the product's own code: Tune's run with a trainable that does nothing, the
recorder against a real database and a real server, jobs against a real S3 server, the planner on
specs of 10,000 trials and more. Processor times are the driver's unless said; a sweep's driver is
one process, and what it does goes one after another.
"""
