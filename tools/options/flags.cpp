#include "tools/options/flags.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <iostream>
#include <stdexcept>

#include "sampling/closest.h"
#include "tokenizer/base/formatted.h"
#include "tools/output/parse_number.h"
#include "tools/output/wrapped_text.h"
#include "tools/terminal/terminal_size.h"

namespace kelvin {
namespace {

constexpr std::size_t widest_left_column = 26;
constexpr std::size_t narrow = 70;  // columns below which an option's text stands in the rows below its name

std::string integer_range(std::int64_t min, std::int64_t max) {
  if (max == std::numeric_limits<int>::max())
    return "a whole number" + (min == 0 ? ", 0 or more" : " of at least " + std::to_string(min)) +
           " expected";
  return "a whole number from " + std::to_string(min) + " to " + std::to_string(max) + " expected";
}

int parse_int(const std::string& value, int min, int max) {
  const auto number = parse_integer(value);
  if (!number || *number < min || *number > max) throw UsageError(integer_range(min, max));
  return static_cast<int>(*number);
}

// What "--name", "--name=value" or "-n" names; empty for any other word.
std::string option_name(std::string_view word) {
  if (word.size() == 2 && word[0] == '-' && std::isalpha(static_cast<unsigned char>(word[1])))
    return std::string(word.substr(1));
  if (!word.starts_with("--")) return "";
  return std::string(word.substr(2, std::min(word.find('='), word.size()) - 2));
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

// Of a help text that is longer than `room`: what stands before its first ": ". If that is too long, too, the most that
// fits and ends before an aside, "; " or " (", or else what stands before the first of them.
std::string beginning(const std::string& text, std::size_t room) {
  std::size_t end = text.size(), first = end, fitting = 0;
  int depth = 0;
  for (std::size_t i = 0; i + 1 < end; ++i) {
    const std::string_view here = std::string_view(text).substr(i, 2);
    if (depth == 0 && here == ": ") end = i;
    if (depth == 0 && (here == "; " || here == " (")) {
      first = std::min(first, i);
      if (i <= room) fitting = i;
    }
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
  }
  if (end <= room) return text.substr(0, end);
  return text.substr(0, fitting > 0 ? fitting : std::min(first, end));
}

}  // namespace

Setter to(std::string& target) {
  return [&target](const std::string& value) { target = value; };
}
Setter to(std::optional<std::string>& target) {
  return [&target](const std::string& value) { target = value; };
}
Setter to(int& target, int min, int max) {
  return [&target, min, max](const std::string& value) { target = parse_int(value, min, max); };
}
Setter to(std::optional<int>& target, int min, int max) {
  return [&target, min, max](const std::string& value) { target = parse_int(value, min, max); };
}
Setter to(std::optional<std::uint64_t>& target) {
  return [&target](const std::string& value) {
    const auto number = parse_unsigned(value);
    if (!number) throw UsageError("a whole number from 0 to 18446744073709551615 expected");
    target = *number;
  };
}
Setter to(std::optional<double>& target, double min, double max) {
  return [&target, min, max](const std::string& value) {
    target = parse_real(value);
    if (!target || *target < min || *target > max)
      throw UsageError(formatted("a number from %g to %g expected", min, max));
  };
}

Setter to(std::vector<int>& target) {
  return [&target](const std::string& value) {
    target.clear();
    std::size_t begin = 0;
    while (begin <= value.size()) {
      const std::size_t end = std::min(value.find(',', begin), value.size());
      const auto id = parse_integer(std::string_view(value).substr(begin, end - begin));
      if (!id || *id < 0 || *id > std::numeric_limits<int>::max())
        throw UsageError("token ids such as 1,2,3 expected");
      target.push_back(static_cast<int>(*id));
      begin = end + 1;
    }
  };
}

void require_ids(const std::string& option, std::span<const int> ids, std::size_t vocabulary) {
  for (const int id : ids)
    if (id < 0 || static_cast<std::size_t>(id) >= vocabulary)
      throw UsageError(
          formatted("%s: ids from 0 to %zu expected, %d found", option.c_str(), vocabulary - 1, id));
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known,
                       std::string_view prefix) {
  const auto longer = std::find_if(known.begin(), known.end(), [&](const std::string& name) {
    return word.size() >= 3 && name.starts_with(word);
  });
  const std::string near = longer != known.end() ? *longer : sampling::closest(word, known);
  return near.empty() ? "" : "; did you mean " + std::string(prefix) + near + "?";
}

Flags::Flags(std::string program, std::string purpose)
    : program_(std::move(program)), purpose_(std::move(purpose)) {}

std::string Flags::dashed(const std::string& name) { return (name.size() == 1 ? "-" : "--") + name; }

void Flags::group(const std::string& title) { entries_.push_back({Entry::Kind::title, "", "", title, {}}); }

void Flags::note(const std::string& text) { entries_.push_back({Entry::Kind::paragraph, "", "", text, {}}); }

void Flags::option(const std::string& name, const std::string& placeholder, const std::string& help,
                   Setter set) {
  entries_.push_back({Entry::Kind::option, name, placeholder, help, std::move(set)});
}

void Flags::optional_value(const std::string& name, const std::string& placeholder, const std::string& help,
                           std::optional<std::string>& value, bool& given) {
  const auto set = [&value, &given](const std::string& word) {
    given = true;
    value = word;
  };
  entries_.push_back({Entry::Kind::optional_value, name, placeholder, help, set});
  entries_.back().set_alone = [&given] { given = true; };
}

void Flags::list(const std::string& name, const std::string& placeholder, const std::string& help,
                 std::vector<std::string>& target) {
  const auto add = [&target](const std::string& value) { target.push_back(value); };
  entries_.push_back({Entry::Kind::list, name, placeholder, help, add});
}

void Flags::operand(const std::string& placeholder, const std::string& help, Setter set) {
  entries_.push_back({Entry::Kind::operand, "", placeholder, help, std::move(set)});
}

void Flags::alias(std::string name, const std::string& of) {
  Entry entry = find(of);
  for (Entry& original : entries_)
    if (original.name == of) original.also.push_back(name);
  entry.kind = Entry::Kind::alias;
  entry.name = std::move(name);
  entries_.push_back(std::move(entry));
}

void Flags::toggle(const std::string& name, const std::string& help, bool& on) {
  entries_.push_back({Entry::Kind::toggle, name, "", help, [&on](const std::string&) { on = true; }});
}

void Flags::examples(std::vector<std::string> commands) { examples_ = std::move(commands); }

void Flags::common(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (std::none_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.name == name; }))
      throw std::logic_error("no option " + name);
  for (Entry& entry : entries_)
    entry.common = entry.kind == Entry::Kind::operand ||
                   std::find(names.begin(), names.end(), entry.name) != names.end();
}

