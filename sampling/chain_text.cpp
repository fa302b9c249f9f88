#include "sampling/chain_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "sampling/closest.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw UserError(message); }

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The parts between separators that stand outside quotes and brackets. Apostrophes within words do not open quotes.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  char quote = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote) {
      if (c == '\\') ++i;
      if (c == quote) quote = 0;
      continue;
    }
    const bool opens = i == 0 || std::string_view("=:,( ").find(text[i - 1]) != std::string_view::npos;
    if ((c == '"' || c == '\'') && opens) quote = c;
    if (c == '(' || c == '[' || c == '{') ++depth;
    if ((c == ')' || c == ']' || c == '}') && depth > 0) --depth;
    if (c == separator && depth == 0) {
      parts.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  if (quote) refuse("a quote is not closed in \"" + std::string(text) + "\"");
  parts.push_back(text.substr(begin));
  return parts;
}

// A text in quotes loses them, and \" \' \\ inside become what they mean; other texts are taken as they
// stand.
std::string unquote(std::string_view text) {
  if (text.size() < 2 || (text.front() != '"' && text.front() != '\'') || text.back() != text.front())
    return std::string(text);
  std::string plain;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size() && (text[i + 1] == '\\' || text[i + 1] == text.front())) ++i;
    plain += text[i];
  }
  return plain;
}

std::string quote(std::string_view text) {
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    return std::string_view(",:'\"()[]{}\\ ").find(c) != std::string_view::npos;
  });
  if (plain && !text.empty()) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string range_text(const Parameter& p) {
  std::string text = p.integer ? "a whole number" : "a number";
  const bool from = p.min > -std::numeric_limits<double>::infinity();
  const bool to = p.max < std::numeric_limits<double>::infinity();
  if (from && to) return text + " from " + number_text(p.min) + " to " + number_text(p.max);
  if (from) return text + " of at least " + number_text(p.min);
  if (to) return text + " of at most " + number_text(p.max);
  return text;
}

void set_value(Params& params, const StageType& type, const Parameter& p, std::string_view value) {
  const std::string what = type.name + ": " + p.name;
  if (p.is_text) {
    const std::string text = unquote(value);
    if (!p.choices.empty() && std::find(p.choices.begin(), p.choices.end(), text) == p.choices.end()) {
      std::string known;
      for (const std::string& choice : p.choices) known += (known.empty() ? "" : ", ") + choice;
      refuse(what + ": one of " + known + " expected, \"" + text + "\" found");
    }
    params.set(p.name, 0, text);
    return;
  }
  const double number = parse_number(value, what + ": " + range_text(p));
  const bool fits = number >= p.min && number <= p.max && (!p.integer || std::floor(number) == number);
  if (!fits) refuse(what + ": " + range_text(p) + " expected, " + std::string(value) + " found");
  params.set(p.name, number);
}

// Text that may be anything, colons included.
bool is_free(const Parameter& p) { return p.is_text && p.choices.empty(); }

const Parameter* find_parameter(const StageType& type, std::string_view name) {
  for (const Parameter& p : type.parameters)
    if (p.name == name) return &p;
  return nullptr;
}

bool is_named(const StageType& type, std::string_view part) {
  const std::size_t equals = part.find('=');
  return equals != part.npos && find_parameter(type, trim(part.substr(0, equals)));
}

// The values behind "name=". A free text takes the colons that follow it, up to a ":known-parameter=".
std::vector<std::string_view> split_values(const StageType& type, std::string_view text) {
  std::vector<std::string_view> values;
  std::size_t position = 0;
  for (const std::string_view part : split(text, ':')) {
    const bool in_text = position > 0 && position <= type.parameters.size() &&
                         is_free(type.parameters[position - 1]) && !is_named(type, part);
    if (in_text) {
      const std::string_view last = values.back();
      values.back() = {last.data(), static_cast<std::size_t>(part.data() + part.size() - last.data())};
    } else {
      values.push_back(part);
      ++position;
    }
  }
  return values;
}

std::vector<std::string> parameter_names(const StageType& type) {
  std::vector<std::string> names;
  for (const Parameter& p : type.parameters) names.push_back(p.name);
  return names;
}

