#include "tools/lab/score/lm_eval_tasks.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "loaders/files/load_error.h"
#include "loaders/json/json_fields.h"
#include "loaders/json/json_to_value.h"
#include "tokenizer/chat_template.h"
#include "tools/output/blanks.h"
#include "tools/output/read_file.h"

namespace kelvin {
namespace {

// Blanks before the output, as Python's lstrip() takes them.
constexpr std::string_view python_blanks = " \t\n\r\v\f";

class ExactMatch : public Judge {
 public:
  ExactMatch(std::string target, bool without_leading)
      : target_(std::move(target)), strips_(without_leading) {}
  Verdict operator()(std::string_view output) const override {
    if (strips_) output.remove_prefix(std::min(output.find_first_not_of(python_blanks), output.size()));
    return {output == target_, std::string(output)};
  }

 private:
  std::string target_;
  bool strips_;
};

// The task file's keys that are read, or whose value changes no score here.
constexpr std::string_view read_keys[] = {"task",
                                          "task_alias",
                                          "tag",
                                          "group",
                                          "dataset_path",
                                          "dataset_kwargs",
                                          "dataset_name",
                                          "test_split",
                                          "validation_split",
                                          "output_type",
                                          "doc_to_text",
                                          "doc_to_target",
                                          "description",
                                          "generation_kwargs",
                                          "filter_list",
                                          "metric_list",
                                          "metadata",
                                          "num_fewshot",
                                          "repeats",
                                          "should_decontaminate",
                                          "target_delimiter",
                                          "fewshot_delimiter",
                                          "training_split"};

void refuse_unless(JsonValue value, bool holds, std::string_view expected) {
  if (!holds)
    value.fail(std::string(expected) + " expected: kelvin-score does nothing else the way lm-eval does");
}

// A template without statements: those are rendered with other rules for line ends than in chat templates.
class DocText {
 public:
  explicit DocText(JsonValue value) : source_(value.as_string()) {
    for (const char* wrong : {"{%", "{#", "regex_replace"})
      refuse_unless(value, source_.find(wrong) == source_.npos, "a template of {{ }} alone");
    template_ = ChatTemplate::parse(source_, value.path());
  }
  // A name of a member stands for it.
  std::string of(JsonValue doc) const {
    if (const auto member = doc.find(source_)) return text_of(*member);
    for (const std::string& name : template_->names())
      if (!doc.find(name)) doc.fail("no " + in_quotes(name) + ", which " + in_quotes(source_) + " names");
    return template_->render(json_to_value(doc));
  }

