#include "tools/chat/thought.h"

#include <algorithm>
#include <iterator>

#include "tools/output/blanks.h"

namespace kelvin {
namespace {

struct Marker {
  std::string_view open, close;
};

constexpr Marker thoughts[] = {
    {"<think>", "</think>"},  // Qwen, DeepSeek, GLM, SmolLM, Granite and most others
    {"[THINK]", "[/THINK]"},  // Mistral
    {"<seed:think>", "</seed:think>"},
    {"<|channel>thought", "<channel|>"},            // Gemma
    {"<|channel|>analysis<|message|>", "<|end|>"},  // gpt-oss
    {"<|START_THINKING|>", "<|END_THINKING|>"},     // Command
    {"<thought>", "</thought>"},                    // EXAONE
    {"<thinking>", "</thinking>"},
    {"<reasoning>", "</reasoning>"},
    {"<|begin_of_thought|>", "<|end_of_thought|>"},
    {"<|inner_prefix|>", "<|inner_suffix|>"},  // Apertus
    {"<unused94>thought", "<unused95>"},       // MedGemma
    {"◁think▷", "◁/think▷"},                   // Kimi-VL
    {"<longcat_think>", "</longcat_think>"},
    {"Here is my thought process:", "Here is my response:"},  // Granite 3.2
};

// What may stand around the answer itself. Those without a bar count behind a thought only.
constexpr Marker answers[] = {
    {"<|channel|>final<|message|>", ""},
    {"<|channel|>commentary<|message|>", "<|end|>"},
    {"<|START_RESPONSE|>", "<|END_RESPONSE|>"},
    {"<|START_TEXT|>", "<|END_TEXT|>"},
    {"<|begin_of_solution|>", "<|end_of_solution|>"},
    {"<response>", "</response>"},
};
constexpr std::string_view next_message = "<|start|>assistant";  // after which an answer begins anew

// Bytes at the end of `text` with which `marker` might begin.
std::size_t begun_at_end(std::string_view text, std::string_view marker) {
  for (std::size_t length = std::min(text.size(), marker.size() - 1); length > 0; --length)
    if (text.ends_with(marker.substr(0, length))) return length;
  return 0;
}

}  // namespace

void ThoughtSplitter::push(std::string_view text, const Sink& sink) {
  held_ += text;
  while (!held_.empty() && step(sink)) {
  }
}

void ThoughtSplitter::finish(const Sink& sink) {
  const bool blanks = state_ == State::start && thought_ && without_blanks(held_).empty();
  const Part part = blanks ? Part::markup : state_ == State::thought ? Part::thought : Part::answer;
  if (!held_.empty()) give(part, held_.size(), sink);
}

void ThoughtSplitter::give(Part part, std::size_t length, const Sink& sink) {
  if (length > 0) sink(part, std::string_view(held_).substr(0, length));
  held_.erase(0, length);
}

// Gives what is certain; false if more text is needed.
bool ThoughtSplitter::step(const Sink& sink) {
  if (state_ == State::start) return begin(sink);
  const Part part = state_ == State::thought ? Part::thought : Part::answer;
  if (close_.empty()) {
    give(part, held_.size(), sink);
    return false;
  }
  const std::size_t end = held_.find(close_);
  if (end == held_.npos) {
    give(part, held_.size() - begun_at_end(held_, close_), sink);
    return false;
  }
  give(part, end, sink);
  give(Part::markup, close_.size(), sink);
  close_ = {};
  state_ = State::start;
  return true;
}

bool ThoughtSplitter::begin(const Sink& sink) {
  const std::size_t blanks = held_.find_first_not_of(blank_bytes);
  if (blanks == held_.npos) return false;
  const std::string_view rest = std::string_view(held_).substr(blanks);
  bool possible = false;
  const auto begins = [&](std::string_view open) {
    possible |= open.starts_with(rest);
    return rest.starts_with(open);
  };
  const auto enter = [&](State state, std::string_view open, std::string_view close) {
    state_ = state;
    thought_ |= state == State::thought;
    close_ = close;
    give(Part::markup, blanks + open.size(), sink);
    return true;
  };
  for (const Marker& marker : thoughts)
    if (begins(marker.open)) return enter(State::thought, marker.open, marker.close);
  for (const Marker& marker : answers)
    if ((thought_ || marker.open.starts_with("<|")) && begins(marker.open))
      return enter(State::answer, marker.open, marker.close);
  if (begins(next_message)) return enter(State::start, next_message, {});
  if (possible) return false;
  if (thought_) give(Part::markup, blanks, sink);
  state_ = State::answer;
  return true;
}

SplitAnswer split_answer(std::string_view text) {
  SplitAnswer split;
  ThoughtSplitter splitter;
  std::string written, thought;  // the whole text; the thought at hand
  const auto end_thought = [&] {
    const std::string_view bare = without_blanks(thought);
    if (!bare.empty()) split.thought += (split.thought.empty() ? "" : "\n\n") + std::string(bare);
    thought.clear();
  };
  bool any = false;
  const auto take = [&](ThoughtSplitter::Part part, std::string_view piece) {
    if (part == ThoughtSplitter::Part::answer) {
      if (split.answer.empty()) split.raw = written;
      split.answer += piece;
    } else if (part == ThoughtSplitter::Part::thought) {
      thought += piece;
      any = true;
    } else {
      end_thought();
    }
    written += piece;
  };
  splitter.push(text, take);
  const bool unclosed = splitter.in_thought();
  const std::string_view close = splitter.close();
  splitter.finish(take);
  end_thought();
  if (split.answer.empty()) split.raw = written;
  if (unclosed) split.raw += close;
  if (any || unclosed || !split.raw.empty()) return split;
  for (const Marker& marker : thoughts) {
    const std::size_t end = marker.close == "<|end|>" ? text.npos : text.rfind(marker.close);
    if (end == text.npos || text.find(marker.open) < end) continue;
    const std::size_t answer =
        std::min(text.find_first_not_of(blank_bytes, end + marker.close.size()), text.size());
    return {std::string(without_blanks(text.substr(0, end))), std::string(text.substr(answer)),
            std::string(text.substr(0, answer))};
  }
  return split;
}

std::string_view marker_at_end(std::string_view prompt) {
  const std::string_view begun = opened_thought(prompt);
  const bool alone = std::any_of(std::begin(thoughts), std::end(thoughts),
                                 [&](const Marker& marker) { return without_blanks(begun) == marker.open; });
  return alone ? begun : std::string_view();
}

std::string_view opened_thought(std::string_view opening) {
  for (const Marker& marker : thoughts) {
    const std::size_t begin = opening.rfind(marker.open);
    if (begin != opening.npos && opening.find(marker.close, begin) == opening.npos)
      return opening.substr(begin);
  }
  return {};
}

}  // namespace kelvin
