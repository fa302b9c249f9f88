#include "tools/lab/score/judge.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/json/json_fields.h"
#include "sampling/chain_text.h"
#include "tokenizer/base/user_error.h"
#include "tokenizer/regex/regex.h"
#include "tokenizer/unicode/utf8.h"
#include "tools/lab/score/answer_values.h"
#include "tools/lab/score/command_judge.h"
#include "tools/output/blanks.h"

namespace kelvin {
namespace {

void check_keys(JsonValue object, const std::vector<std::string_view>& known) {
  for (const JsonMember& member : object.members())
    if (std::find(known.begin(), known.end(), member.key) == known.end())
      object.fail("unknown key " + in_quotes(member.key));
}

std::string word_at(JsonValue object, std::string_view key, const std::vector<std::string>& known) {
  const auto value = optional_member(object, key);
  if (!value) return known.front();
  std::string word(value->as_string());
  if (std::find(known.begin(), known.end(), word) != known.end()) return word;
  std::string expected;
  for (const std::string& name : known) expected += (expected.empty() ? "" : ", ") + name;
  value->fail("one of " + expected + " expected, " + in_quotes(word) + " found");
}

// A text, or a list of at least one. `value` may be neither, which is an error.
std::vector<std::string> texts_of(JsonValue value) {
  std::vector<std::string> texts;
  if (!value.is_array()) return {std::string(value.as_string())};
  for (const JsonValue item : value.items()) texts.emplace_back(item.as_string());
  if (texts.empty()) value.fail("at least one text expected");
  return texts;
}

// Errors name the `key` that the pattern comes from.
Regex compiled(JsonValue key, const std::string& pattern) {
  try {
    return Regex(pattern);
  } catch (const UserError& error) {
    key.fail(error.what());
  }
}

class TextJudge : public Judge {
 public:
  explicit TextJudge(JsonValue answer) {
    JsonValue texts = answer;
    if (answer.is_object()) {
      check_keys(answer, {"text", "ignore_case", "where"});
      texts = answer.at("text");
      where_ = word_at(answer, "where", {"all", "begin", "anywhere"});
      ignore_case_ = optional_bool(answer, "ignore_case").value_or(false);
    }
    // Through the regex engine, which knows the case of every script.
    for (const std::string& text : texts_of(texts)) {
      std::string pattern = ignore_case_ ? "(?i:" : "(?:";
      for (const char c : without_blanks(text)) {
        if (static_cast<unsigned char>(c) < 0x80 && !std::isalnum(static_cast<unsigned char>(c)) && c > ' ')
          pattern += '\\';
        pattern += c;
      }
      patterns_.push_back(
          compiled(texts, (where_ == "anywhere" ? "" : "\\A") + pattern + (where_ == "all" ? ")\\z" : ")")));
    }
  }
  Verdict operator()(std::string_view output) const override {
    const std::string_view text = without_blanks(output);
    Verdict verdict;
    for (const Regex& pattern : patterns_) verdict.right |= !pattern.find_all(text).empty();
    verdict.answer = text;
    return verdict;
  }

 private:
  std::vector<Regex> patterns_;
  std::string where_ = "all";
  bool ignore_case_ = false;
};

class ChoiceJudge : public Judge {
 public:
  explicit ChoiceJudge(JsonValue answer)
      : choices_(texts_of(answer.at("choices"))), right_(answer.at("right").as_string()) {
    check_keys(answer, {"choices", "right"});
    for (const std::string& choice : choices_)
      if (choice.empty()) answer.at("choices").fail("a choice is empty");
    if (std::find(choices_.begin(), choices_.end(), right_) == choices_.end())
      answer.at("right").fail("one of choices expected, " + in_quotes(right_) + " found");
  }
  Verdict operator()(std::string_view output) const override {
    std::size_t first = output.npos;
    const std::string* chosen = nullptr;
    for (const std::string& choice : choices_)
      for (std::size_t at = 0; (at = output.find(choice, at)) != output.npos; ++at) {
        if (!stands_alone(output, at, at + choice.size())) continue;
        if (!chosen || at < first || (at == first && choice.size() > chosen->size()))
          first = at, chosen = &choice;
        break;
      }
    if (!chosen) return {};
    return {*chosen == right_, *chosen};
  }

 private:
  std::vector<std::string> choices_;
  std::string right_;
};

class RegexJudge : public Judge {
 public:
  explicit RegexJudge(JsonValue answer) : pattern_(pattern_of(answer)) {}
  Verdict operator()(std::string_view output) const override {
    return {!pattern_.find_all(output).empty(), std::string(without_blanks(output))};
  }

