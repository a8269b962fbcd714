"""What more than one test module starts from: applications on real servers, fakes that misbehave, samples.

Each module is named for what it makes. What belongs to one folder of tests alone is in its `conftest.py`.
"""
