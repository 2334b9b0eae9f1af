"""From what a user says of a training to a whole recipe: names found, lengths in iterations,
network, data, device and backend that go together.
"""
