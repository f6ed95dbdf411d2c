"""Measures what a person waits for after a click. Not tests: `make bench` runs it, and nothing here can fail one."""
