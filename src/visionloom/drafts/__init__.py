"""Drafts: pipeline files being edited, with every revision kept."""
