// Drawn ids as text while they come: whole characters, nothing that may still change.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace kelvin {

struct StreamedTextOptions {
  std::span<const int> before;         // ids that the text continues; empty: it begins anew
  std::span<const std::string> stops;  // the text ends before the first of these
  std::function<void(std::string_view text)> on_text;
  // The same text token by token, with what push() was told of each. A character of several tokens belongs to the last.
  std::function<void(std::string_view text, double log_probability)> on_token_text = {};
};

class StreamedText {
 public:
  // Keeps references to the tokenizer and to what the options' spans refer to.
  StreamedText(const Tokenizer& tokenizer, StreamedTextOptions options);

  // `unsettled`: how many of the last tokens, this one included, may still be taken back.
  void push(int id, std::size_t unsettled = 0, double log_probability = 0);
  // Whether one of the stops has come; nothing is to be pushed after it.
  bool stopped() const { return stopped_; }
  // Begins again with `ids`: those shown already, and perhaps more.
  void rewrite(std::span<const int> ids);
  // Shows what was held back and gives all of the text.
  std::string finish();

 private:
  void append(int id);
  StreamDecoder begin() const;
  void look_for_stops(std::size_t from);
  void show(std::size_t end);

  const Tokenizer& tokenizer_;
  StreamedTextOptions options_;
  StreamDecoder decoder_;
  std::size_t longest_stop_ = 0;
  std::string text_;
  std::vector<std::size_t> ends_;  // of the text up to each token, in bytes
  std::vector<double> log_probabilities_;
  std::size_t shown_ = 0;
  bool stopped_ = false;
};

}  // namespace kelvin
