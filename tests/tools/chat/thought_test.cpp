#include "tools/chat/thought.h"

#include <doctest/doctest.h>

#include <vector>

namespace kelvin {
namespace {

using Part = ThoughtSplitter::Part;

// Neighbouring pieces of one part joined: "A(...)T(...)M(...)".
std::string parts_of(const std::vector<std::string>& pieces) {
  ThoughtSplitter splitter;
  std::string told, last;
  char kind = 0;
  const auto flush = [&] {
    if (kind) told += std::string(1, kind) + "(" + last + ")";
    last.clear();
  };
  const auto take = [&](Part part, std::string_view text) {
    CHECK_FALSE(text.empty());
    const char now = part == Part::answer ? 'A' : part == Part::thought ? 'T' : 'M';
    if (now != kind) flush();
    kind = now;
    last += text;
  };
  for (const std::string& piece : pieces) splitter.push(piece, take);
  splitter.finish(take);
  flush();
  return told;
}

// Every family's markers, an answer behind them and around it.
const std::vector<std::string> answers = {
    "<think>\nLet me see.\n</think>\n\nYes.",
    "[THINK]a[/THINK]b",
    "<seed:think>a</seed:think>b",
    "<|channel>thought\na\n<channel|>b",
    "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b",
    "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary<|message|>c<|end|><|start|"
    ">assistant"
    "<|channel|>analysis<|message|>d<|end|><|start|>assistant<|channel|>final<|message|>b",
    "<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>b<|END_RESPONSE|>",
    "<thought>a</thought>b",
    "<think>a</think><response>b</response>",
    "◁think▷a◁/think▷b",
    "Here is my thought process: a\n\nHere is my response: b",
    " <think></think>b",
    "<think>never ended",
    "<think>a</think>",
    "<think>a < b </thin> c</think>d </think>",
    "No <think>thought</think> here.",
    "<thi",
    "  blanks first",
    "<response>b</response>",
    ""};

}  // namespace

TEST_CASE("a thought, its markers and the answer are told apart") {
  CHECK(parts_of({answers[0]}) == "M(<think>)T(\nLet me see.\n)M(</think>\n\n)A(Yes.)");
  CHECK(parts_of({answers[4]}) ==
        "M(<|channel|>analysis<|message|>)T(a)M(<|end|><|start|>assistant<|channel|>final<|message|>)A(b)");
  CHECK(parts_of({answers[6]}) ==
        "M(<|START_THINKING|>)T(a)M(<|END_THINKING|><|START_RESPONSE|>)A(b)M(<|END_RESPONSE|>)");
  CHECK(parts_of({answers[8]}) == "M(<think>)T(a)M(</think><response>)A(b)M(</response>)");
  CHECK(parts_of({answers[12]}) == "M(<think>)T(never ended)");
  CHECK(parts_of({answers[14]}) == "M(<think>)T(a < b </thin> c)M(</think>)A(d </think>)");
  for (const std::size_t plain : {15u, 16u, 17u, 18u})
    CHECK(parts_of({answers[plain]}) == "A(" + answers[plain] + ")");
}

TEST_CASE("it does not matter how an answer comes") {
  for (const std::string& answer : answers) {
    CAPTURE(answer);
    const std::string whole = parts_of({answer});
    std::vector<std::string> bytes;
    for (const char c : answer) bytes.emplace_back(1, c);
    CHECK(parts_of(bytes) == whole);
    for (std::size_t at = 0; at <= answer.size(); ++at)
      CHECK(parts_of({answer.substr(0, at), answer.substr(at)}) == whole);
    // Nothing is lost.
    std::string joined;
    ThoughtSplitter splitter;
    const auto join = [&](Part, std::string_view text) { joined += text; };
    splitter.push(answer, join);
    splitter.finish(join);
    CHECK(joined == answer);
  }
}

TEST_CASE("the parts of a whole answer") {
  SplitAnswer split = split_answer(answers[0]);
  CHECK(split.thought == "Let me see.");
  CHECK(split.answer == "Yes.");
  CHECK(split.raw == "<think>\nLet me see.\n</think>\n\n");
  split = split_answer(answers[5]);
  CHECK(split.thought == "a\n\nd");
  CHECK(split.answer == "cb");
  // One that was cut is closed, so that a template that looks for the end finds it.
  split = split_answer("<think>never ended");
  CHECK(split.thought == "never ended");
  CHECK(split.answer == "");
  CHECK(split.raw == "<think>never ended</think>");
  split = split_answer("begun by the template\n</think>\n\nYes.");
  CHECK(split.thought == "begun by the template");
  CHECK(split.answer == "Yes.");
  split = split_answer("No <think>thought</think> here.");
  CHECK(split.thought == "");
  CHECK(split.answer == "No <think>thought</think> here.");
  CHECK(split.raw == "");
}

TEST_CASE("a prompt that begins a thought") {
  CHECK(opened_thought("<|im_start|>assistant\n<think>\n") == "<think>\n");
  CHECK(opened_thought("<think>\n\n</think>\n\n") == "");
  CHECK(opened_thought("<think>a</think>[THINK]b") == "[THINK]b");
  CHECK(opened_thought("assistant\n") == "");
  CHECK(marker_at_end("<think>a</think>user\nassistant\n<think>\n") == "<think>\n");
  CHECK(marker_at_end("What is <think> for?\nassistant\n") == "");
  CHECK(marker_at_end("assistant\n<think>\n</think>") == "");
}

}  // namespace kelvin
