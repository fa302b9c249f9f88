#!/usr/bin/env python3
"""Writes the tables of characters in this folder, *_tables.cpp, or with --check compares them with what it would write.

    python3 -m venv v && v/bin/pip install regex==2025.11.3
    for package in unicodedata2==8.0.0 unicodedata2==9.0.0 unicodedata2==16.0.0 unicodedata2==17.0.0 fonttools==4.55.8; do
      v/bin/pip download --no-deps --no-binary :all: -d sources $package; done
    v/bin/python tokenizer/unicode/make_tables.py sources [--check]

Names of tables end in the version of Unicode that they hold; README.md says which version serves which purpose. Categories,
case, width and normal forms come from the C tables in the source of unicodedata2 (a library by CPython's developers, one
release per version of Unicode), scripts from fonttools (16.0), what is left from regex (17.0).
tests/tokenizer/unicode/check_tables.py compares the outcome with the reference library, code point by code point.
"""
import argparse
import bisect
import io
import pathlib
import re
import sys
import tarfile

import regex

CODES = range(0x110000)
CATEGORIES = "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co".split()
LOWER, UPPER, EXTENDED = 0x08, 0x80, 0x4000  # flags of CPython's records
# In the order of GraphemeBreak in grapheme.cpp. Hangul syllables are computed there.
BREAKS = ["CR", "LF", "Control", "Extend", "ZWJ", "RI", "Prepend", "SpacingMark", "L", "V", "T"]
# Characters of 9.0 whose script has changed by 16.0, or that the reference sees otherwise.
SCRIPT_OF_9 = {0x589: "Zyyy", 0x61C: "Zyyy", 0x953: "Deva", 0x954: "Deva", 0x30FC: "Hani"}


def member(archive, end):
    with tarfile.open(archive) as tar:
        name = next(n for n in tar.getnames() if n.endswith(end))
        return tar.extractfile(name).read().decode()


def numbers(text):
    return [int(x) for x in re.findall(r"-?\d+", text)]


class Database:
    """One version of Unicode, from the C tables in unicodedata2's source."""

    def __init__(self, sources, version):
        archive = sources / f"unicodedata2-{version}.tar.gz"
        self.text = member(archive, "/unicodedata_db.h")
        assert f'UNIDATA_VERSION "{version}"' in self.text
        names = re.findall(r'"(\w*)"', self.body("_PyUnicode_CategoryNames"))
        widths = re.findall(r'"(\w*)"', self.body("_PyUnicode_EastAsianWidthNames"))
        rows = self.rows("_PyUnicode_Database_Records")
        record = [rows[i] for i in self.two_stage("index1", "index2", "SHIFT")]
        self.category = [names[r[0]] for r in record]
        self.combining = [r[1] for r in record]
        self.width = [widths[r[4]] for r in record]
        self.decompositions()
        self.text = member(archive, "/unicodetype_db.h")
        rows = self.rows("_PyUnicode_TypeRecords")
        self.types = [rows[i] for i in self.two_stage("index1", "index2", "SHIFT")]
        self.extended = numbers(self.body("_PyUnicode_ExtendedCase"))

    def body(self, symbol):
        return re.search(r"\b%s\[\] = \{(.*?)\n\};" % symbol, self.text, re.S).group(1)

    def rows(self, symbol):
        return [numbers(row) for row in self.body(symbol).splitlines() if row.strip()]

    def two_stage(self, first, second, shift_name):
        shift = int(re.search(r"#define %s (\d+)\nstatic (?:const )?unsigned \w+ %s\b" % (shift_name, first), self.text).group(1))
        index1, index2 = numbers(self.body(first)), numbers(self.body(second))
        return [index2[(index1[c >> shift] << shift) + (c & ((1 << shift) - 1))] for c in CODES]

    def decompositions(self):
        """step[c]: the code points of the one-step decomposition, and whether it is for compatibility only; or None."""
        data = numbers(self.body("decomp_data"))
        self.step = [(data[i + 1:i + 1 + (data[i] >> 8)], data[i] & 255 != 0) if data[i] >> 8 else None
                     for i in self.two_stage("decomp_index1", "decomp_index2", "DECOMP_SHIFT")]
        first, last = ({start + k: index + k for start, count, index in self.rows(name) if count >= 0 and start
                        for k in range(count + 1)} for name in ("nfc_first", "nfc_last"))
        shift = int(re.search(r"#define COMP_SHIFT (\d+)", self.text).group(1))
        total_last = int(re.search(r"#define TOTAL_LAST (\d+)", self.text).group(1))
        index, data = numbers(self.body("comp_index")), numbers(self.body("comp_data"))

        def compose(a, b):
            if a not in first or b not in last:
                return 0
            at = first[a] * total_last + last[b]
            return data[(index[at >> shift] << shift) + (at & ((1 << shift) - 1))]

        self.compositions = sorted((*step[0], c) for c, step in enumerate(self.step)
                                   if step and not step[1] and len(step[0]) == 2 and compose(*step[0]) == c)

    def full(self, c, compatible):
        step = self.step[c]
        if step is None or (step[1] and not compatible):
            return [c]
        return [x for part in step[0] for x in self.full(part, compatible)]

    def case(self, c, column):
        """The full mapping to upper (0), lower (1) or title case (2); regardless of context."""
        record = self.types[c]
        if not record[5] & EXTENDED:
            return [c + record[column]]
        at, count = record[column] & 0xFFFF, record[column] >> 24
        return self.extended[at:at + count]

    def simple_fold(self, c):
        """Simple case folding, None where the character folds to itself; and whether full folding gives several."""
        record = self.types[c]
        lower = self.case(c, 1)
        if not record[5] & EXTENDED:
            return (lower[0] if lower[0] != c else None), False
        count = (record[1] >> 20) & 7
        if not count:
            return (lower[0] if len(lower) == 1 and lower[0] != c else None), len(lower) > 1
        at = (record[1] & 0xFFFF) + (record[1] >> 24)
        folded = self.extended[at:at + count]
        if count == 1:
            return (folded[0] if folded[0] != c else None), False
        # Full folding hides the simple one, which is the lower case, but for these.
        hidden = {0x1FD3: 0x390, 0x1FE3: 0x3B0, 0xFB05: 0xFB06}
        return hidden.get(c, lower[0] if len(lower) == 1 and lower[0] != c else None), True


