// The command line of every tool: options in groups, one table that parsing, errors and --help are made from.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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

  // Options added from here on stand under it. The first word of `title` is what "--help WORD" takes.
  void group(const std::string& title);
  // `name` without dashes; `placeholder` stands for the value in --help.
  void option(const std::string& name, const std::string& placeholder, const std::string& help, Setter set);
  // An option whose value may be left out: then `given` alone is set. A word that is an option is no value.
  void optional_value(const std::string& name, const std::string& placeholder, const std::string& help,
                      std::optional<std::string>& value, bool& given);
  // An option of one or more values: "--merge a b c".
  void list(const std::string& name, const std::string& placeholder, const std::string& help,
            std::vector<std::string>& target);
  // A word without dashes before it, or "-", at most one: "kelvin-quantize MODEL".
  void operand(const std::string& placeholder, const std::string& help, Setter set);
  // Another name of an option that was added before; --help tells it there. One of a single letter is written "-m".
  void alias(std::string name, const std::string& of);
  void toggle(const std::string& name, const std::string& help, bool& on);
  void note(const std::string& text);  // a paragraph of --help at this place

  // Commands that show what the tool is for. They stand in --help, and a test runs them.
  void examples(std::vector<std::string> commands);
  // What --help shows, by name; the rest is in "--help all". Without this, and where it names nothing of a group, --help
  // shows all of it, or none. Call it when all options are there; throws std::logic_error for a name that is none.
  void common(const std::vector<std::string>& names);
  // What "--help WORD" says below the options of the group that begins with WORD. Lines stay as they are.
  void explain(const std::string& word, const std::string& text);

  // Accepts "--name value", "--name=value" and, for names of one letter, "-n value"; a value may begin with a
  // minus. Returns false after --help, "--help WORD" (also man, bash, zsh or fish) or --version, which it has then
  // answered on stdout. Throws
  // UsageError that names the option.
  bool parse(int argc, const char* const* argv);

  // What --help says; with `topic`, the first word of a group's title, that group alone, and "all" is everything.
  // Rows of at most `width` columns, where no word is longer. Throws UsageError for an unknown topic.
  std::string help(std::string_view topic = "", std::size_t width = 100) const;

  // The same table as a page for man(1), in roff with the macros of man(7), and as what shells complete by.
  std::string man_page() const;
  std::string bash_completion() const;
  std::string zsh_completion() const;
  std::string fish_completion() const;

 private:
  struct Entry {
    enum class Kind { title, paragraph, option, optional_value, list, alias, toggle, operand } kind;
    std::string name, placeholder, text;
    Setter set;
    std::function<void()> set_alone = {};  // where the value may be left out
    std::vector<std::string> also = {};    // names of the same option
    bool common = true;

    std::vector<std::string> names() const;  // and those of `also`
  };
  const Entry& find(std::string_view name) const;
  bool is_option(std::string_view word) const;
  std::vector<std::string> topics() const;
  std::vector<Entry> shown(std::string_view topic) const;
  bool has_more() const;  // than --help shows
  // As they are typed: "--name", "-n".
  static std::string dashed(const std::string& name);
  static std::string also(const Entry& entry, bool all);

  std::string program_, purpose_;
  std::vector<std::string> examples_;
  std::vector<Entry> entries_;
  std::vector<std::pair<std::string, std::string>> explained_;  // topic, text
};

}  // namespace kelvin
