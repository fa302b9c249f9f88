#include "tools/batch/batch_request.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "loaders/files/load_error.h"
#include "loaders/json/json_fields.h"
#include "sampling/chain_text.h"
#include "sampling/closest.h"
#include "tokenizer/base/user_error.h"
#include "tools/batch/batch_messages.h"
#include "tools/batch/batch_prompts.h"
#include "tools/batch/body_keys.h"
#include "tools/options/generation_defaults.h"
#include "tools/options/sampling_options.h"

namespace kelvin {
namespace {

constexpr int max_choices = 128;
constexpr IntRange count_of_alternatives{0, 1 << 20};

std::string setting_text(JsonValue value) {
  if (value.is_number()) return number_text(value.as_double());
  if (value.is_bool()) return value.as_bool() ? "on" : "off";
  return std::string(value.as_string());
}

// A text, or a list of texts; none of them empty.
std::vector<std::string> texts_of(JsonValue value) {
  std::vector<std::string> texts;
  if (value.is_string())
    texts.emplace_back(value.as_string());
  else
    for (const JsonValue item : value.items()) texts.emplace_back(item.as_string());
  if (std::find(texts.begin(), texts.end(), "") != texts.end())
    value.fail("a text expected, an empty one found");
  return texts;
}

// As in a chain.
std::string quoted(const std::string& text) {
  std::string inside;
  for (const char c : text) inside += (c == '\'' || c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
  return "'" + inside + "'";
}

class LineReader {
 public:
  LineReader(const OpenModel& model, const BatchDefaults& defaults)
      : model_(model),
        settings_(defaults.sampling),
        default_most_(defaults.max_tokens),
        ignore_eos_(defaults.ignore_eos) {
    chat_.told = defaults.chat_template;
    request_.seed = defaults.seed ? *defaults.seed : random_seed();
  }

  void read_body(JsonValue body) {
    request_.is_chat = optional_member(body, "messages").has_value();
    if (request_.is_chat && optional_member(body, "prompt"))
      body.at("prompt").fail("messages and prompt exclude each other");
    for (const JsonMember& member : body.members())
      if (!member.value.is_null() && member.key != "custom_id") read(std::string(member.key), member.value);
  }

  BatchRequest finish(JsonValue body) {
    if (chat_.messages) {
      if (!chat_.gives_tools) chat_.tools.reset();
      ChatPromptText prompt = chat_prompt_text(model_, chat_);
      request_.tools = chat_.tools;
      request_.one_call = chat_.one_call;
      request_.calls_function = chat_.calls_function;
      request_.prompts = {{std::move(prompt.ids), 0, {}, 0}};
      request_.opened_thought = std::move(prompt.opened_thought);
      for (std::string& warning : prompt.warnings) request_.warnings.push_back(std::move(warning));
    }
    if (request_.prompts.empty()) body.fail("messages or prompt expected, with at least one token");
    for (const BatchPrompt& prompt : request_.prompts) check_length(body, prompt.ids.size());
    if (ids_given_) settings_.set("padding", "draw", Source::default_value, "prompt");
    request_.chain = settings_.chain(model_.vocabulary(!ignore_eos_));
    finish_counts(body);
    const std::vector<std::string>& texts = model_.generation.stop_strings;
    request_.stop_texts.insert(request_.stop_texts.end(), texts.begin(), texts.end());
    if (!ignore_eos_) request_.stops.insert(request_.stops.end(), model_.stops.begin(), model_.stops.end());
    std::sort(request_.stops.begin(), request_.stops.end());
    return std::move(request_);
  }

 private:
  void check_length(JsonValue body, std::size_t tokens) const {
    if (tokens == 0) body.fail("messages or prompt expected, with at least one token");
    if (tokens >= static_cast<std::size_t>(model_.context))
      body.fail("the prompt has " + std::to_string(tokens) + " tokens, the context holds " +
                std::to_string(model_.context) + ", one of them for the answer (--ctx)");
  }

  int room_for_answer(JsonValue body, std::optional<int> most, std::size_t prompt_tokens) const {
    if (most == -1) return 0;
    if (most || !length_) return max_tokens(most, model_.generation, 256, prompt_tokens).count;
    const auto given = static_cast<int>(prompt_tokens);  // fewer than the context holds
    if (given >= *length_)
      body.at("max_length")
          .fail("more than the " + std::to_string(given) + " tokens of the prompt expected, " +
                std::to_string(*length_) + " found");
    return *length_ - given;
  }

  void finish_counts(JsonValue body) {
    std::optional<int> most = most_new_ ? most_new_ : most_;  // the newer name stands over the older one
    if (most && length_) ignore("max_length", "the number of new tokens is given, too");
    if (!most && !length_) most = default_most_;
    if (most == 0 && !request_.echo) body.fail("max_tokens: 0 tokens are asked for, and echo is not");
    request_.draws_none = most == 0;
    for (BatchPrompt& prompt : request_.prompts)
      prompt.max_tokens = room_for_answer(body, most, prompt.ids.size());
    request_.draws = best_of_.value_or(request_.choices);
    if (request_.draws < request_.choices)
      body.at("best_of").fail("at least n = " + std::to_string(request_.choices) + " expected, " +
                              std::to_string(request_.draws) + " found");
    if (alternatives_ && !request_.log_probabilities)
      body.at("top_logprobs").fail("logprobs: true expected beside it");
    if (alternatives_) request_.alternatives = *alternatives_;
  }

  void read(const std::string& key, JsonValue value) {
    if (read_prompt(key, value) || read_count(key, value) || read_sampling(key, value)) return;
    if (read_chat_key(chat_, key, value, request_.warnings)) {
      if (!request_.is_chat && key != "response_format")
        value.fail("this is a key of chats, and messages are missing");
      return;
    }
    if (const PassedKey* passed = find_passed_key(key)) {
      if (says_nothing(value) || (key == "num_beams" && value.is_number() && value.as_double() == 1)) return;
      if (passed->is_refused) value.fail(passed->why);
      ignore(key, passed->why);
    } else if (key == "model") {
      if (value.as_string() != model_.name()) ignore(key, model_.name() + " answers");
    } else if (key != "method" && key != "url") {
      set(key, value);
    }
  }

  bool read_prompt(const std::string& key, JsonValue value) {
    if (key == "messages") {
      if (!value.is_array()) value.fail("a list of messages expected");
      chat_.messages = value;
    } else if (key == "prompt") {
      ids_given_ = !given_as_text(value);
      request_.prompts = batch_prompts(model_, value);
    } else if (key == "echo") {
      if (value.as_bool() && request_.is_chat) value.fail("a prompt is told again, messages are not");
      request_.echo = value.as_bool();
    } else if (key == "suffix") {
      if (!value.as_string().empty())
        value.fail("Kelvin goes on after a text and does not fill in before one");
    } else if (key == "stream") {
      if (value.as_bool()) value.fail("false expected: answers of a batch come whole");
    } else {
      return false;
    }
    return true;
  }

  bool read_count(const std::string& key, JsonValue value) {
    constexpr IntRange most{-1, std::numeric_limits<int>::max()};
    if (key == "max_tokens" || key == "n_predict") {
      most_ = int_in(value, most);
    } else if (key == "max_completion_tokens" || key == "max_new_tokens") {
      most_new_ = int_in(value, most);
    } else if (key == "max_length") {  // transformers': with the prompt
      length_ = int_in(value, {1});
    } else if (key == "n" || key == "num_return_sequences") {
      request_.choices = int_in(value, {1, max_choices});
    } else if (key == "best_of") {
      best_of_ = int_in(value, {1, max_choices});
    } else if (key == "logprobs" || key == "n_probs") {
      if (key == "n_probs" && says_nothing(value)) return true;
      request_.log_probabilities = !value.is_bool() || value.as_bool();
      if (!value.is_bool()) request_.alternatives = int_in(value, count_of_alternatives);
    } else if (key == "top_logprobs") {
      if (!says_nothing(value)) alternatives_ = int_in(value, count_of_alternatives);
    } else {
      return false;
    }
    return true;
  }

  bool read_sampling(const std::string& key, JsonValue value) {
    if (key == "seed") {
      // Whoever counts seeds in signed numbers may.
      request_.seed = value.is_integer() && value.as_double() < 0 ? static_cast<std::uint64_t>(value.as_int())
                                                                  : value.as_uint();
    } else if (key == "stop" || key == "stop_strings") {
      const std::vector<std::string> texts = texts_of(value);
      request_.stop_texts.insert(request_.stop_texts.end(), texts.begin(), texts.end());
    } else if (key == "eos_token_id" && value.is_number()) {
      request_.stops.push_back(int_in(value, token_range(model_)));
    } else if (key == "stop_token_ids" || key == "eos_token_id") {
      for (const JsonValue id : value.items()) request_.stops.push_back(int_in(id, token_range(model_)));
    } else if (key == "do_sample") {
      if (!value.as_bool()) settings_.set("temp", "0", Source::flag, key);
    } else if (key == "ignore_eos") {
      ignore_eos_ = value.as_bool();
    } else if (key == "logit_bias") {
      add_biases(value);
    } else if (key == "allowed_token_ids") {
      std::string ids;
      for (const JsonValue id : value.items())
        ids += (ids.empty() ? "id:" : ",") + std::to_string(int_in(id, token_range(model_)));
      if (!ids.empty()) settings_.set("allow", "'" + ids + "'", Source::flag, key);
    } else if (key == "bad_words") {
      for (const std::string& text : texts_of(value))
        settings_.set("string-ban", quoted(text), Source::flag, key);
    } else if (key == "top_k" && value.is_integer() && value.as_double() < 0) {
      settings_.set("top-k", "off", Source::flag, key);  // as vLLM and llama.cpp say it
    } else if (key == "typical_p") {
      set("typical", value);
    } else {
      return false;
    }
    return true;
  }

  // {"17": -100, ...}; -100 bans, as OpenAI has it, and false, as llama.cpp has it.
  void add_biases(JsonValue biases) {
    for (const JsonMember& member : biases.members()) {
      const IntRange range = token_range(model_);
      int id = -1;
      const char* const end = member.key.data() + member.key.size();
      const auto [at, error] = std::from_chars(member.key.data(), end, id);
      if (error != std::errc{} || at != end || id < 0 || id > range.high)
        member.value.fail("there is no token " + std::string(member.key) + "; ids go from 0 to " +
                          std::to_string(range.high));
      const bool bans = member.value.is_bool() ? !member.value.as_bool() : member.value.as_double() <= -100;
      if (member.value.is_bool() && !bans) member.value.fail("a number or false expected");
      settings_.set(
          "bias",
          (bans ? "-inf" : number_text(member.value.as_double())) + ":tokens='id:" + std::to_string(id) + "'",
          Source::flag, "logit_bias");
    }
  }

  void set(const std::string& key, JsonValue value) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '_', '-');
    const std::vector<std::string> names = setting_names();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const std::string near = sampling::closest(name, names);
      value.fail("unknown key" + (near.empty() ? "" : "; did you mean " + near + "?"));
    }
    try {
      settings_.set(name, setting_text(value), Source::flag, key);
    } catch (const UserError& error) {
      value.fail(error.what());
    }
  }

