#include "tokenizer/pipeline/pattern.h"

#include <mutex>
#include <optional>

#include "tokenizer/regex/regex.h"
#include "tokenizer/regex/regex_syntax.h"

namespace kelvin {

struct Pattern::Shared {
  regex::RegexNode tree;  // of what is not compiled yet
  std::once_flag compiling;
  std::optional<Regex> regex;
};

Pattern::Pattern(std::string_view text, bool is_regex) : shared_(std::make_shared<Shared>()) {
  if (is_regex)
    shared_->tree = regex::parse_regex(text);
  else
    shared_->regex = Regex::literal(text);
}

const Regex& Pattern::regex() const {
  std::call_once(shared_->compiling, [&] {
    if (!shared_->regex) shared_->regex.emplace(shared_->tree);
  });
  return *shared_->regex;
}

}  // namespace kelvin
