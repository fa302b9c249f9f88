"""Draws temperature_line.svg, the picture of the README: what the demo model writes along the temperature line.

    python3 tools/readme/temperature_line.py build/bin/kelvin-generate
"""
import pathlib
import subprocess
import sys
from xml.sax.saxutils import escape

PROMPT = "Once upon a time, a brave fox"
STOPS = [("0", "T = 0+", "argmax", "#2b6cb0"), ("0.7", "T = 0.7", "", "#3182ce"), ("1", "T = 1", "", "#805ad5"),
         ("1.5", "T = 1.5", "", "#b83280"), ("3", "T = 3", "", "#c53030"), ("inf", "T = \u00b1\u221e", "uniform", "#9b2c2c"),
         ("-3", "T = -3", "", "#744210"), ("-0.5", "T = -0.5", "", "#5f370e"), ("-0", "T = 0\u2212", "argmin", "#3c2a14")]
WIDTH, ROW, TOP = 960, 38, 64


def text_at(tool, temperature):
    out = subprocess.run([tool, "--prompt", PROMPT, f"--temp={temperature}", "--seed", "2", "--n", "22"], check=True,
                         capture_output=True).stdout.decode(errors="replace")
    return " ".join("".join(c if c.isprintable() else " " for c in out).split())


def main():
    height = TOP + ROW * len(STOPS) + 16
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="ui-monospace, Menlo, Consolas, '
             'monospace" font-size="14">',
             f'<rect width="{WIDTH}" height="{height}" rx="10" fill="#fbfbf8" stroke="#d8d8d0"/>',
             f'<text x="24" y="36" fill="#444" font-size="15">\u201c{escape(PROMPT)} \u2026\u201d</text>',
             '<defs><linearGradient id="line" x1="0" y1="0" x2="0" y2="1">'
             + "".join(f'<stop offset="{i / (len(STOPS) - 1):.3f}" stop-color="{s[3]}"/>' for i, s in enumerate(STOPS))
             + "</linearGradient></defs>",
             f'<rect x="40" y="{TOP}" width="6" height="{ROW * (len(STOPS) - 1) + 8}" rx="3" fill="url(#line)"/>']
    for i, (temperature, label, note, colour) in enumerate(STOPS):
        y = TOP + ROW * i + 8
        text = text_at(sys.argv[1], temperature)
        text = text if len(text) <= 76 else text[:75] + "\u2026"
        parts.append(f'<circle cx="43" cy="{y - 4}" r="7" fill="{colour}" stroke="#fbfbf8" stroke-width="2"/>'
                     f'<text x="64" y="{y}" fill="{colour}" font-weight="bold">{label}</text>'
                     f'<text x="150" y="{y}" fill="#888" font-size="12">{note}</text>'
                     f'<text x="218" y="{y}" fill="#222">{escape(text)}</text>')
    parts.append("</svg>\n")
    pathlib.Path(__file__).with_name("temperature_line.svg").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
