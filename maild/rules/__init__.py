"""The rule language: load (the YAML door), conditions, actions, engine, tests."""
