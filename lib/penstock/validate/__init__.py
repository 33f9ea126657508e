"""validate: typed casts and rules, the gate on counts, and expectation suites."""

from penstock.validate.expectations import run_expectations
from penstock.validate.validate import validate

__all__ = ["run_expectations", "validate"]
