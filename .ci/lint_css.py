#!/usr/bin/env python3
"""Fails where a style sheet has what a browser would silently leave out. Arguments: files. Needs python3-tinycss2."""
import sys

import tinycss2


def errors(nodes):
    for node in nodes:
        if node.type == "error":
            yield node
        if node.type == "qualified-rule" or node.type == "at-rule" and node.content is not None:
            # A block holds declarations or, in @media and its like, further rules.
            nested = node.type == "at-rule" and node.lower_at_keyword in ("media", "supports", "layer", "container")
            parse = tinycss2.parse_rule_list if nested else tinycss2.parse_declaration_list
            yield from errors(parse(node.content, skip_comments=True, skip_whitespace=True))


found = 0
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        for error in errors(tinycss2.parse_stylesheet(file.read(), skip_comments=True, skip_whitespace=True)):
            print(f"{path}:{error.source_line}: {error.message}")
            found += 1
sys.exit(1 if found else 0)
