#include "loaders/tokenizer/gguf_habits.h"

#include <algorithm>
#include <initializer_list>
#include <string>

namespace kelvin {
namespace {

// In lower case, with "-" for all that stands between words.
std::string plain_name(const GgufFile& file, std::string_view key) {
  const auto value = file.find(key);
  std::string name(value ? value->as_string() : std::string_view());
  for (char& letter : name) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    if (letter == ' ' || letter == '_') letter = '-';
  }
  return name;
}

bool holds_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return text.find(part) != text.npos; });
}

}  // namespace

void set_gguf_strips(const GgufFile& file, std::vector<AddedToken>& tokens) {
  const std::string architecture = plain_name(file, "general.architecture"),
                    name = plain_name(file, "general.name");
  const bool is_phi = architecture == "phi3" || architecture == "phimoe" ||
                      holds_any(name, {"phi-3", "phi3", "phi-4", "phi4"});
  if (!is_phi) return;
  // Only Phi-4 itself has this one; its smaller sisters have Phi-3's.
  const bool both_sides = std::any_of(tokens.begin(), tokens.end(),
                                      [](const AddedToken& token) { return token.content == "<|im_sep|>"; });
  for (AddedToken& token : tokens) {
    const std::string& text = token.content;
    const bool plain =
        text == "<unk>" || text == "<s>" || text == "<|endoftext|>" || text == "<|endofprompt|>";
    token.lstrip = both_sides;
    token.rstrip = both_sides || !plain;
  }
}

bool gguf_marks_first_word_only(const GgufFile& file, const GgufVocabulary& vocabulary) {
  // From v0.3 on the vocabulary begins with the marks of instructions.
  const auto& tokens = vocabulary.tokens;
  if (tokens.size() > 4 && tokens[3] == "[INST]" && tokens[4] == "[/INST]") return true;
  return holds_any(plain_name(file, "general.name"), {"mistral", "mixtral"});
}

}  // namespace kelvin