 private:
  static std::string text_of(JsonValue value) {
    if (value.is_integer()) return std::to_string(value.as_int());
    return std::string(value.as_string());
  }
  std::string source_;
  std::optional<ChatTemplate> template_;
};

std::string data_path(JsonValue config, const std::string& path) {
  const JsonValue from = config.at("dataset_path");
  refuse_unless(from, from.as_string() == "json", "json, and local data_files,");
  const auto test = optional_member(config, "test_split"),
             validation = optional_member(config, "validation_split");
  if (!test && !validation) config.fail("test_split or validation_split expected");
  const JsonValue split = test ? *test : *validation;
  JsonValue files = config.at("dataset_kwargs").at("data_files");
  if (files.is_object()) files = files.at(split.as_string());
  refuse_unless(files, files.is_string(), "one file");
  return (std::filesystem::path(path).parent_path() / std::string(files.as_string())).string();
}

// Whether the output's leading blanks go.
bool read_filters(JsonValue config) {
  const auto list = optional_member(config, "filter_list");
  if (!list) return false;
  refuse_unless(*list, list->is_array() && list->size() == 1, "one filter pipeline");
  bool strips = false;
  for (const JsonValue filter : list->at(std::size_t{0}).at("filter").items()) {
    const JsonValue function = filter.at("function");
    refuse_unless(function,
                  function.as_string() == "remove_whitespace" || function.as_string() == "take_first",
                  "remove_whitespace or take_first");
    strips = strips || function.as_string() == "remove_whitespace";
  }
  return strips;
}

void check_metrics(JsonValue config) {
  const auto list = optional_member(config, "metric_list");
  if (!list) return;
  refuse_unless(*list, list->size() == 1, "one metric, exact_match,");
  for (const JsonMember& member : list->at(std::size_t{0}).members()) {
    if (member.key == "metric")
      refuse_unless(member.value, member.value.as_string() == "exact_match", "exact_match");
    else if (member.key == "aggregation")
      refuse_unless(member.value, member.value.as_string() == "mean", "mean");
    else if (member.key.starts_with("ignore_"))
      refuse_unless(member.value, !member.value.as_bool(), "false");
    else
      refuse_unless(member.value, member.key == "higher_is_better",
                    "metric, aggregation and higher_is_better");
  }
}

void check_config(JsonValue config) {
  for (const JsonMember& member : config.members())
    refuse_unless(member.value,
                  std::find(std::begin(read_keys), std::end(read_keys), member.key) != std::end(read_keys),
                  "a task without this key");
  const JsonValue type = config.at("output_type");
  refuse_unless(type, type.as_string() == "generate_until", "generate_until");
  for (const char* key : {"num_fewshot", "repeats"})
    if (const auto value = optional_int(config, key, {0, 1 << 20}))
      refuse_unless(config.at(key), *value == (key[0] == 'n' ? 0 : 1), key[0] == 'n' ? "0" : "1");
  check_metrics(config);
}

// Sets what ends an answer. How it is drawn, --temps and --chain say.
void read_generation(JsonValue config, ScoreTask& task) {
  const auto settings = optional_member(config, "generation_kwargs");
  task.max_tokens = 256;  // as lm-eval has it
  if (!settings) return;
  for (const JsonMember& member : settings->members()) {
    if (member.key == "until") {
      if (member.value.is_string()) task.stop_texts = {std::string(member.value.as_string())};
      if (member.value.is_array())
        for (const JsonValue text : member.value.items()) task.stop_texts.emplace_back(text.as_string());
      for (const std::string& text : task.stop_texts)
        if (text.empty()) member.value.fail("a stop text is empty");
    } else if (member.key == "max_gen_toks") {
      task.max_tokens = int_in(member.value, positive_int);
    } else {
      refuse_unless(member.value, member.key == "do_sample" || member.key == "temperature",
                    "until, max_gen_toks, do_sample or temperature");
    }
  }
}

JsonDocument open_config(const std::string& path) {
  const std::string text = read_file(path);
  if (!without_blanks(text).starts_with("{"))
    throw LoadError(path_text(path),
                    "a JSON object expected: lm-eval reads JSON as YAML, kelvin-score reads no other YAML");
  return parse_json(text, path_text(path));
}

}  // namespace

std::vector<ScoreTask> read_lm_eval_tasks(const std::string& path) {
  const JsonDocument document = open_config(path);
  const JsonValue config = document.root();
  check_config(config);
  const bool strips = read_filters(config);
  const DocText text(config.at("doc_to_text")), target(config.at("doc_to_target"));
  const auto description = optional_member(config, "description");
  if (description)
    refuse_unless(*description, description->as_string().find('{') == std::string_view::npos,
                  "a text without a template");
  ScoreTask common;
  read_generation(config, common);

  const std::string data = data_path(config, path), lines = read_file(data);
  std::vector<ScoreTask> tasks;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    const std::string_view line = without_blanks(std::string_view(lines).substr(begin, end - begin));
    begin = end + 1;
    ++number;
    if (line.empty()) continue;
    const JsonDocument doc =
        parse_json(std::string(line), path_text(data) + ", line " + std::to_string(number));
    ScoreTask task = common;
    task.id = task.cluster = std::to_string(number);
    task.prompt = std::string(description ? description->as_string() : "") + text.of(doc.root());
    std::string right = target.of(doc.root());
    // lm-eval would read it as a Python list.
    if (right.starts_with("[") && right.ends_with("]"))
      doc.root().fail("doc_to_target: a text expected, a list found");
    task.judge = std::make_shared<ExactMatch>(std::move(right), strips);
    tasks.push_back(std::move(task));
  }
  if (tasks.empty()) throw LoadError(path_text(data), "no task in it");
  return tasks;
}

std::string lm_eval_text(const std::string& path) {
  const JsonDocument document = open_config(path);
  return std::string(document.text()) + "\n" + read_file(data_path(document.root(), path));
}

}  // namespace kelvin
