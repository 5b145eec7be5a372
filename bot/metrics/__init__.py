"""Figures for Prometheus: what they are called, where they come from, and how they get out."""