class Output:
    """One file of tables."""

    def __init__(self):
        self.text = io.StringIO()
        self.put("// Generated by make_tables.py; do not edit.\n// clang-format off")
        self.put('#include "tokenizer/unicode/tables.h"\n\nnamespace kelvin::unicode::tables {\n')

    def put(self, line):
        self.text.write(line + "\n")

    def array(self, declaration, items):
        self.put(declaration + " = {")
        line = ""
        for item in items:
            if len(line) + len(item) > 116:
                self.put(line)
                line = ""
            line += item + ","
        self.put(line + "};")

    def span(self, kind, name, items):
        self.put("namespace {")
        self.array(f"constexpr {kind} {name}_rows[]", items)
        self.put(f"}}\nconst std::span<const {kind}> {name} = {name}_rows;\n")

    def ranges(self, name, codes):
        self.span("Range", name, ["{0x%X,0x%X}" % (a, b) for a, b, _ in runs((c, 0) for c in codes)])

    def classes(self, name, values):
        self.span("ClassRange", name, ["{0x%X,0x%X,%d}" % run for run in runs(values)])

    def shifts(self, name, mapping):
        """Runs of characters with one shift; step 2 where upper and lower case alternate."""
        found = []
        for c in sorted(mapping):
            shift = mapping[c] - c
            if found and found[-1][3] == shift and c - found[-1][1] in (1, 2) and found[-1][2] in (0, c - found[-1][1]):
                found[-1][2] = c - found[-1][1]
                found[-1][1] = c
            else:
                found.append([c, c, 0, shift])
        self.span("CaseRange", name, ["{0x%X,0x%X,%d,%d}" % (a, b, step or 1, shift) for a, b, step, shift in found])

    def done(self):
        self.put("}  // namespace kelvin::unicode::tables")
        return self.text.getvalue()


def runs(values):
    """(first, last, value) of (code, value) in ascending order."""
    found = []
    for c, value in values:
        if found and found[-1][1] == c - 1 and found[-1][2] == value:
            found[-1] = (found[-1][0], c, value)
        else:
            found.append((c, c, value))
    return found


