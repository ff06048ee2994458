"""The parts of the validation: each makes a `Section` of the report from numbers that are kept."""
