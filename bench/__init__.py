"""Benchmarks. Each prints ratios against a baseline measured in the same run; none is a test."""
