#include "tools/batch/batch_request.h"

#include <algorithm>
#include <array>

#include "engine/weights/config.h"
#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/json/json_fields.h"
#include "loaders/json/json_to_value.h"
#include "loaders/tokenizer/prompt.h"
#include "sampling/chain_text.h"
#include "tokenizer/base/user_error.h"
#include "tools/options/generation_defaults.h"
#include "tools/options/sampling_options.h"

namespace kelvin {
namespace {

constexpr int max_choices = 128;

// Keys that change nothing here.
constexpr std::array<std::string_view, 8> ignored = {"model",    "user",         "metadata", "store",
                                                     "priority", "service_tier", "method",   "url"};

std::string setting_text(JsonValue value) {
  if (value.is_number()) return number_text(value.as_double());
  if (value.is_bool()) return value.as_bool() ? "on" : "off";
  return std::string(value.as_string());
}

std::vector<int> prompt_ids(const OpenModel& model, JsonValue prompt) {
  if (prompt.is_string()) return encode_prompt(model.text, prompt.as_string());
  if (!prompt.is_array()) prompt.fail("a text or a list of ids expected");
  if (prompt.size() == 1 && prompt.at(std::size_t{0}).is_string())
    return encode_prompt(model.text, prompt.at(std::size_t{0}).as_string());
  std::vector<int> ids;
  const IntRange range{0, model.model->config().vocab_size - 1};
  for (const JsonValue id : prompt.items()) ids.push_back(int_in(id, range));
  return ids;
}

std::vector<std::string> stop_texts(JsonValue value) {
  std::vector<std::string> texts;
  if (value.is_string())
    texts.emplace_back(value.as_string());
  else
    for (const JsonValue item : value.items()) texts.emplace_back(item.as_string());
  if (std::find(texts.begin(), texts.end(), "") != texts.end())
    value.fail("a text expected, an empty one found");
  return texts;
}

// {"17": -100, ...}
void add_biases(SamplerSettings& settings, JsonValue biases) {
  for (const JsonMember& member : biases.members())
    settings.set("bias",
                 number_text(member.value.as_double()) + ":tokens='id:" + std::string(member.key) + "'",
                 Source::flag, "logit_bias");
}

class LineReader {
 public:
  LineReader(const OpenModel& model, const BatchDefaults& defaults)
      : model_(model),
        settings_(defaults.sampling),
        template_options_(defaults.chat_template),
        most_(defaults.max_tokens) {
    request_.ignore_eos = defaults.ignore_eos;
    request_.seed = defaults.seed ? *defaults.seed : random_seed();
  }

  void read_body(JsonValue body) {
    for (const JsonMember& member : body.members())
      if (!member.value.is_null() && member.key != "custom_id") read(std::string(member.key), member.value);
  }

  BatchRequest finish(JsonValue body) {
    if (messages_) request_.prompt = conversation_ids();
    if (request_.prompt.empty()) body.fail("messages or prompt expected, with at least one token");
    if (request_.prompt.size() >= static_cast<std::size_t>(model_.context))
      body.fail("the prompt has " + std::to_string(request_.prompt.size()) + " tokens, the context holds " +
                std::to_string(model_.context) + ", one of them for the answer (--ctx)");
    if (ids_given_) settings_.set("padding", "draw", Source::default_value, "prompt");
    request_.chain = settings_.chain(model_.vocabulary());
    request_.max_tokens = kelvin::max_tokens(most_, model_.generation, 256).count;
    return std::move(request_);
  }

 private:
  void read(const std::string& key, JsonValue value) {
    if (key == "messages" || key == "prompt") {
      if (!request_.prompt.empty() || messages_) value.fail("messages and prompt exclude each other");
      request_.is_chat = key == "messages";
      if (request_.is_chat && !value.is_array()) value.fail("a list of messages expected");
      ids_given_ = !request_.is_chat && value.is_array();
      if (request_.is_chat)
        messages_ = value;
      else
        request_.prompt = prompt_ids(model_, value);
    } else if (key == "chat_template_kwargs") {
      for (auto& argument : template_arguments(value))
        template_options_.arguments.push_back(std::move(argument));
    } else if (key == "reasoning_effort") {
      template_options_.arguments.emplace_back(key, TemplateValue(value.as_string()));
    } else if (key == "plain_user") {
      template_options_.plain_user = value.as_bool();
    } else if (key == "max_tokens" || key == "max_completion_tokens") {
      most_ = int_in(value, positive_int);
    } else if (key == "n") {
      request_.choices = int_in(value, {1, max_choices});
    } else if (key == "seed") {
      // Whoever counts seeds in signed numbers may.
      request_.seed = value.is_integer() && value.as_double() < 0 ? static_cast<std::uint64_t>(value.as_int())
                                                                  : value.as_uint();
    } else if (key == "stop") {
      request_.stop_texts = stop_texts(value);
    } else if (key == "ignore_eos") {
      request_.ignore_eos = value.as_bool();
    } else if (key == "logprobs") {
      request_.log_probabilities = !value.is_bool() || value.as_bool();
      if (!value.is_bool()) request_.alternatives = int_in(value, {0, 1 << 20});
    } else if (key == "top_logprobs") {
      request_.alternatives = int_in(value, {0, 1 << 20});
    } else if (key == "logit_bias") {
      add_biases(settings_, value);
    } else if (key == "stream") {
      if (value.as_bool()) value.fail("false expected: answers of a batch come whole");
    } else if (std::find(ignored.begin(), ignored.end(), key) == ignored.end()) {
      set(key, value);
    }
  }

  // Once all keys are read: those of the template may stand behind the messages.
  std::vector<int> conversation_ids() {
    ConversationOptions options;
    if (const auto own = chat_template_of(model_.text.info))
      options.variables = template_options_.variables(*own);
    return encode_conversation(model_.text, json_to_value(*messages_), options, template_options_.plain_user);
  }

  void set(const std::string& key, JsonValue value) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '_', '-');
    const std::vector<std::string> names = setting_names();
    if (std::find(names.begin(), names.end(), name) == names.end()) value.fail("unknown key");
    try {
      settings_.set(name, setting_text(value), Source::flag, key);
    } catch (const UserError& error) {
      value.fail(error.what());
    }
  }

  const OpenModel& model_;
  SamplerSettings settings_;
  TemplateOptions template_options_;
  std::optional<JsonValue> messages_;
  std::optional<int> most_;
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
