"""Realistic sample drops, troubles included, and what must become of every record in them."""

from penstock.sample.drop import SAMPLES, Sample, write_sample
from penstock.sample.sheet import STATUSES, AnswerSheet, SampleFile

__all__ = ["SAMPLES", "STATUSES", "AnswerSheet", "Sample", "SampleFile", "write_sample"]
