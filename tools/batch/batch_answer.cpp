#include "tools/batch/batch_answer.h"

#include <algorithm>
#include <numeric>

#include "loaders/json/json_writer.h"
#include "tokenizer/jinja/repr.h"
#include "tools/batch/batch_logprobs.h"
#include "tools/chat/thought.h"
#include "tools/chat/tool_calls.h"

namespace kelvin {
namespace {

void begin_line(JsonWriter& json, const BatchLine& line) {
  json.begin_object().member("id", "line-" + std::to_string(line.number));
  json.member("custom_id", line.custom_id).member("line", line.number);
}

std::string_view reason_of(Ending ending) {
  return ending == Ending::stop_token || ending == Ending::stop_text ? "stop" : "length";
}

// A drawn text as a client takes it: the thought and the calls apart.
struct Message {
  std::string content, thought;
  std::vector<ToolCall> calls;
};

Message message_of(const BatchRequest& request, const std::string& text) {
  Message message{text, {}, {}};
  const SplitAnswer split = split_answer(request.opened_thought + text);
  if (!split.raw.empty()) {
    message.content = split.answer;
    message.thought = split.thought;
  }
  if (!request.tools) return message;
  ToolCalls found = find_tool_calls(message.content, &*request.tools);
  if (found.calls.empty()) return message;
  if ((request.one_call || request.calls_function) && found.calls.size() > 1) found.calls.resize(1);
  message.content = std::move(found.text);
  message.calls = std::move(found.calls);
  return message;
}

void write_calls(JsonWriter& json, const BatchRequest& request, std::span<const ToolCall> calls) {
  const TemplateValue value = calls_value(calls, true);
  if (!request.calls_function) {
    json.key("tool_calls").raw(jinja::to_json(value, {}));
    return;
  }
  json.key("function_call")
      .raw(jinja::to_json(*value.as_sequence().items[0].as_dict().find_string("function"), {}));
}

// Returns why the answer ended.
std::string_view write_message(JsonWriter& json, const BatchRequest& request, const Continuation& choice) {
  const Message message = message_of(request, choice.text);
  json.key("message").begin_object().member("role", "assistant");
  const bool calls_alone = !message.calls.empty() && message.content.empty();
  json.member("content", calls_alone ? std::nullopt : std::optional(message.content))
      .member("refusal", nullptr);
  if (!message.thought.empty()) json.member("reasoning_content", message.thought);
  if (!message.calls.empty()) write_calls(json, request, message.calls);
  json.end_object();
  const std::string_view reason = reason_of(choice.ending);
  if (message.calls.empty() || reason != "stop") return reason;
  return request.calls_function ? "function_call" : "tool_calls";
}

void write_choice(JsonWriter& json, const Tokenizer& tokenizer, const BatchRequest& request,
                  const BatchPrompt& prompt, const PromptAnswers& answers, const Continuation& choice,
                  std::size_t index) {
  json.begin_object().member("index", index);
  std::string_view reason = reason_of(choice.ending);
  if (request.is_chat)
    reason = write_message(json, request, choice);
  else
    json.member("text", (request.echo ? prompt.text : "") + choice.text);
  json.key("logprobs");
  if (!request.log_probabilities)
    json.value(nullptr);
  else if (request.is_chat)
    write_chat_logprobs(json, tokenizer, choice);
  else
    write_text_logprobs(json, tokenizer, prompt, answers.echo ? &*answers.echo : nullptr, choice);
  json.member("finish_reason", reason).member("ids", choice.ids).end_object();
}

double mean_log_probability(const Continuation& choice) {
  const auto& p = choice.log_probabilities;
  return std::accumulate(p.begin(), p.end(), 0.0) / static_cast<double>(std::max<std::size_t>(p.size(), 1));
}

// The draws that are told, those of the likeliest tokens first where there are more.
std::vector<const Continuation*> told_of(const BatchRequest& request, const PromptAnswers& answers) {
  std::vector<const Continuation*> told;
  for (const Continuation& draw : answers.draws) told.push_back(&draw);
  if (request.draws > request.choices)
    std::stable_sort(told.begin(), told.end(), [](const Continuation* a, const Continuation* b) {
      return mean_log_probability(*a) > mean_log_probability(*b);
    });
  told.resize(static_cast<std::size_t>(request.choices));
  return told;
}

}  // namespace

std::string batch_answer(const OpenModel& model, const std::string& made_by, const BatchLine& line,
                         const BatchRequest& request, std::span<const PromptAnswers> answers) {
  JsonWriter json;
  begin_line(json, line);
  json.key("response").begin_object().member("status_code", 200).key("body").begin_object();
  json.member("id", (request.is_chat ? "chatcmpl-" : "cmpl-") + std::to_string(line.number));
  json.member("object", request.is_chat ? "chat.completion" : "text_completion").member("created", 0);
  json.member("model", model.name()).member("system_fingerprint", made_by).key("choices").begin_array();
  std::size_t given = 0, drawn = 0, index = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const BatchPrompt& prompt = request.prompts[i];
    for (const Continuation* choice : told_of(request, answers[i]))
      write_choice(json, model.tokenizer(), request, prompt, answers[i], *choice, index++);
    given += prompt.ids.size();
    for (const Continuation& draw : answers[i].draws) drawn += draw.ids.size();
  }
  json.end_array().key("usage").begin_object().member("prompt_tokens", given);
  json.member("completion_tokens", drawn).member("total_tokens", given + drawn).end_object();
  json.member("seed", request.seed).member("chain", request.chain.text());
  if (!request.warnings.empty()) json.member("warnings", request.warnings);
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
