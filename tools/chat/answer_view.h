// An answer on its way to a person or a pipe, its thought apart.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "tools/chat/thought.h"

namespace kelvin {

class AnswerView {
 public:
  // How: text in a style (SGR of ECMA-48, "2" is dim), "" for none.
  using Write = std::function<void(std::string_view text, std::string_view style)>;
  enum class Thoughts {
    as_written,  // with the model's markers, byte by byte
    dimmed,      // an empty line apart from the answer, instead of the markers
    folded,      // left out
  };
  AnswerView(Thoughts thoughts, Write write) : thoughts_(thoughts), write_(std::move(write)) {}

  void push(std::string_view text, std::string_view style);
  void finish();
  // What is pushed now is part of a thought that is left out.
  bool hides() const { return thoughts_ == Thoughts::folded && splitter_.in_thought(); }

 private:
  void show(ThoughtSplitter::Part part, std::string_view text);

  Thoughts thoughts_;
  Write write_;
  ThoughtSplitter splitter_;
  std::string style_;        // of what is pushed
  std::string blanks_;       // of a thought, written once more of it comes
  bool in_thought_ = false;  // something of it was written
  bool apart_ = false;       // an answer begins on a line of its own
};

}  // namespace kelvin
