#include "tools/chat/answer_view.h"

#include <doctest/doctest.h>

#include <vector>

namespace kelvin {
namespace {

// What is written of an answer that comes byte by byte, dim text in brackets.
std::string viewed(AnswerView::Thoughts thoughts, const std::string& answer) {
  std::string told;
  bool dim = false;
  AnswerView view(thoughts, [&](std::string_view text, std::string_view style) {
    if ((style == "2") != dim) told += dim ? "]" : "[";
    dim = style == "2";
    told += text;
  });
  for (const char c : answer) view.push(std::string_view(&c, 1), "");
  view.finish();
  return told + (dim ? "]" : "");
}

const std::string thinking = "<think>\n Let me\n\nsee. \n</think>\n\nYes, <b>.";

}  // namespace

TEST_CASE("a thought is dim and apart, without its markers") {
  using enum AnswerView::Thoughts;
  CHECK(viewed(dimmed, thinking) == "[Let me\n\nsee.]\n\nYes, <b>.");
  CHECK(viewed(dimmed, "<think>\n\n</think>\n\nYes.") == "Yes.");
  CHECK(viewed(dimmed, "<think>cut") == "[cut]");
  CHECK(viewed(dimmed, " No. <think>") == " No. <think>");
  CHECK(viewed(dimmed, "[THINK]a[/THINK][THINK]b[/THINK]c") == "[a]\n\n[b]\n\nc");
  CHECK(viewed(dimmed, "") == "");
}

TEST_CASE("a folded one is left out, a pipe gets all as it was written") {
  using enum AnswerView::Thoughts;
  CHECK(viewed(folded, thinking) == "Yes, <b>.");
  CHECK(viewed(folded, "<think>cut") == "");
  CHECK(viewed(as_written, thinking) == thinking);
  AnswerView view(folded, [](std::string_view, std::string_view) {});
  view.push("<think>a", "");
  CHECK(view.hides());
  view.push("</think>b", "");
  CHECK_FALSE(view.hides());
}

TEST_CASE("the answer keeps the style of each piece") {
  std::vector<std::string> styles;
  AnswerView view(AnswerView::Thoughts::dimmed, [&](std::string_view text, std::string_view style) {
    styles.push_back(std::string(text) + "/" + std::string(style));
  });
  view.push("<think>a", "31");
  view.push("</think>b", "32");
  view.push("c", "33");
  CHECK(styles == std::vector<std::string>{"a/2", "\n\n/", "b/32", "c/33"});
}

}  // namespace kelvin