def beyond(database, name, usual):
    """Characters with a derived property that their category does not imply already."""
    match = regex.compile(r"\p{%s}" % name).match
    return [c for c in CODES if database.category[c] not in usual + ("Cn", "Cs") and match(chr(c))]


def property_tables(v8, v9, v16, v17):
    """Categories with what normal forms must look at, and sets of characters."""
    seconds = {b for _, b, _ in v9.compositions} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
    composed = {c for _, _, c in v9.compositions}

    def record(c):
        # Whether NFC and the other forms can leave the character alone wherever it stands.
        value = CATEGORIES.index(v16.category[c])
        if 0xD800 <= c <= 0xDFFF:
            return value
        hangul = 0xAC00 <= c <= 0xD7A3
        canonical = v9.full(c, False) != [c] or hangul
        if v9.combining[c] or c in seconds or (canonical and not hangul and c not in composed):
            value |= 32
        if v9.combining[c] or canonical:
            value |= 64
        if v9.full(c, True) != v9.full(c, False):
            value |= 128
        return value

    out = Output()
    blocks, index = {}, []
    for start in range(0, 0x110000, 128):
        block = tuple(record(c) for c in range(start, start + 128))
        index.append(blocks.setdefault(block, len(blocks)))
    out.array("const std::uint16_t block_of[0x2200]", [str(i) for i in index])
    out.array("const std::uint8_t records[][128]", ["{" + ",".join(map(str, b)) + "}" for b in blocks])
    out.put("")
    out.ranges("punctuation_8", [c for c in CODES if v8.category[c][0] == "P"])
    out.ranges("marks_9", [c for c in CODES if v9.category[c][0] == "M"])
    out.ranges("nonspacing_9", [c for c in CODES if v9.category[c] == "Mn"])
    out.ranges("numbers_17", [c for c in CODES if v17.category[c][0] == "N"])
    out.ranges("other_alphabetic_16", beyond(v16, "Alphabetic", ("Lu", "Ll", "Lt", "Lm", "Lo", "Nl")))
    out.ranges("other_uppercase_16", [c for c in CODES if v16.types[c][5] & UPPER and v16.category[c] != "Lu"])
    out.ranges("other_lowercase_16", [c for c in CODES if v16.types[c][5] & LOWER and v16.category[c] != "Ll"])
    return out.done()


def script_tables(v9, v16, scripts):
    used = sorted({value for c in CODES if v16.category[c] != "Cn" and (value := scripts.of(c)) != "Zzzz"})
    out = Output()
    out.span("ScriptName", "script_names_16", ['{"%s","%s"}' % (code, scripts.names[code]) for code in used])
    out.classes("scripts_16", [(c, used.index(scripts.of(c))) for c in CODES
                               if v16.category[c] != "Cn" and scripts.of(c) != "Zzzz"])
    all_names = sorted(set(scripts.values))

    def script_of_9(c):
        name = SCRIPT_OF_9.get(c) or scripts.of(c)
        return all_names.index("Hani" if name in ("Hira", "Kana") else name)

    out.classes("scripts_9", [(c, script_of_9(c)) for c in CODES
                              if c != 0x20 and not 0xD800 <= c <= 0xDFFF and v9.category[c] not in ("Cn", "Co")])
    return out.done()


def case_tables(v16, v17):
    out = Output()
    folding = {c: v16.simple_fold(c) for c in CODES}
    out.shifts("folding_16", {c: fold for c, (fold, _) in folding.items() if fold is not None})
    out.ranges("long_folding_16", [c for c, (_, several) in folding.items() if several])
    for name, column in (("upper_17", 0), ("lower_17", 1), ("title_17", 2)):
        full = {c: v17.case(c, column) for c in CODES}
        out.shifts(name, {c: to[0] for c, to in full.items() if len(to) == 1 and to[0] != c})
        out.span("CaseExpansion", name.replace("_", "_expansions_"),
                 ["{0x%X,{%s}}" % (c, ",".join("0x%X" % x for x in to)) for c, to in full.items() if len(to) > 1])
    return out.done()


