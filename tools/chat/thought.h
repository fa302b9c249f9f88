// What a model thinks before it answers, told apart by the markers of the published templates: <think>...</think>,
// [THINK]...[/THINK], <|channel|>analysis<|message|>...<|end|> and others (thought.cpp has the list).
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace kelvin {

// Cuts an answer into its parts while it comes. A thought stands at the beginning of an answer or behind another thought;
// markers elsewhere are text like any other.
class ThoughtSplitter {
 public:
  // markup: markers, and the blanks between a thought and the answer.
  enum class Part { answer, thought, markup };
  using Sink = std::function<void(Part part, std::string_view text)>;

  // All that was pushed comes out again in order; what may become a marker is held back.
  void push(std::string_view text, const Sink& sink);
  void finish(const Sink& sink);
  bool in_thought() const { return state_ == State::thought; }
  std::string_view close() const {
    return close_;
  }  // the marker that the thought or the answer ends with; may be empty

 private:
  enum class State { start, thought, answer };
  bool step(const Sink& sink);
  bool begin(const Sink& sink);
  void give(Part part, std::size_t length, const Sink& sink);

  State state_ = State::start;
  bool thought_ = false;  // there was one
  std::string held_;
  std::string_view close_;
};

struct SplitAnswer {
  std::string thought;  // without markers and blanks around it; several thoughts are joined by an empty line
  std::string answer;   // without markers
  std::string raw;      // what stands before the answer as it was written, a thought without end closed
};
// A marker that ends a thought with none that begins it counts, too: some templates begin it.
SplitAnswer split_answer(std::string_view text);

// The end of a prompt in which a thought begins that the model is to go on with, marker and all; else "".
// `opening`: what the prompt has behind the last message.
std::string_view opened_thought(std::string_view opening);
// The marker at the very end of a prompt, where it is not known what of it stands behind the last message.
std::string_view marker_at_end(std::string_view prompt);

}  // namespace kelvin
