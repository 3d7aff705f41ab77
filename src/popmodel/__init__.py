"""popmodel: an open agent-based model of depression care, its outcomes and its costs."""

__version__ = "0.1.0"

__all__ = ["__version__"]
