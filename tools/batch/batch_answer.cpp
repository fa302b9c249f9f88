#include "tools/batch/batch_answer.h"

#include "loaders/json/json_writer.h"

namespace kelvin {
namespace {

void begin_line(JsonWriter& json, const BatchLine& line) {
  json.begin_object().member("id", "line-" + std::to_string(line.number));
  json.member("custom_id", line.custom_id).member("line", line.number);
}

std::string_view reason_of(Ending ending) {
  return ending == Ending::stop_token || ending == Ending::stop_text ? "stop" : "length";
}

// Into an object that is open.
JsonWriter& write_token(JsonWriter& json, const Tokenizer& tokenizer, int id, double log_probability) {
  const std::string bytes = tokenizer.bytes(id);
  json.member("token", bytes).member("id", id).member("logprob", log_probability);
  const std::span<const unsigned char> numbers(reinterpret_cast<const unsigned char*>(bytes.data()),
                                               bytes.size());
  return json.member("bytes", numbers);
}

void write_tokens(JsonWriter& json, const Tokenizer& tokenizer, std::span<const TokenRank> tokens) {
  json.begin_array();
  for (const TokenRank& token : tokens)
    write_token(json.begin_object(), tokenizer, token.id, token.log_probability).end_object();
  json.end_array();
}

// Of every drawn token, one that ended the text included.
void write_chat_log_probabilities(JsonWriter& json, const Tokenizer& tokenizer, const Continuation& choice) {
  json.begin_object().key("content").begin_array();
  for (std::size_t i = 0; i < choice.ids.size(); ++i) {
    write_token(json.begin_object(), tokenizer, choice.ids[i], choice.log_probabilities[i]);
    json.member("chain_logprob", choice.chain_log_probabilities[i]).key("top_logprobs");
    write_tokens(json, tokenizer,
                 choice.alternatives.empty() ? std::span<const TokenRank>() : choice.alternatives[i]);
    json.end_object();
  }
  json.end_array().end_object();
}

void write_text_log_probabilities(JsonWriter& json, const Tokenizer& tokenizer, const Continuation& choice) {
  json.begin_object().key("tokens").begin_array();
  for (const int id : choice.ids) json.value(tokenizer.bytes(id));
  json.end_array().member("token_logprobs", choice.log_probabilities);
  json.member("chain_logprobs", choice.chain_log_probabilities).key("top_logprobs");
  if (choice.alternatives.empty()) {
    json.value(nullptr).end_object();
    return;
  }
  json.begin_array();
  for (const std::vector<TokenRank>& others : choice.alternatives) write_tokens(json, tokenizer, others);
  json.end_array().end_object();
}

void write_choice(JsonWriter& json, const Tokenizer& tokenizer, const BatchRequest& request,
                  const Continuation& choice, std::size_t index) {
  json.begin_object().member("index", index);
  if (request.is_chat) {
    json.key("message").begin_object().member("role", "assistant").member("content", choice.text);
    json.end_object();
  } else {
    json.member("text", choice.text);
  }
  json.key("logprobs");
  if (!request.log_probabilities)
    json.value(nullptr);
  else if (request.is_chat)
    write_chat_log_probabilities(json, tokenizer, choice);
  else
    write_text_log_probabilities(json, tokenizer, choice);
  json.member("finish_reason", reason_of(choice.ending)).member("ids", choice.ids).end_object();
}

}  // namespace

std::string batch_answer(const OpenModel& model, const std::string& made_by, const BatchLine& line,
                         const BatchRequest& request, std::span<const Continuation> choices) {
  JsonWriter json;
  begin_line(json, line);
  json.key("response").begin_object().member("status_code", 200).key("body").begin_object();
  json.member("object", request.is_chat ? "chat.completion" : "text_completion");
  json.member("model", model.name()).member("system_fingerprint", made_by).key("choices").begin_array();
  std::size_t drawn = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    write_choice(json, model.tokenizer(), request, choices[i], i);
    drawn += choices[i].ids.size();
  }
  json.end_array().key("usage").begin_object().member("prompt_tokens", request.prompt.size());
  json.member("completion_tokens", drawn).member("total_tokens", request.prompt.size() + drawn).end_object();
  json.member("seed", request.seed).member("chain", request.chain.text());
  return json.end_object().end_object().member("error", nullptr).end_object().text();
}

std::string batch_error(const BatchLine& line, std::string_view code, std::string_view message) {
  JsonWriter json;
  begin_line(json, line);
  json.member("response", nullptr).key("error").begin_object().member("code", code);
  json.member("message", message).member("line", line.number);
  return json.end_object().end_object().text();
}

}  // namespace kelvin
