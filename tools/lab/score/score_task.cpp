#include "tools/lab/score/score_task.h"

#include <algorithm>
#include <set>
#include <utility>

#include "loaders/files/load_error.h"
#include "loaders/json/json_fields.h"
#include "loaders/json/json_to_value.h"
#include "loaders/tokenizer/prompt.h"
#include "tokenizer/base/user_error.h"
#include "tools/output/blanks.h"

namespace kelvin {
namespace {

std::string text_at(JsonValue line, std::string_view key, std::string otherwise) {
  const auto value = optional_member(line, key);
  if (!value) return otherwise;
  if (value->is_integer()) return std::to_string(value->as_int());
  return std::string(value->as_string());
}

void check_keys(JsonValue line) {
  constexpr std::string_view known[] = {"id",   "prompt",     "messages", "answer",
                                        "stop", "max_tokens", "cluster"};
  for (const JsonMember& member : line.members())
    if (std::find(std::begin(known), std::end(known), member.key) == std::end(known))
      member.value.fail("unknown key" + suggestion(member.key, {std::begin(known), std::end(known)}));
}

std::vector<std::string> stops_of(JsonValue line) {
  std::vector<std::string> texts;
  const auto stop = optional_member(line, "stop");
  if (!stop) return texts;
  if (stop->is_array())
    for (const JsonValue item : stop->items()) texts.emplace_back(item.as_string());
  else
    texts.emplace_back(stop->as_string());
  for (const std::string& text : texts)
    if (text.empty()) stop->fail("a stop text is empty");
  return texts;
}

ScoreTask task_of(const JsonDocument& document, std::size_t number) {
  const JsonValue line = document.root();
  if (!line.is_object()) line.fail("a task expected: an object with prompt or messages, and answer");
  check_keys(line);
  ScoreTask task;
  task.id = text_at(line, "id", std::to_string(number));
  task.cluster = text_at(line, "cluster", task.id);
  const auto prompt = optional_member(line, "prompt"), messages = optional_member(line, "messages");
  if (prompt.has_value() == messages.has_value()) line.fail("either prompt or messages expected");
  if (prompt) {
    task.prompt = std::string(prompt->as_string());
  } else {
    if (!messages->is_array() || messages->size() == 0) messages->fail("a list of messages expected");
    task.line = document;
  }
  task.stop_texts = stops_of(line);
  task.max_tokens = optional_int(line, "max_tokens", positive_int);
  task.judge = make_judge(line.at("answer"));
  return task;
}

}  // namespace

std::vector<ScoreTask> parse_score_tasks(std::string_view text, const std::string& name) {
  std::vector<ScoreTask> tasks;
  std::set<std::string> ids;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = without_blanks(text.substr(begin, end - begin));
    begin = end + 1;
    ++number;
    if (line.empty()) continue;
    const std::string place = path_text(name) + ", line " + std::to_string(number);
    tasks.push_back(task_of(parse_json(std::string(line), place), number));
    if (!ids.insert(tasks.back().id).second)
      throw LoadError(place, "id: " + in_quotes(tasks.back().id) + " is the id of an earlier task");
  }
  if (tasks.empty()) throw LoadError(path_text(name), "no task in it");
  return tasks;
}

std::vector<int> prompt_of(const ScoreTask& task, const OpenModel& model, const TemplateOptions& options) {
  const std::string place = "task " + printable(task.id) + ": ";
  std::vector<int> ids;
  if (task.prompt) {
    ids = encode_prompt(model.text, *task.prompt);
  } else {
    const auto own = chat_template_of(model.text.info);
    if (!own) throw UserError(place + "messages found, and the model has no chat template: prompt expected");
    ConversationOptions conversation;
    conversation.variables = options.variables(*own);
    try {
      ids = encode_conversation(model.text, json_to_value(task.line->root().at("messages")), conversation,
                                options.plain_user);
    } catch (const TemplateError& error) {
      throw UserError(place + error.what());
    }
  }
  if (ids.empty()) throw UserError(place + "the prompt is empty and the tokenizer puts nothing before it");
  if (ids.size() >= static_cast<std::size_t>(model.context))
    throw UserError(place + "the prompt has " + std::to_string(ids.size()) + " tokens, the context holds " +
                    std::to_string(model.context) + ", one of them for the answer (--ctx)");
  return ids;
}

}  // namespace kelvin
