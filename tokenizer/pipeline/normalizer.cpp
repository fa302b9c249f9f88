#include "tokenizer/pipeline/normalizer.h"

#include <algorithm>
#include <utility>

#include "tokenizer/pipeline/length_limit.h"
#include "tokenizer/pipeline/mapped_text.h"
#include "tokenizer/unicode/byte_level.h"
#include "tokenizer/unicode/case.h"
#include "tokenizer/unicode/normal_form.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

namespace {

// Each character goes through `change(code, out)`, which appends what it becomes.
template <class Change>
std::string each_char(std::string_view text, std::size_t& origin, Change change) {
  std::string out;
  out.reserve(text.size());
  const char* const marked = text.data() + origin;
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    change(unicode::next_char(at), out);
    if (at <= marked) origin = out.size();
  }
  return out;
}

std::string lowercase(std::string_view text, std::size_t& origin) {
  return each_char(text, origin, [](char32_t code, std::string& out) {
    if (code == 0x130)
      out += "i\u0307";
    else
      unicode::append_char(out, unicode::lower_case(code));
  });
}

std::string without_marks(std::string_view text, std::size_t& origin, bool (*is_one)(char32_t)) {
  return each_char(text, origin, [&](char32_t code, std::string& out) {
    if (!is_one(code)) unicode::append_char(out, code);
  });
}

std::size_t first_length(std::string_view text) { return unicode::prefix_of_chars(text.substr(0, 4), 1); }

// What marks behind the first character do to those within it, which they are sorted with, ends its part.
std::string normal_form(std::string_view text, std::size_t& origin, unicode::NormalForm form) {
  std::string out = unicode::normalize(text, form);
  if (origin == 0) return out;
  const std::string front = unicode::normalize(text.substr(0, origin), form);
  origin = first_length(out);
  while (origin < out.size() && origin < front.size()) {
    const std::size_t length = first_length(std::string_view(out).substr(origin));
    if (out.compare(0, origin + length, front, 0, origin + length) != 0) break;
    origin += length;
  }
  return out;
}

std::string_view stripped(std::string_view text, StripText strip) {
  while (strip.left && !text.empty()) {
    const char* at = text.data();
    if (!unicode::is_whitespace(unicode::next_char(at))) break;
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  }
  while (strip.right && !text.empty()) {
    const char32_t last = unicode::last_char(text);
    if (!unicode::is_whitespace(last)) break;
    text.remove_suffix(unicode::to_utf8(last).size());
  }
  return text;
}

// The clean-up of Google's neural machine translation, as SentencePiece's nmt rules have it.
std::string nmt(std::string_view text, std::size_t& origin) {
  return each_char(text, origin, [](char32_t code, std::string& out) {
    const bool dropped = (code >= 1 && code <= 8) || code == 0xB || (code >= 0xE && code <= 0x1F) ||
                         code == 0x7F || code == 0x8F || code == 0x9F;
    const bool blank = code == 9 || code == 0xA || code == 0xC || code == 0xD || code == 0x1680 ||
                       (code >= 0x200B && code <= 0x200F) || code == 0x2028 || code == 0x2029 ||
                       code == 0x2581 || code == 0xFEFF || code == 0xFFFD;
    if (blank)
      out += ' ';
    else if (!dropped)
      unicode::append_char(out, code);
  });
}

bool is_ideograph(char32_t code) {
  return (code >= 0x4E00 && code <= 0x9FFF) || (code >= 0x3400 && code <= 0x4DBF) ||
         (code >= 0x20000 && code <= 0x2A6DF) || (code >= 0x2A700 && code <= 0x2B81F) ||
         (code >= 0x2B920 && code <= 0x2CEAF) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0x2F800 && code <= 0x2FA1F);
}

std::string bert(std::string_view text, std::size_t& origin, const BertText& options) {
  std::string out(text);
  if (options.clean_text)
    out = each_char(out, origin, [](char32_t code, std::string& to) {
      const unicode::Category kind = unicode::category(code);
      const bool blank = code == '\t' || code == '\n' || code == '\r';
      const bool control = kind == unicode::Category::Cc || kind == unicode::Category::Cf ||
                           kind == unicode::Category::Co || code == 0xFFFD;
      if (blank || (unicode::is_whitespace(code) && !control))
        to += ' ';
      else if (code != 0 && !control)
        unicode::append_char(to, code);
    });
  if (options.handle_chinese_chars)
    out = each_char(out, origin, [](char32_t code, std::string& to) {
      if (is_ideograph(code)) to += ' ';
      unicode::append_char(to, code);
      if (is_ideograph(code)) to += ' ';
    });
  if (options.strip_accents)
    out = without_marks(normal_form(out, origin, unicode::NormalForm::nfd), origin, unicode::is_nonspacing);
  return options.lowercase ? lowercase(out, origin) : out;
}

