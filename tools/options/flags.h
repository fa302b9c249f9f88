// The command line of every tool: options in groups, one table that parsing, errors and --help are made from.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/base/user_error.h"

namespace kelvin {

// A command line that asks for something that cannot be.
struct UsageError : UserError {
  using UserError::UserError;
};

// Takes an option's value; throws UsageError with what was expected, e.g. "a whole number from 1 to 64
// expected".
using Setter = std::function<void(const std::string& value)>;

Setter to(std::string& target);
Setter to(std::optional<std::string>& target);
Setter to(int& target, int min = 0, int max = std::numeric_limits<int>::max());
Setter to(std::optional<int>& target, int min = 0, int max = std::numeric_limits<int>::max());
Setter to(std::optional<std::uint64_t>& target);
Setter to(std::optional<double>& target, double min, double max);
Setter to(std::vector<int>& target);  // "1,2,3": ids, each >= 0

// Throws UsageError that names the option, unless every id is from 0 to vocabulary - 1.
void require_ids(const std::string& option, std::span<const int> ids, std::size_t vocabulary);

// The known name that `word` abbreviates or is a slip of the fingers for, as "; did you mean PREFIXname?";
// else "".
std::string suggestion(std::string_view word, const std::vector<std::string>& known,
                       std::string_view prefix = "");

class Flags {
 public:
  Flags(std::string program, std::string purpose);

  void group(const std::string& title);  // options added from here on stand under it
  // `name` without dashes; `placeholder` stands for the value in --help.
  void option(const std::string& name, const std::string& placeholder, const std::string& help, Setter set);
  // An option of one or more values: "--merge a b c".
  void list(const std::string& name, const std::string& placeholder, const std::string& help,
            std::vector<std::string>& target);
  // A word without dashes before it, or "-", at most one: "kelvin-quantize MODEL".
  void operand(const std::string& placeholder, const std::string& help, Setter set);
  // Another name of an option that was added before; --help tells it there. One of a single letter is written "-m".
  void alias(std::string name, const std::string& of);
  void toggle(const std::string& name, const std::string& help, bool& on);
  void note(const std::string& text);  // a paragraph of --help at this place

  // Accepts "--name value", "--name=value" and, for names of one letter, "-n value"; a value may begin with a minus. Returns false after --help or
  // --version, which it has then answered on stdout. Throws UsageError that names the option.
  bool parse(int argc, const char* const* argv);

  std::string help() const;

 private:
  struct Entry {
    enum class Kind { title, paragraph, option, list, alias, toggle, operand } kind;
    std::string name, placeholder, text;
    Setter set;
  };
  const Entry& find(std::string_view name) const;
  bool is_option(std::string_view word) const;

  std::string program_, purpose_;
  std::vector<Entry> entries_;
};

}  // namespace kelvin
