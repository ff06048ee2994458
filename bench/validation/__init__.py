"""The parts of `bench/validate.py`: each makes a `Section` of the report from numbers that it has just computed."""
