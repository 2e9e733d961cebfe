# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tables in Markdown that can be read as they are."""


def table(head, rows):
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = ["| " + " | ".join(cell.ljust(width)
                               for cell, width in zip(row, widths)) + " |"
             for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def text(figure, digits=2):
    return figure.text(digits) if figure else "–"
