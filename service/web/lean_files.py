"""Our scripts and styles without their comments and indentation: what a browser has no use for.

Plain and careful rather than small: comments on lines of their own or after the code of a line, spaces at the ends of
lines and empty lines go, nothing else. A file with a template literal keeps everything, because spaces in one count.
"""

from __future__ import annotations

import re

BLOCK = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*$", re.MULTILINE | re.DOTALL)  # one comment, not up to a later end
LINE = re.compile(r"^[ \t]*//.*$", re.MULTILINE)
RULE = re.compile(r"([^{}@]+)(\{[^{}]*\}\n?)")
BESIDE = re.compile(r"  // [^'\"\n]*$", re.MULTILINE)  # within a text a quotation mark would follow


def lean_script(text: str) -> str:
    """Take comments, indentation and empty lines out of a script.

    Parameters
    ----------
    text : str
        A script in which no string and no regular expression goes over several lines. A comment after code stands two
        spaces off; one that has a quotation mark stays. No regular expression has two spaces before two slashes.

    Returns
    -------
    str
        The same program. Unchanged where the text has a template literal.
    """
    bare = _without_comments(text, LINE, BESIDE)
    return text if "`" in bare else _lines(bare)


def lean_style(text: str) -> str:
    """Take comments that stand on lines of their own, indentation and empty lines out of a style sheet."""
    return _lines(_without_comments(text))


def without_rules(style: str, unused: re.Pattern[str]) -> str:
    """Take out of a style sheet the selectors that a page has no use for, and the rules that are then left without one.

    Parameters
    ----------
    style : str
        Without comments, and without a comma or a brace in a selector's text.
    unused : re.Pattern
        Found in each selector that goes.
    """

    def kept(rule: re.Match[str]) -> str:
        selectors = [text.strip() for text in rule[1].split(",") if not unused.search(text)]
        return ",\n".join(selectors) + rule[2] if selectors else ""

    return RULE.sub(kept, style)


def _without_comments(text: str, *more: re.Pattern[str]) -> str:
    for pattern in (BLOCK, *more):
        text = pattern.sub("", text)
    return text


def _lines(text: str) -> str:
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())