struct Apply {
  std::string_view text;
  std::size_t& origin;

  std::string operator()(unicode::NormalForm form) const { return normal_form(text, origin, form); }
  std::string operator()(const PrependText& prepend) const {
    if (origin > 0) origin += prepend.text.size();
    return text.empty() ? std::string() : prepend.text + std::string(text);
  }
  std::string operator()(const LowercaseText&) const { return lowercase(text, origin); }
  std::string operator()(const StripText& strip) const {
    const std::string_view rest = stripped(text, strip);
    origin -= std::min(origin, static_cast<std::size_t>(rest.data() - text.data()));
    origin = std::min(origin, rest.size());
    return std::string(rest);
  }
  std::string operator()(const StripAccents&) const { return without_marks(text, origin, unicode::is_mark); }
  std::string operator()(const NmtText&) const { return nmt(text, origin); }
  std::string operator()(const BertText& options) const { return bert(text, origin, options); }
  std::string operator()(const ByteLevelText&) const {
    origin = unicode::bytes_to_text(text.substr(0, origin)).size();
    return unicode::bytes_to_text(text);
  }
  // These are prepared steps of their own.
  std::string operator()(const ReplaceText&) const { return std::string(text); }
  std::string operator()(const PrecompiledText&) const { return std::string(text); }
  std::string operator()(const SentencePieceText&) const { return std::string(text); }
};

// How much of the front is left: what replaces a match stands where the match ends.
std::size_t front_after(const std::vector<RegexMatch>& matches, std::size_t content_size,
                        std::size_t origin) {
  std::size_t kept = 0, copied = 0;
  for (const RegexMatch match : matches) {
    if (match.begin >= origin && match.begin > 0) break;
    kept += match.begin - copied;
    copied = match.end;
    if (match.end > std::max(origin, std::size_t{match.end == 0})) return kept;
    kept += content_size;
  }
  return kept + (origin - std::min(copied, origin));
}

std::string replaced(std::string_view text, const std::vector<RegexMatch>& matches, std::string_view content,
                     std::size_t max) {
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  std::size_t copied = 0;
  for (const RegexMatch match : matches) {
    out += text.substr(copied, match.begin - copied);
    out += content;
    copied = match.end;
    if (out.size() > max) return out;
  }
  out += text.substr(copied);
  return out;
}

}  // namespace

std::string replaced(std::string_view text, const Regex& pattern, std::string_view content, std::size_t max) {
  return replaced(text, pattern.find_all(text), content, max);
}

Normalizer::Normalizer(const std::vector<NormalizerSpec>& specs) {
  for (const NormalizerSpec& spec : specs) {
    if (const auto* replace = std::get_if<ReplaceText>(&spec))
      steps_.push_back(Replacement{replace->pattern.regex(), replace->content});
    else if (const auto* pieces = std::get_if<SentencePieceText>(&spec))
      steps_.push_back(SentencePieceNormalizer(*pieces));
    else if (const auto* precompiled = std::get_if<PrecompiledText>(&spec))
      steps_.push_back(CharsMap(precompiled->charsmap));
    else
      steps_.push_back(spec);
  }
}

std::string Normalizer::after(const Step& step, std::string_view text, std::size_t max,
                              std::size_t& origin) const {
  if (const auto* replacement = std::get_if<Replacement>(&step)) {
    const std::vector<RegexMatch> matches = replacement->pattern.find_all(text);
    if (origin > 0) origin = front_after(matches, replacement->content.size(), origin);
    return replaced(text, matches, replacement->content, max);
  }
  if (const auto* pieces = std::get_if<SentencePieceNormalizer>(&step))
    return pieces->run(text, origin > 0, max);
  if (const auto* map = std::get_if<CharsMap>(&step)) return mapped(text, *map, max, origin);
  return std::visit(Apply{text, origin}, std::get<NormalizerSpec>(step));
}

std::string Normalizer::run(std::string_view text, std::size_t& origin) const {
  std::string now(text);
  const std::size_t max = max_length_from(text.size());
  for (const Step& step : steps_) {
    now = after(step, now, max, origin);
    check_length(now.size(), max, "normalizer");
    origin = std::min(origin, now.size());
  }
  return now;
}

}  // namespace kelvin::tokenizer
