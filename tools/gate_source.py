"""gate_source.py: what the gates read of C sources: the code, and what it
includes, calls and declares, without a compiler.

Invariant: blanking comments and strings moves nothing, so a position in the
code is one in the file.
"""
import pathlib
import re

TOKEN = re.compile(r'''
    /\*.*?\*/            # a comment
  | //[^\n]*
  | "(?:\\.|[^"\\\n])*"  # a string
  | '(?:\\.|[^'\\\n])*'  # a character
''', re.VERBOSE | re.DOTALL)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")',
                     re.MULTILINE)
CALL = re.compile(r'(?<![\w.])(?<!->)([A-Za-z_]\w*)\s*\(')
DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n\\]|\\.)*', re.MULTILINE | re.DOTALL)
FUNCTION = re.compile(r'\b(\w+)\s*\([^;{}]*\)\s*;')


def blank(match):
    """Spaces in place of a comment, a string, a character; lines stay."""
    return re.sub(r'[^\n]', ' ', match.group())


def read(path):
    return pathlib.Path(path).read_text(encoding='utf-8')


def without_comments(text):
    def only_comments(match):
        return blank(match) if match.group()[0] == '/' else match.group()
    return TOKEN.sub(only_comments, text)


def line_of(text, position):
    return text.count('\n', 0, position) + 1


def includes(text):
    """Yields (line, name, whether it is in angle brackets)."""
    text = without_comments(text)
    for match in INCLUDE.finditer(text):
        angle, quoted = match.groups()
        yield line_of(text, match.start()), angle or quoted, bool(angle)


def calls(text):
    """Yields (line, name) for what looks like a call.  What a macro makes of
    its arguments is not seen, what a macro's body calls is."""
    code = TOKEN.sub(blank, text)
    for match in CALL.finditer(code):
        yield line_of(code, match.start()), match.group(1)


def declared_functions(text):
    """The functions that a header declares, in order."""
    code = DIRECTIVE.sub(blank, TOKEN.sub(blank, text))
    code = re.sub(r'\btypedef\b[^;{}]*;', '', code)
    return [match.group(1) for match in FUNCTION.finditer(code)]


def structs(text):
    """Yields (tag, names of all members, those of nested unions included)
    for each struct that a header defines; no struct within a struct."""
    code = TOKEN.sub(blank, text)
    for match in re.finditer(r'\bstruct\s+(\w+)\s*\{', code):
        depth, end = 1, match.end()
        while depth > 0:
            depth += {'{': 1, '}': -1}.get(code[end], 0)
            end += 1
        body = code[match.end():end - 1]
        yield match.group(1), re.findall(r'(\w+)\s*(?:\[[^\]]*\]\s*)?;', body)
