"""Slack, HTTP and the terminal: what people touch. Knows no SQL and no LangGraph."""
