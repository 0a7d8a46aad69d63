"""YAML files of a desk → one frozen `Settings`, with every fault at once. `load.py` is the door."""
