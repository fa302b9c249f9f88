#include "tools/batch/batch_logprobs.h"

#include <cmath>
#include <set>
#include <string>

#include "tokenizer/unicode/utf8.h"

namespace kelvin {
namespace {

// A piece of a character has no text; OpenAI spells its bytes.
std::string text_of(const std::string& bytes, std::string_view prefix) {
  if (unicode::is_utf8(bytes)) return bytes;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(prefix);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  }
  return text;
}

// Into an object that is open.
JsonWriter& write_token(JsonWriter& json, const Tokenizer& tokenizer, int id, double log_probability) {
  const std::string bytes = tokenizer.bytes(id);
  json.member("token", text_of(bytes, "")).member("id", id).member("logprob", log_probability);
  const std::span<const unsigned char> numbers(reinterpret_cast<const unsigned char*>(bytes.data()),
                                               bytes.size());
  return json.member("bytes", numbers);
}

class TextLogprobs {
 public:
  explicit TextLogprobs(const Tokenizer& tokenizer) : tokenizer_(tokenizer), decoder_(tokenizer) {}

  // What stands before the text has no offset.
  void skip(std::span<const int> ids) {
    for (const int id : ids) decoder_.push(id);
  }
  // Tokens that are not told.
  void pass(std::span<const int> ids) {
    for (const int id : ids) advance(id);
  }
  void tell(int id, double log_probability) {
    ids_.push_back(id);
    log_probabilities_.push_back(log_probability);
    offsets_.push_back(at_);
    advance(id);
  }
  // top: empty unless alternatives were asked for.
  void write(JsonWriter& json, const std::vector<std::vector<TokenRank>>& top,
             const Continuation& choice) const {
    json.begin_object().key("tokens").begin_array();
    for (const int id : ids_) json.value(name(id));
    json.end_array().key("token_logprobs").begin_array();
    for (const double p : log_probabilities_) json.value(unless_nan(p));
    json.end_array().key("top_logprobs");
    if (top.empty()) {
      json.value(nullptr);
    } else {
      json.begin_array();
      for (std::size_t i = 0; i < top.size(); ++i) write_top(json, top[i], i);
      json.end_array();
    }
    json.member("text_offset", offsets_)
        .member("chain_logprobs", choice.chain_log_probabilities)
        .end_object();
  }

 private:
  void advance(int id) { at_ += unicode::count_chars(decoder_.push(id)); }
  std::string name(int id) const { return text_of(tokenizer_.bytes(id), "bytes:"); }

  // The likeliest, and the token itself. Of tokens that read the same the likeliest is told.
  void write_top(JsonWriter& json, const std::vector<TokenRank>& top, std::size_t index) const {
    if (std::isnan(log_probabilities_[index])) {
      json.value(nullptr);
      return;
    }
    std::set<std::string> told;
    json.begin_object();
    const auto tell = [&](int id, double p) {
      if (told.insert(name(id)).second) json.member(name(id), p);
    };
    for (const TokenRank& token : top) tell(token.id, token.log_probability);
    tell(ids_[index], log_probabilities_[index]);
    json.end_object();
  }

  const Tokenizer& tokenizer_;
  StreamDecoder decoder_;
  std::size_t at_ = 0;  // characters
  std::vector<int> ids_;
  std::vector<double> log_probabilities_;
  std::vector<std::size_t> offsets_;
};

}  // namespace

void write_chat_logprobs(JsonWriter& json, const Tokenizer& tokenizer, const Continuation& choice) {
  json.begin_object().key("content").begin_array();
  for (std::size_t i = 0; i < choice.ids.size(); ++i) {
    write_token(json.begin_object(), tokenizer, choice.ids[i], choice.log_probabilities[i]);
    json.member("chain_logprob", choice.chain_log_probabilities[i]).key("top_logprobs").begin_array();
    if (!choice.alternatives.empty())
      for (const TokenRank& token : choice.alternatives[i])
        write_token(json.begin_object(), tokenizer, token.id, token.log_probability).end_object();
    json.end_array().end_object();
  }
  json.end_array().member("refusal", nullptr).end_object();
}

void write_text_logprobs(JsonWriter& json, const Tokenizer& tokenizer, const BatchPrompt& prompt,
                         const PromptTokens* echo, const Continuation& choice) {
  TextLogprobs told(tokenizer);
  const std::span<const int> ids(prompt.ids);
  told.skip(ids.first(prompt.begun));
  std::vector<std::vector<TokenRank>> top;
  if (echo) {
    for (std::size_t i = prompt.begun; i < ids.size(); ++i) told.tell(ids[i], echo->log_probabilities[i]);
    if (!echo->alternatives.empty())
      top.assign(echo->alternatives.begin() + static_cast<std::ptrdiff_t>(prompt.begun),
                 echo->alternatives.end());
  } else {
    told.pass(ids.subspan(prompt.begun));
  }
  for (std::size_t i = 0; i < choice.ids.size(); ++i) told.tell(choice.ids[i], choice.log_probabilities[i]);
  top.insert(top.end(), choice.alternatives.begin(), choice.alternatives.end());
  told.write(json, top, choice);
}

}  // namespace kelvin
