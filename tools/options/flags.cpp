#include "tools/options/flags.h"

#include <algorithm>
#include <cctype>
#include <iostream>

#include "sampling/closest.h"
#include "tokenizer/base/formatted.h"
#include "tools/output/parse_number.h"

namespace kelvin {
namespace {

constexpr std::size_t help_width = 100;
constexpr std::size_t widest_left_column = 26;

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

std::string dashed(const std::string& name) { return (name.size() == 1 ? "-" : "--") + name; }

// What "--name", "--name=value" or "-n" names; empty for any other word.
std::string option_name(std::string_view word) {
  if (word.size() == 2 && word[0] == '-' && std::isalpha(static_cast<unsigned char>(word[1])))
    return std::string(word.substr(1));
  if (!word.starts_with("--")) return "";
  return std::string(word.substr(2, std::min(word.find('='), word.size()) - 2));
}

// Appends `text` broken at spaces, each line but the first indented.
void append_wrapped(std::string& out, std::string_view text, std::size_t column, std::size_t indent) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > indent && column + 1 + end > help_width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
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

void Flags::group(const std::string& title) { entries_.push_back({Entry::Kind::title, "", "", title, {}}); }

void Flags::note(const std::string& text) { entries_.push_back({Entry::Kind::paragraph, "", "", text, {}}); }

void Flags::option(const std::string& name, const std::string& placeholder, const std::string& help,
                   Setter set) {
  entries_.push_back({Entry::Kind::option, name, placeholder, help, std::move(set)});
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
    if (original.name == of) original.text += " (also " + dashed(name) + ")";
  entry.kind = Entry::Kind::alias;
  entry.name = std::move(name);
  entries_.push_back(std::move(entry));
}

void Flags::toggle(const std::string& name, const std::string& help, bool& on) {
  entries_.push_back({Entry::Kind::toggle, name, "", help, [&on](const std::string&) { on = true; }});
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
      std::cout << help();
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

std::string Flags::help() const {
  const auto left_of = [](const Entry& entry) {
    if (entry.kind == Entry::Kind::operand) return "  " + entry.placeholder;
    return "  --" + entry.name + (entry.placeholder.empty() ? "" : " " + entry.placeholder);
  };
  std::vector<Entry> all = entries_;
  all.push_back({Entry::Kind::title, "", "", "other", {}});
  all.push_back({Entry::Kind::toggle, "help", "", "this text", {}});
  all.push_back({Entry::Kind::toggle, "version", "", "the version", {}});

  std::size_t column = 0;
  std::erase_if(all, [](const Entry& entry) { return entry.kind == Entry::Kind::alias; });
  for (const Entry& entry : all)
    if (const std::size_t width = left_of(entry).size();
        (!entry.name.empty() || entry.kind == Entry::Kind::operand) && width <= widest_left_column)
      column = std::max(column, width + 2);

  std::string operand;
  for (const Entry& entry : all)
    if (entry.kind == Entry::Kind::operand) operand = " [" + entry.placeholder + "]";
  std::string out = program_ + ": " + purpose_ + "\nusage: " + program_ + operand + " [options]\n";
  for (const Entry& entry : all) {
    if (entry.kind == Entry::Kind::title) {
      out += "\n" + entry.text + "\n";
    } else if (entry.kind == Entry::Kind::paragraph) {
      out += "  ";
      append_wrapped(out, entry.text, 2, 2);
    } else {
      const std::string left = left_of(entry);
      out += left;
      out +=
          left.size() + 2 > column ? "\n" + std::string(column, ' ') : std::string(column - left.size(), ' ');
      append_wrapped(out, entry.text, column, column);
    }
  }
  return out;
}

}  // namespace kelvin