 private:
  static Regex pattern_of(JsonValue answer) {
    check_keys(answer, {"regex", "where"});
    const std::string pattern(answer.at("regex").as_string());
    const bool whole = word_at(answer, "where", {"anywhere", "all"}) == "all";
    return compiled(answer.at("regex"), whole ? "\\A(?:" + pattern + ")\\z" : pattern);
  }
  Regex pattern_;
};

class NumberJudge : public Judge {
 public:
  explicit NumberJudge(JsonValue answer)
      : number_(required_real(answer, "number", {})),
        tolerance_(optional_real(answer, "tolerance", {0}).value_or(0)),
        relative_(optional_real(answer, "relative", {0}).value_or(0)),
        last_(word_at(answer, "which", {"last", "first"}) == "last") {
    check_keys(answer, {"number", "tolerance", "relative", "which"});
  }
  Verdict operator()(std::string_view output) const override {
    const auto number = number_in_text(output, last_);
    if (!number) return {};
    const double allowed = std::max(tolerance_, relative_ * std::fabs(number_));
    return {std::fabs(*number - number_) <= allowed, number_text(*number)};
  }

 private:
  double number_, tolerance_, relative_;
  bool last_;
};

class JsonJudge : public Judge {
 public:
  explicit JsonJudge(JsonValue answer) : expected_(canonical_json(answer.at("json"))) {
    check_keys(answer, {"json"});
  }
  Verdict operator()(std::string_view output) const override {
    std::string_view text = without_blanks(output);
    // Chat models put it into a block of Markdown.
    if (text.starts_with("```") && text.ends_with("```") && text.size() >= 6) {
      text = text.substr(3, text.size() - 6);
      if (text.starts_with("json")) text.remove_prefix(4);
    }
    try {
      const std::string found = canonical_json(parse_json(std::string(text)).root());
      return {found == expected_, found};
    } catch (const LoadError&) {
      return {};
    }
  }

 private:
  std::string expected_;
};

class CommandJudge : public Judge {
 public:
  explicit CommandJudge(JsonValue answer) {
    check_keys(answer, {"command", "files", "seconds", "memory_mb"});
    const JsonValue words = answer.at("command");
    if (!words.is_array()) words.fail("a list of words expected: no shell reads it");
    command_.words = texts_of(words);
    if (const auto files = optional_member(answer, "files"))
      for (const JsonMember& file : files->members()) {
        const std::string name(file.key);
        if (name.empty() || name == "." || name == ".." ||
            name.find_first_of(std::string_view("/\0", 2)) != name.npos)
          file.value.fail("the name of a file expected, without a folder");
        command_.files.emplace_back(name, file.value.as_string());
      }
    command_.seconds = optional_real(answer, "seconds", {0.01, 3600}).value_or(command_.seconds);
    if (const auto megabytes = optional_int(answer, "memory_mb", {1, 1 << 20}))
      command_.memory = static_cast<std::uint64_t>(*megabytes) << 20;
  }
  Verdict operator()(std::string_view output) const override {
    const CommandEnd end = run_judge(command_, output);
    return {end == CommandEnd::right, std::string(without_blanks(output)), end == CommandEnd::timeout};
  }
  bool runs_command() const override { return true; }

 private:
  JudgeCommand command_;
};

// What is no UTF-8 is made so before a judge sees it: the engines behind them read characters.
class Lossy : public Judge {
 public:
  explicit Lossy(std::unique_ptr<const Judge> judge) : judge_(std::move(judge)) {}
  Verdict operator()(std::string_view output) const override {
    std::string text;
    unicode::append_lossy(text, output);
    return (*judge_)(text);
  }
  bool runs_command() const override { return judge_->runs_command(); }

 private:
  std::unique_ptr<const Judge> judge_;
};

std::unique_ptr<const Judge> judge_of(JsonValue answer) {
  if (answer.is_string() || answer.is_array() || (answer.is_object() && answer.find("text")))
    return std::make_unique<TextJudge>(answer);
  if (answer.is_number())
    answer.fail("{\"number\": ...} or a text in quotes expected: a bare number could mean both");
  if (!answer.is_object()) answer.fail("a text, a list of texts or an object expected");
  if (answer.find("choices")) return std::make_unique<ChoiceJudge>(answer);
  if (answer.find("regex")) return std::make_unique<RegexJudge>(answer);
  if (answer.find("number")) return std::make_unique<NumberJudge>(answer);
  if (answer.find("json")) return std::make_unique<JsonJudge>(answer);
  if (answer.find("command")) return std::make_unique<CommandJudge>(answer);
  answer.fail("one of the keys text, choices, regex, number, json and command expected");
}

}  // namespace

std::unique_ptr<const Judge> make_judge(JsonValue answer) {
  return std::make_unique<Lossy>(judge_of(answer));
}

}  // namespace kelvin