  void ignore(const std::string& key, std::string_view why) {
    request_.warnings.push_back(key + ": ignored: " + std::string(why));
  }

  const OpenModel& model_;
  SamplerSettings settings_;
  ChatBody chat_;
  std::optional<int> default_most_, most_, most_new_, length_, best_of_, alternatives_;
  bool ignore_eos_;
  BatchRequest request_;
  bool ids_given_ = false;
};

}  // namespace

BatchRequest batch_request(const OpenModel& model, JsonValue line, const BatchDefaults& defaults) {
  if (!line.is_object()) line.fail("an object expected");
  LineReader reader(model, defaults);
  const auto body = optional_member(line, "body");
  for (const JsonMember& member : line.members()) {
    const bool outside =
        member.key == "custom_id" || member.key == "body" || member.key == "method" || member.key == "url";
    if (body && !outside) member.value.fail("unknown key beside body");
  }
  if (body && !body->is_object()) body->fail("an object expected");
  reader.read_body(body.value_or(line));
  return reader.finish(body.value_or(line));
}

std::optional<std::string> custom_id_of(JsonValue line) {
  if (!line.is_object()) return std::nullopt;
  const auto id = optional_member(line, "custom_id");
  return id ? std::optional(std::string(id->as_string())) : std::nullopt;
}

}  // namespace kelvin
