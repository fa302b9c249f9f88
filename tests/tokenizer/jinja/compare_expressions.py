"""Random expressions and small templates, rendered by Kelvin and by jinja2 set up as transformers sets it up.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install jinja2==3.1.6
    /tmp/venv/bin/python tests/tokenizer/jinja/compare_expressions.py --count 2000 --seed 1

Each template prints several expressions, each behind its own guard, so that one process renders many. What jinja2
renders we render; where it fails we fail or refuse by name. Status 1 if something differs.
"""
import argparse
import copy
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

VARIABLES = {
    "s": "Hello World", "e": "", "u": "Grüße, 世界 🎉ß", "nl": "a\nb\r\nc\n\nd", "sp": "  pad \t\n", "h": "<b>a & b</b>",
    "w": "well-known long--dashed words, don't break 'quoted' ones", "n": None, "i": 7, "z": 0, "neg": -7, "f": 2.5,
    "g": -0.1, "big": 18446744073709551615, "t": True, "l": [3, 1, 2], "ls": ["b", "A", "c"], "m": [[1, 2], [3]],
    "d": {"b": 1, "a": "x", "C": None}, "users": [{"name": "Bob", "age": 30}, {"name": "alice", "age": 25}],
}
TEXTS = ["s", "e", "u", "nl", "sp", "h", "w", "'a'", "'1.5'", "'0x1F'", "'-12'", "'ǅ ŉ ﬁ'", "'Straße'", "'١٢'", "'x²'"]
NUMBERS = ["i", "z", "neg", "f", "g", "big", "t", "0.5", "3", "-2", "100", "2.675", "1e16", "12345678901234567890"]
LISTS = ["l", "ls", "m", "users", "d", "(1, 2)", "range(4)", "d.items()", "[]", "[1, 'a', none]", "['x', 'X', 'y']"]
METHODS = {
    "capitalize": "", "casefold": "", "center": "w", "count": "t", "endswith": "t", "expandtabs": "n", "find": "t", "index": "t",
    "isalnum": "", "isalpha": "", "isascii": "", "isdecimal": "", "isdigit": "", "isidentifier": "", "islower": "",
    "isnumeric": "", "isprintable": "", "isspace": "", "istitle": "", "isupper": "", "join": "l", "ljust": "w", "lower": "",
    "lstrip": "t", "partition": "t", "removeprefix": "t", "removesuffix": "t", "replace": "tt", "rfind": "t",
    "rindex": "t", "rjust": "w", "rpartition": "t", "rsplit": "tn", "rstrip": "t", "split": "tn", "splitlines": "b",
    "startswith": "t", "strip": "t", "swapcase": "", "title": "", "upper": "", "zfill": "w", "encode": "",
}
FILTERS = ["abs", "batch(2)|list", "batch(2, 0)|list", "capitalize", "center(20)", "count", "default('q')", "default('q', true)", "dictsort",
           "dictsort(false, 'value')", "e", "filesizeformat", "filesizeformat(true)", "first", "float", "float(1)",
           "groupby('age')|list", "indent", "indent(2, true)", "int", "int(3, 16)", "int(0, 0)", "items|list", "join", "join('-')", "last",
           "length", "list", "lower", "map('string')|list", "map(attribute='name')|list", "max", "min", "pprint", "reverse|list",
           "round", "round(1)", "round(-1)", "round(1, 'floor')", "safe", "select('string')|list", "slice(2)|list", "sort", "sort(true)",
           "string", "striptags", "sum", "title", "tojson", "tojson(indent=1)", "trim", "truncate(5)", "truncate(6, true, '')", "unique|list",
           "upper", "urlencode", "wordcount", "wordwrap(5)", "wordwrap(8, false)", "wordwrap(6, true, '/', false)", "xmlattr",
           "reject('none')|list", "selectattr('age', 'gt', 26)|list", "forceescape", "format(1)", "replace('a', 'b')"]
