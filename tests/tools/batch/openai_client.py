"""Answers of --jsonl as OpenAI's Python package reads them: openai_client.py build/bin/kelvin-generate

Every answer has to pass the package's own models, strictly but for what OpenAI itself leaves null. Needs pip install openai.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    from openai.types import Completion
    from openai.types.chat import ChatCompletion
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming as ChatKeys
    from openai.types.completion_create_params import CompletionCreateParamsNonStreaming as TextKeys
except ImportError:
    print("SKIPPED: no openai package (pip install openai)")
    sys.exit(0)

user = {"messages": [{"role": "user", "content": [{"type": "text", "text": "Who is Anna?"}]}], "max_tokens": 4, "seed": 1}
text = {"prompt": "The fox", "max_tokens": 4, "seed": 1}
tool = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}
chats = [{}, {"n": 2, "logprobs": True, "top_logprobs": 3}, {"tools": [tool], "tool_choice": "auto"}, {"stop": ["a"]},
         {"functions": [tool["function"]]}, {"response_format": {"type": "text"}}]
texts = [{}, {"n": 2, "best_of": 3}, {"logprobs": 2}, {"logprobs": 2, "echo": True}, {"prompt": ["The fox", "A king"]},
         {"prompt": [[640, 609], [640]]}, {"max_tokens": 0, "echo": True, "logprobs": 1}]
# Of every key of both bodies one value, alone.
values = {"audio": {"voice": "x", "format": "wav"}, "function_call": "auto", "functions": [tool["function"]], "logit_bias": {"5": 1},
          "logprobs": True, "metadata": {"a": "b"}, "modalities": ["text"], "moderation": {"mode": "x"}, "n": 1, "best_of": 1,
          "parallel_tool_calls": True, "prediction": {"type": "content", "content": "x"}, "prompt_cache_options": {"mode": "x"},
          "response_format": {"type": "text"}, "seed": 1, "stop": "x", "store": True, "stream": False, "echo": False, "suffix": "",
          "stream_options": {"include_usage": True}, "tool_choice": "auto", "tools": [tool], "web_search_options": {},
          "max_tokens": 3, "max_completion_tokens": 3, "temperature": 1, "top_p": 0.9, "top_logprobs": 0,
          "frequency_penalty": 0.1, "presence_penalty": 0.1}
named = ("messages", "prompt")
chats += [{key: values.get(key, "x")} for key in ChatKeys.__annotations__ if key not in named]
texts += [{key: 2 if key == "logprobs" else values.get(key, "x")} for key in TextKeys.__annotations__ if key not in named]
for more in chats + texts:
    if more.get("reasoning_effort") == "x":
        more["reasoning_effort"] = "low"


def fill(value):
    """What OpenAI leaves null though its model wants a number: the first token of a prompt."""
    for choice in value["choices"]:
        told = choice.get("logprobs") or {}
        if told.get("token_logprobs") and told["token_logprobs"][0] is None:
            told["token_logprobs"][0] = 0.0
            told["top_logprobs"][0] = {}
    return value


with tempfile.TemporaryDirectory() as folder:
    bodies = [user | more for more in chats] + [text | more for more in texts]
    path, out = pathlib.Path(folder, "in.jsonl"), pathlib.Path(folder, "out.jsonl")
    path.write_text("".join(json.dumps({"body": body}) + "\n" for body in bodies))
    subprocess.run([sys.argv[1], "--jsonl", path, "--out", out], check=False)
    answers = {answer["line"]: answer for answer in map(json.loads, out.read_text().splitlines())}
failed = 0
for number, body in enumerate(bodies, 1):
    answer = answers[number]
    try:
        kind = ChatCompletion if "messages" in body else Completion
        kind.model_validate(fill(answer["response"]["body"]))
    except Exception as error:  # of any kind: a field missing, a type that is another, no response
        failed += 1
        print(f"line {number}: {json.dumps(body)[:200]}\n  {answer['error'] or error}")
print(f"{len(bodies)} answers, {failed} failed")
sys.exit(failed > 0)
