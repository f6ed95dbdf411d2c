"""The front door of the engine: the few names that the bot and workflow authors may use."""
