#include "loaders/tokenizer/plain_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "loaders/files/load_error.h"
#include "tokenizer/base/user_error.h"
#include "tokenizer/spec.h"

namespace kelvin {
namespace {

// For private use, so that no text of a language has them.
constexpr std::string_view opening = "\uF8FA", closing = "\uF8FB";

// Where the next of `parts` begins, of several at one place the first of them; `part` is which. npos if there is none.
template <class Parts>
std::size_t find_any(std::string_view text, const Parts& parts, std::string_view& part) {
  std::array<bool, 256> begins{};
  for (const std::string_view one : parts)
    if (!one.empty()) begins[static_cast<unsigned char>(one[0])] = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!begins[static_cast<unsigned char>(text[at])]) continue;
    for (const std::string_view one : parts)
      if (!one.empty() && text.substr(at).starts_with(one)) {
        part = one;
        return at;
      }
  }
  return text.npos;
}

std::string marked(std::string_view text, const std::vector<std::string>& tokens) {
  const std::string clean = without_marks(text);
  std::string result;
  std::string_view rest = clean, token;
  for (std::size_t at; (at = find_any(rest, tokens, token)) != rest.npos;
       rest.remove_prefix(at + token.size()))
    result.append(rest.substr(0, at)).append(opening).append(token).append(closing);
  return result.append(rest);
}

// As behind a newline, so that nothing is put before it as at the begin of a text.
std::vector<int> encode_within(const Tokenizer& tokenizer, std::string_view text, bool plain) {
  const auto ids_of = [&](const std::string& all) {
    return plain ? tokenizer.encode_plain(all) : tokenizer.encode(all, false);
  };
  const std::vector<int> newline = tokenizer.encode("\n", false);
  std::vector<int> ids = ids_of("\n" + std::string(text));
  if (ids.size() < newline.size() || !std::equal(newline.begin(), newline.end(), ids.begin()))
    return ids_of(std::string(text));
  ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(newline.size()));
  return ids;
}

}  // namespace

std::vector<std::string> control_tokens(const Tokenizer& tokenizer, const ChatTemplate& chat_template) {
  std::vector<std::string> tokens;
  for (const AddedToken& token : tokenizer.added_tokens()) {
    const bool blank = token.content.find_first_not_of(" \t\r\n") == token.content.npos;
    if (token.special || (!blank && chat_template.source().find(token.content) != std::string::npos))
      tokens.push_back(token.content);
  }
  std::sort(tokens.begin(), tokens.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  return tokens;
}

TemplateValue with_marks(const TemplateValue& value, const std::vector<std::string>& tokens) {
  if (value.is_string()) return marked(value.as_string(), tokens);
  if (value.is_sequence()) {
    std::vector<TemplateValue> items = value.as_sequence().items;
    for (TemplateValue& item : items) item = with_marks(item, tokens);
    return TemplateValue::sequence(std::move(items), value.as_sequence().kind);
  }
  if (!value.is_dict()) return value;
  std::vector<jinja::Entry> entries = value.as_dict().entries();
  for (auto& [key, item] : entries) item = with_marks(item, tokens);
  return TemplateValue::dict(std::move(entries));
}

TemplateValue with_marks_of_users(const TemplateValue& messages, const std::vector<std::string>& tokens) {
  if (!messages.is_sequence()) return messages;
  std::vector<TemplateValue> all = messages.as_sequence().items;
  for (TemplateValue& message : all) {
    const TemplateValue* role = message.is_dict() ? message.as_dict().find_string("role") : nullptr;
    const bool own = role && role->is_string() && role->as_string() == "assistant";
    if (!own) message = with_marks(message, tokens);
  }
  return TemplateValue::list(std::move(all));
}

std::string without_marks(std::string_view text) {
  static constexpr std::string_view marks[] = {opening, closing};
  std::string clean;
  std::string_view mark;
  for (std::size_t at; (at = find_any(text, marks, mark)) != text.npos; text.remove_prefix(at + mark.size()))
    clean.append(text.substr(0, at));
  return clean.append(text);
}

std::vector<int> encode_marked(const Tokenizer& tokenizer, std::string_view text) {
  static constexpr std::string_view marks[] = {opening, closing};
  std::vector<int> ids;
  std::string_view mark, before;
  bool begins = true;
  while (true) {
    const std::size_t at = find_any(text, marks, mark);
    const std::string_view part = text.substr(0, at);
    const bool plain = before == opening && at != text.npos && mark == closing;
    if (begins) ids = tokenizer.encode(part, false);
    if (!begins && !part.empty()) {
      const std::vector<int> more = encode_within(tokenizer, part, plain);
      const std::optional<int> token = plain ? tokenizer.id_of(part) : std::nullopt;
      if (token && std::find(more.begin(), more.end(), *token) != more.end())
        throw UserError("the vocabulary makes a control token of the letters " + printable(part, 60));
      ids.insert(ids.end(), more.begin(), more.end());
    }
    if (at == text.npos) return ids;
    begins = false;
    before = mark;
    text.remove_prefix(at + mark.size());
  }
}

}  // namespace kelvin