TESTS = ["boolean", "callable", "defined", "divisibleby(2)", "eq(7)", "escaped", "even", "false", "filter", "float", "in([7])",
         "integer", "iterable", "lower", "mapping", "none", "number", "odd", "sequence", "string", "true", "undefined", "upper", "sameas(true)"]
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">", "<=", ">=", "in", "not in", "and", "or"]
FORMATS = ["'{}'", "'{:>8}'", "'{:,}'", "'{:.2f}'", "'{:x}'", "'{!r}'", "'{0.real}'", "'{:+d}'", "'{:e}'", "'{:08}'", "'{:^9}'", "'{:_}'", "'{:%}'", "'{:g}'", "'{:b}'"]
ATTRIBUTES = ["real", "imag", "numerator", "denominator", "bit_length()", "is_integer()", "conjugate()", "copy()", "keys()|list", "values()|list", "count(1)", "index(1)", "get('a')", "get('q', 2)", "nothing"]
TEMPLATES = ["{{% for x in {0} %}}{{{{ loop.cycle('a', 'b') }}}}{{{{ loop.changed(x) }}}}{{{{ x }}}}{{% else %}}none{{% endfor %}}",
             "{{% macro m(a, b={0}) %}}{{{{ a }}}}{{{{ b }}}}{{{{ varargs }}}}{{{{ kwargs }}}}{{% endmacro %}}{{{{ m({1}, 2, 3, k=4) }}}}{{{{ m.catch_kwargs }}}}{{{{ m.arguments }}}}",
             "{{% set x %}}{{{{ {0} }}}}{{% endset %}}{{{{ x|length }}}}", "{{% with x = {0} %}}{{{{ x }}}}{{% endwith %}}",
             "{{% autoescape true %}}{{{{ {0} }}}}{{{{ {0} ~ '<' }}}}{{% endautoescape %}}", "{{% autoescape false %}}{{{{ {0} }}}}{{% endautoescape %}}",
             "{{% filter upper %}}{{{{ {0} }}}}{{% endfilter %}}", "{{{{ dict.fromkeys({0}, {1}) }}}}", "{{{{ '%s|%5d|%r'|format({0}, {1}, 1) }}}}",
             "{{{{ '%5.1f' % {0} }}}}", "{{{{ 'abc'.translate({{97: {0}}}) }}}}", "{{{{ {0}.encode().hex() }}}}", "{{{{ {0}[{1}] }}}}", "{{{{ {0}[::-1] }}}}", "{{{{ {0}[1:{1}] }}}}"]


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
    env.filters["tojson"] = lambda x, ensure_ascii=False, indent=None, separators=None, sort_keys=False: json.dumps(
        x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    class Dict:
        def __call__(self, *args, **kwargs):
            return dict(*args, **kwargs)

        def fromkeys(self, *args, **kwargs):
            return dict.fromkeys(*args, **kwargs)

    env.globals["raise_exception"] = raise_exception
    env.globals["dict"] = Dict()
    env.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)
    return env


def expression(r, depth=0):
    kind = r.randrange(10 if depth < 3 else 2)
    text, number, any_list = r.choice(TEXTS), r.choice(NUMBERS), r.choice(LISTS)
    if kind < 2:
        return r.choice([text, number, any_list, "missing", "n"])
    inner = lambda: expression(r, depth + 1)
    if kind == 2:
        name = r.choice(list(METHODS))
        what = {"t": lambda: r.choice(["'a'", "'l'", "' '", "'-'", "'ß'"] + TEXTS), "n": lambda: r.choice(["1", "2", "-1"]),
                "w": lambda: r.choice(["5", "20"]), "b": lambda: r.choice(["true", "false"]), "l": lambda: r.choice(LISTS)}
        return "%s.%s(%s)" % (text, name, ", ".join(what[c]() for c in METHODS[name]))
    if kind in (3, 4):
        return "(%s)|%s" % (inner() if r.randrange(2) else r.choice([text, number, any_list]), r.choice(FILTERS))
    if kind == 5:
        return "(%s) is %s%s" % (inner(), r.choice(["", "not "]), r.choice(TESTS))
    if kind in (6, 7):
        operator = r.choice(OPERATORS)
        if operator == "**":  # Python would compute powers for hours
            return "(%s ** %s)" % (number, r.choice(["2", "0.5", "-1", "3", "neg", "f", "20"]))
        left = inner() if r.randrange(3) == 0 else number
        return "(%s %s %s)" % (left, operator, inner() if r.randrange(3) == 0 else r.choice([number, text]))
    if kind == 8:
        return "%s.format(%s)" % (r.choice(FORMATS), r.choice([number, text]))
    return "(%s).%s" % (r.choice([number, any_list, number]), r.choice(ATTRIBUTES))


def template(r):
    if r.randrange(5) == 0:
        return r.choice(TEMPLATES).format(expression(r, 2), expression(r, 2))
    return "{{ " + expression(r) + " }}"


def reference(env, source):
    try:
        return env.from_string(source).render(**copy.deepcopy(VARIABLES))
    except RecursionError:
        raise
    except Exception as error:
        return error


def ours(tool, sources, folder):
    """A list of texts, or of (error,)."""
    conversation = os.path.join(folder, "conversation.json")
    with open(conversation, "w") as out:
        json.dump({"messages": [], "extra": VARIABLES}, out)
    path = os.path.join(folder, "t.jinja")
    for source in sources:
        with open(path, "w", newline="") as out:
            out.write(source)
        result = subprocess.run([tool, "--chat", conversation, "--chat-template", path], capture_output=True)
        text = result.stdout.decode()
        yield text if result.returncode == 0 else (result.stderr.decode().strip(),)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tool", default="build/bin/kelvin-tokenize")
    options = parser.parse_args()
    r, env = random.Random(options.seed), environment()
    sources = [template(r) for _ in range(options.count)]
    differ = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        for source, got in zip(sources, ours(options.tool, sources, folder)):
            expected = reference(env, source)
            if isinstance(expected, str) and isinstance(got, tuple) and "not supported" in got[0]:
                refused += 1
            elif (expected if isinstance(expected, str) else None) != (got if isinstance(got, str) else None):
                differ += 1
                print(json.dumps({"template": source, "jinja2": str(expected), "kelvin": got}, ensure_ascii=False))
    print("%d templates: %d differ, %d refused by name" % (len(sources), differ, refused))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
