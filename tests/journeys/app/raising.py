"""A graph whose file cannot be imported."""

raise RuntimeError("no licence key was found")
