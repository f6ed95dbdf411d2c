"""langgraph.json + approvals.toml -> workflows: any LangGraph app, with who may decide beside it."""

from engine.workflows.app import App, load_app
from engine.workflows.rules import Level, Rules
from engine.workflows.workflow import Breakpoints, Workflow

__all__ = ["App", "Breakpoints", "Level", "Rules", "Workflow", "load_app"]