def normal_form_tables(v9):
    out = Output()
    out.classes("combining_classes_9", [(c, v9.combining[c]) for c in CODES if v9.combining[c]])
    pool, rows = [], []
    for c in CODES:
        canonical, compatible = v9.full(c, False), v9.full(c, True)
        if compatible == [c]:
            continue
        begin = len(pool)
        pool += canonical if canonical != [c] else []
        middle = len(pool)
        pool += compatible if compatible != canonical else []
        sizes = middle - begin, len(pool) - middle
        if rows and rows[-1][1] == c - 1 and tuple(rows[-1][3:]) == sizes:
            rows[-1][1] = c
        else:
            rows.append([c, c, begin, *sizes])
    out.array("const char32_t decomposed_9[]", ["0x%X" % c for c in pool])
    out.span("Decomposition", "decompositions_9", ["{0x%X,0x%X,%d,%d,%d}" % tuple(r) for r in rows])
    out.span("Composition", "compositions_9", ["{0x%X,0x%X,0x%X}" % p for p in v9.compositions])
    return out.done()


def break_tables():
    def matcher(prop):
        return regex.compile(r"\p{%s}" % prop).match

    breaks = [matcher("GCB=" + name) for name in BREAKS]
    pictographic, consonant = matcher("Extended_Pictographic"), matcher("InCB=Consonant")
    linker, joins = matcher("InCB=Linker"), matcher("InCB=Extend")

    def grapheme_break(c):
        char = chr(c)
        found = next((i + 1 for i, match in enumerate(breaks) if match(char)), None)
        if found == BREAKS.index("Extend") + 1:
            return 12 if linker(char) else found if joins(char) else 13
        return found or (14 if pictographic(char) else 15 if consonant(char) else None)

    out = Output()
    values = ((c, grapheme_break(c)) for c in CODES if not 0xD800 <= c <= 0xDFFF)
    out.classes("grapheme_breaks_17", [(c, value) for c, value in values if value is not None])
    return out.done()


def width_tables(v17):
    """Columns of a terminal: zero for marks and what shows nothing, two for East Asian Width W and F."""
    def zero(c):
        # Behind a leading consonant, vowels and tails of Hangul; skin tones change the picture before them.
        return ((v17.category[c] in ("Mn", "Me", "Cf") and c != 0xAD) or 0x1160 <= c <= 0x11FF or 0x1F3FB <= c <= 0x1F3FF)

    out = Output()
    out.ranges("zero_width_17", [c for c in CODES if zero(c)])
    out.ranges("wide_17", [c for c in CODES if v17.width[c] in ("W", "F") and not zero(c)])
    return out.done()


class ScriptNames:
    """Scripts of fonttools: by character, and the long name of each four-letter code."""

    def __init__(self, sources):
        text = member(sources / "fonttools-4.55.8.tar.gz", "/fontTools/unicodedata/Scripts.py")
        assert "Scripts-16.0.0.txt" in text
        found = {}
        exec(compile(text, "Scripts.py", "exec"), found)
        self.starts, self.values, self.names = found["RANGES"], found["VALUES"], found["NAMES"]

    def of(self, c):
        return self.values[bisect.bisect_right(self.starts, c) - 1]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("sources", type=pathlib.Path, help="folder of the archives that pip has downloaded")
    arguments.add_argument("--check", action="store_true", help="write nothing; fail where a table is not up to date")
    given = arguments.parse_args()
    if regex.match(r"\p{L}", "\U00016EA0") is None or regex.match(r"\p{GCB=Extend}", "\u1ADE"):
        sys.exit("regex 2025.11.3 expected, with the properties of Unicode 17.0")
    v8, v9, v16, v17 = (Database(given.sources, version) for version in ("8.0.0", "9.0.0", "16.0.0", "17.0.0"))
    files = {
        "property": property_tables(v8, v9, v16, v17),
        "script": script_tables(v9, v16, ScriptNames(given.sources)),
        "case": case_tables(v16, v17),
        "normal_form": normal_form_tables(v9),
        "break": break_tables(),
        "width": width_tables(v17),
    }
    stale = []
    for name, text in files.items():
        path = pathlib.Path(__file__).with_name(name + "_tables.cpp")
        if given.check:
            if not path.exists() or path.read_text() != text:
                stale.append(path.name)
        else:
            path.write_text(text)
    if stale:
        sys.exit("not up to date: " + ", ".join(stale))


if __name__ == "__main__":
    main()
