"""Batch mode: changes to one table carried out together, by making the table anew where ALTER cannot."""
