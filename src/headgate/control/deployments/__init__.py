"""Deployments and the provider credentials that they show upstream."""
