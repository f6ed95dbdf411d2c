"""LangGraph's own tests on our checkpointer: `make conformance`."""
