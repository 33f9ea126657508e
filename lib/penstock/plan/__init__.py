"""Listing and ledger in, batches out. Pure: no Spark, no I/O."""

from penstock.plan.planner import make_plan

__all__ = ["make_plan"]
