"""Chat templates over many kinds of conversations, rendered by Kelvin and by transformers.

    python tests/tokenizer/jinja/compare_templates.py BIN TEMPLATES...

BIN is where kelvin-tokenize is, TEMPLATES are .jinja files or folders of them, as llama.cpp's models/templates. Needs
transformers 5 (PyPI), else it says SKIPPED and ends well. Null values of messages are left out before, as Kelvin does. Ends with 1
if a prompt differs, or if only one of the two gives one.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    from transformers.utils.chat_template_utils import render_jinja_template
except ImportError as missing:
    print(f"SKIPPED: {missing} (pip install transformers jinja2)")
    sys.exit(0)

ASKED, SYSTEM = {"role": "user", "content": "Hi <b> é\n"}, {"role": "system", "content": " Be brief. "}
SAID = {"role": "assistant", "content": "Yes."}
CALLS = [{"id": "call12345", "type": "function", "function": {"name": "now", "arguments": {"zone": "UTC", "n": [1, 2.5, None, True]}}}]
RESULT = {"role": "tool", "content": "12:00", "tool_call_id": "call12345", "name": "now"}
TOOLS = [{"type": "function", "function": {"name": "now", "description": "time", "parameters": {
    "type": "object", "properties": {"zone": {"type": "string", "description": "z", "enum": ["UTC", "CET"]}}, "required": ["zone"]}}}]
PARTS = [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]
CONVERSATIONS = [
    ([ASKED], None), ([SYSTEM, ASKED], None), ([ASKED, SAID, ASKED], None), ([SYSTEM, ASKED, SAID, ASKED], None), ([ASKED], TOOLS),
    ([SYSTEM, ASKED], TOOLS), ([ASKED, {"role": "assistant", "tool_calls": CALLS}, RESULT], TOOLS),
    ([ASKED, {"role": "assistant", "content": "", "tool_calls": CALLS}, RESULT, SAID, ASKED], TOOLS),
    ([ASKED, SAID | {"reasoning_content": "think"}, ASKED], None), ([ASKED, SAID | {"content": "<think>a</think>b"}, ASKED], None),
    ([ASKED | {"content": PARTS}], None), ([ASKED, ASKED], None), ([SAID, ASKED], None), ([SYSTEM], None), ([ASKED, SAID], None),
    ([{"role": "developer", "content": "d"}, ASKED], None),
]


def main():
    tool, places = pathlib.Path(sys.argv[1]) / "kelvin-tokenize", [pathlib.Path(place) for place in sys.argv[2:]]
    templates = [file for place in places for file in (sorted(place.glob("*.jinja")) if place.is_dir() else [place])]
    differ = 0
    with tempfile.TemporaryDirectory() as folder:
        asked = pathlib.Path(folder) / "conversation.json"
        for template in templates:
            for number, (messages, tools) in enumerate(CONVERSATIONS):
                try:
                    expected = render_jinja_template([messages], chat_template=template.read_text(), tools=tools,
                                                     add_generation_prompt=True, bos_token="", eos_token="")[0][0]
                except Exception as error:  # whatever a template does
                    expected, problem = None, str(error)
                asked.write_text(json.dumps({"messages": messages, "bos_token": "", "eos_token": "", "add_generation_prompt": True,
                                             "extra": {"tools": tools} if tools else {}}))
                done = subprocess.run([tool, "--chat", asked, "--chat-template", template], capture_output=True)
                found = None if done.returncode else done.stdout.decode()
                if found != expected:
                    differ += 1
                    print(json.dumps({"template": template.name, "conversation": number, "transformers": expected or problem,
                                      "kelvin": found or done.stderr.decode()}, ensure_ascii=False), flush=True)
    print(f"{len(templates)} templates x {len(CONVERSATIONS)} conversations: {differ} differ")
    sys.exit(differ > 0)


main()