std::vector<std::string> stage_names() {
  std::vector<std::string> names;
  for (const StageType& type : stage_types()) {
    names.push_back(type.name);
    names.insert(names.end(), type.aliases.begin(), type.aliases.end());
  }
  return names;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const std::string near = sampling::closest(word, known);
  return near.empty() ? "" : "; did you mean \"" + near + "\"?";
}

}  // namespace

double parse_number(std::string_view text, std::string_view what) {
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole =
      error == std::errc{} && end == digits.data() + digits.size() && digits.substr(0, 2) != "+-";
  if (error == std::errc::result_out_of_range && end == digits.data() + digits.size())
    refuse(std::string(what) + " expected, " + std::string(text) + " is beyond what a double holds");
  if (!whole || number != number)
    refuse(std::string(what) + " expected, \"" + std::string(text) + "\" found");
  return number;
}

std::string number_text(double number) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return error == std::errc{} ? std::string(buffer, end) : std::string("nan");
}

std::vector<std::string> split_chain(std::string_view text) {
  std::vector<std::string> stages;
  if (trim(text).empty() || trim(text) == "raw") return stages;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view stage = trim(part);
    if (stage.empty()) refuse("a stage is missing between two commas of \"" + std::string(text) + "\"");
    stages.emplace_back(stage);
  }
  return stages;
}

ParsedStage parse_stage(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = trim(text.substr(0, equals));
  const StageType* type = find_stage(name);
  if (!type) refuse("unknown stage \"" + std::string(name) + "\"" + suggestion(name, stage_names()));
  ParsedStage stage{type, {}};
  for (const Parameter& p : type->parameters) stage.params.set(p.name, p.default_value, p.default_text);
  std::vector<std::string_view> given;
  std::size_t position = 0;
  const bool has_values = equals != text.npos;
  for (const std::string_view part :
       has_values ? split_values(*type, trim(text.substr(equals + 1))) : std::vector<std::string_view>{}) {
    const std::string_view value = trim(part);
    const std::size_t sign = value.find('=');
    const bool quoted = !value.empty() && (value.front() == '"' || value.front() == '\'');
    const Parameter* p =
        sign == value.npos || quoted ? nullptr : find_parameter(*type, trim(value.substr(0, sign)));
    const bool free_text = position < type->parameters.size() && is_free(type->parameters[position]);
    if (!p && sign != value.npos && !quoted && !free_text) {
      const std::string_view unknown = trim(value.substr(0, sign));
      refuse(type->name + " has no parameter \"" + std::string(unknown) + "\"" +
             suggestion(unknown, parameter_names(*type)));
    }
    if (!p && position >= type->parameters.size())
      refuse(type->name + " takes " + std::to_string(type->parameters.size()) +
             " values, one more found: \"" + std::string(value) + "\"");
    const bool named = p != nullptr;
    if (!p) p = &type->parameters[position];
    ++position;
    if (std::find(given.begin(), given.end(), p->name) != given.end())
      refuse(type->name + ": " + p->name + " is given twice");
    given.push_back(p->name);
    set_value(stage.params, *type, *p, named ? trim(value.substr(sign + 1)) : value);
  }
  for (const Parameter& p : type->parameters)
    if (is_free(p) && p.default_text.empty() && stage.params.text(p.name).empty())
      refuse(type->name + ": " + p.name + " expected (" + p.help + ")");
  return stage;
}

std::string stage_text(const StageType& type, const Params& params) {
  std::string text = type.name;
  for (std::size_t i = 0; i < type.parameters.size(); ++i) {
    const Parameter& p = type.parameters[i];
    const bool is_default = p.is_text ? params.text(p.name) == p.default_text
                                      : params[p.name] == p.default_value &&
                                            std::signbit(params[p.name]) == std::signbit(p.default_value);
    if (i > 0 && is_default) continue;
    text += i == 0 ? "=" : ":" + p.name + "=";
    text += p.is_text ? quote(params.text(p.name)) : number_text(params[p.name]);
  }
  return text;
}

}  // namespace kelvin
