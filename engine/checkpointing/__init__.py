"""How the checkpointer stores: values as chains of changes, calls of many threads in one transaction."""
