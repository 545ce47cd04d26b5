"""The one gate for files that users bring: nothing else opens them (its own process, bounded and killable)."""