void Flags::explain(const std::string& word, const std::string& text) { explained_.emplace_back(word, text); }

std::vector<std::string> Flags::topics() const {
  std::vector<std::string> words = {"all"};
  for (const Entry& entry : entries_)
    if (entry.kind == Entry::Kind::title) words.emplace_back(first_word(entry.text));
  return words;
}

const Flags::Entry& Flags::find(std::string_view name) const {
  for (const Entry& entry : entries_)
    if (!entry.name.empty() && entry.name == name) return entry;
  std::vector<std::string> names = {"help", "version"};
  for (const Entry& entry : entries_)
    if (!entry.name.empty()) names.push_back(entry.name);
  throw UsageError("unknown option " + dashed(std::string(name)) + suggestion(name, names, "--"));
}

bool Flags::is_option(std::string_view word) const {
  const std::string name = option_name(word);
  return name == "help" || name == "version" ||
         std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return !entry.name.empty() && entry.name == name; });
}

bool Flags::parse(int argc, const char* const* argv) {
  bool operand_taken = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::string name = option_name(word);
    if (name == "help" || word == "-h") {
      const std::size_t equals = word.find('=');
      const std::string topic = equals != word.npos                       ? word.substr(equals + 1)
                                : i + 1 < argc && !is_option(argv[i + 1]) ? argv[i + 1]
                                                                          : "";
      if (topic == "man" || topic == "bash" || topic == "zsh" || topic == "fish") {
        std::cout << (topic == "man"    ? man_page()
                      : topic == "bash" ? bash_completion()
                      : topic == "zsh"  ? zsh_completion()
                                        : fish_completion());
        return false;
      }
      const int columns = terminal_size(STDOUT_FILENO).columns;
      std::cout << (columns > 0 ? help(topic, std::min<std::size_t>(100, static_cast<std::size_t>(columns)))
                                : help(topic));
      return false;
    }
    if (word == "--version") {
      std::cout << program_ << " " KELVIN_VERSION "\n";
      return false;
    }
    const auto operand = std::find_if(entries_.begin(), entries_.end(),
                                      [](const Entry& entry) { return entry.kind == Entry::Kind::operand; });
    if (operand != entries_.end() && !operand_taken && (word == "-" || !word.starts_with("-"))) {
      operand_taken = true;
      operand->set(word);
      continue;
    }
    if (name.empty())
      throw UsageError("unexpected argument \"" + word + "\"; options begin with -- (see --help)");
    const std::size_t equals = word.find('=');
    const std::string shown = word.substr(0, equals);  // as it was typed
    const Entry& entry = find(name);
    std::string value;
    if (entry.kind == Entry::Kind::toggle) {
      if (equals != word.npos) throw UsageError(shown + " takes no value");
    } else if (equals != word.npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < argc && !is_option(argv[i + 1])) {
      value = argv[++i];
    } else if (entry.kind == Entry::Kind::optional_value) {
      entry.set_alone();
      continue;
    } else {
      throw UsageError(shown + " needs a value: " + shown + " " + entry.placeholder);
    }
    try {
      entry.set(value);
      if (entry.kind == Entry::Kind::list)
        while (i + 1 < argc && !is_option(argv[i + 1])) entry.set(value = argv[++i]);
    } catch (const UsageError& error) {
      throw UsageError(shown + ": " + error.what() + ", \"" + value + "\" found");
    } catch (const UserError& error) {
      throw UsageError(shown + ": " + error.what());
    }
  }
  return true;
}

