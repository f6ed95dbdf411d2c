"""langgraph.json + approvals.toml -> workflows: any LangGraph app, with who may decide beside it."""

from engine.workflows.app import App, load_app
from engine.workflows.asks import Ask, asks_of
from engine.workflows.fingerprint import UNKNOWN_CODE
from engine.workflows.rules import Level, Rules
from engine.workflows.workflow import Breakpoints, Workflow

__all__ = ["UNKNOWN_CODE", "App", "Ask", "Breakpoints", "Level", "Rules", "Workflow", "asks_of", "load_app"]
