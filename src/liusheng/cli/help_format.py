"""What cyclopts itself writes into help, in Chinese: titles, choices, and its own two options."""

from __future__ import annotations

from typing import Any

from cyclopts.help import DefaultFormatter, InlineText
from rich.text import Text

from liusheng.cli.translation import translate as tr


class ChineseHelp(DefaultFormatter):
    """The default format, with the words of `chinese.toml`."""

    def __call__(self, console: Any, options: Any, panel: Any) -> None:
        """Print a panel."""
        own = {
            "--help": tr("Display this message and exit."),
            "--version": tr("Display application version."),
        }
        entries = []
        for entry in panel.entries:
            text = next((own[name] for name in entry.names if name in own), None)
            entries.append(entry.copy(description=Text(text)) if text else _with_choices(entry))
        titles = {
            "Commands": tr("Commands"),
            "Arguments": tr("Arguments"),
            "Parameters": tr("Parameters"),
            "Actions": tr("Actions"),
        }
        title = titles.get(panel.title, panel.title)
        super().__call__(console, options, panel.copy(title=title, entries=entries))

    def render_usage(self, console: Any, options: Any, usage: Any) -> None:
        """Print the usage line."""
        if usage:
            console.print(Text(tr("Usage: {usage}", usage=usage), style="bold"))


def _with_choices(entry: Any) -> Any:
    """An entry of help whose choices, and whether it is required, are part of its description."""
    notes = []
    if entry.choices:
        notes.append(tr("[choices: {choices}]", choices=", ".join(entry.choices)))
    if entry.required:
        notes.append(tr("[required]"))
    if not notes:
        return entry
    description = InlineText(entry.description or Text())
    for note in notes:
        description.append(Text(note))
    return entry.copy(description=description, choices=None, required=False)