bool Flags::has_more() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return !entry.common && !entry.name.empty(); });
}

std::vector<std::string> Flags::Entry::names() const {
  std::vector<std::string> all = {name};
  all.insert(all.end(), also.begin(), also.end());
  return all;
}

// The entries of a topic, the last group with --help and --version among them; no title without an option.
std::vector<Flags::Entry> Flags::shown(std::string_view topic) const {
  std::vector<Entry> all = entries_;
  if (topic.empty() || topic == "all") {
    std::string text = "this text";
    if (topic.empty() && has_more()) {
      text = "this text; --help all: every option";
      for (const auto& [word, explanation] : explained_)
        text += "; --help " + word + ": " + explanation.substr(0, explanation.find('\n'));
    }
    all.push_back({Entry::Kind::title, "", "", "other", {}});
    all.push_back({Entry::Kind::toggle, "help", "", text, {}});
    all.push_back({Entry::Kind::toggle, "version", "", "the version", {}});
  }
  std::vector<Entry> result;
  std::string_view group;
  for (const Entry& entry : all) {
    if (entry.kind == Entry::Kind::alias) continue;
    if (entry.kind == Entry::Kind::title) {
      if (!result.empty() && result.back().kind == Entry::Kind::title) result.pop_back();
      group = first_word(entry.text);
      if (topic.empty() || topic == "all" || topic == group) result.push_back(entry);
    } else if (topic == "all" || (topic.empty() ? entry.common : topic == group)) {
      result.push_back(entry);
    }
  }
  return result;
}

// " (also --NAME, -N)"; without `all` only names of one letter.
std::string Flags::also(const Entry& entry, bool all) {
  std::string names;
  for (const std::string& name : entry.also)
    if (all || name.size() == 1) names += (names.empty() ? "" : ", ") + dashed(name);
  return names.empty() ? "" : " (also " + names + ")";
}

std::string Flags::help(std::string_view topic, std::size_t width) const {
  const std::vector<std::string> known = topics();
  if (!topic.empty() && std::find(known.begin(), known.end(), topic) == known.end()) {
    std::string list;
    for (const std::string& word : known) list += (list.empty() ? "" : ", ") + word;
    throw UsageError("--help: one of " + list + " expected, \"" + std::string(topic) + "\" found");
  }
  const auto left_of = [](const Entry& entry) {
    if (entry.kind == Entry::Kind::operand) return "  " + entry.placeholder;
    const std::string value =
        entry.kind == Entry::Kind::optional_value ? "[" + entry.placeholder + "]" : entry.placeholder;
    return "  " + dashed(entry.name) + (value.empty() ? "" : " " + value);
  };
  const std::vector<Entry> all = shown(topic);
  // Where there is more to ask for, what does not fit a row is told there.
  const bool brief = topic.empty() && has_more();
  std::size_t column = width < narrow ? 6 : 0;
  for (const Entry& entry : all)
    if (const std::size_t left = left_of(entry).size();
        width >= narrow && left <= widest_left_column &&
        (!entry.name.empty() || entry.kind == Entry::Kind::operand))
      column = std::max(column, left + 2);

  std::string operand;
  for (const Entry& entry : entries_)
    if (entry.kind == Entry::Kind::operand) operand = " [" + entry.placeholder + "]";
  std::string out;
  append_wrapped(out, program_ + ": " + purpose_, 0, 0, width);
  out += "usage: " + program_ + operand + " [options]\n";
  if (!examples_.empty() && (topic.empty() || topic == "all")) {
    out += "\nexamples\n";
    for (const std::string& command : examples_) out += "  " + command + "\n";
  }
  for (const Entry& entry : all) {
    if (entry.kind == Entry::Kind::title) {
      out += "\n";
      append_wrapped(out, entry.text, 0, 0, width);
    } else if (entry.kind == Entry::Kind::paragraph) {
      out += "  ";
      append_wrapped(out, entry.text, 2, 2, width);
    } else {
      const std::string left = left_of(entry);
      out += left;
      out +=
          left.size() + 2 > column ? "\n" + std::string(column, ' ') : std::string(column - left.size(), ' ');
      const std::string text = entry.text + also(entry, !brief);
      append_wrapped(out,
                     brief && entry.name != "help" && column + text.size() > width
                         ? beginning(entry.text, width - column) + also(entry, false)
                         : text,
                     column, column, width);
    }
  }
  for (const auto& [word, text] : explained_)
    if (topic == word || topic == "all") out += "\n" + text;
  return out;
}

}  // namespace kelvin
