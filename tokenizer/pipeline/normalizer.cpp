#include "tokenizer/pipeline/normalizer.h"

#include <utility>

#include "tokenizer/pipeline/length_limit.h"
#include "tokenizer/unicode/byte_level.h"
#include "tokenizer/unicode/case.h"
#include "tokenizer/unicode/grapheme.h"
#include "tokenizer/unicode/normal_form.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

namespace {

// Each character goes through `change(code, out)`, which appends what it becomes.
template <class Change>
std::string each_char(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  for (const char *at = text.data(), *end = at + text.size(); at < end;) change(unicode::next_char(at), out);
  return out;
}

std::string lowercase(std::string_view text) {
  return each_char(text, [](char32_t code, std::string& out) {
    if (code == 0x130)
      out += "i\u0307";
    else
      unicode::append_char(out, unicode::lower_case(code));
  });
}

std::string without_marks(std::string_view text, bool (*is_one)(char32_t)) {
  return each_char(text, [&](char32_t code, std::string& out) {
    if (!is_one(code)) unicode::append_char(out, code);
  });
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
std::string nmt(std::string_view text) {
  return each_char(text, [](char32_t code, std::string& out) {
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

std::string bert(std::string_view text, const BertText& options) {
  std::string out(text);
  if (options.clean_text)
    out = each_char(out, [](char32_t code, std::string& to) {
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
    out = each_char(out, [](char32_t code, std::string& to) {
      if (is_ideograph(code)) to += ' ';
      unicode::append_char(to, code);
      if (is_ideograph(code)) to += ' ';
    });
  if (options.strip_accents)
    out = without_marks(unicode::normalize(out, unicode::NormalForm::nfd), unicode::is_nonspacing);
  return options.lowercase ? lowercase(out) : out;
}

struct Apply {
  std::string_view text;
  bool& at_origin;

  // For a change of single characters: where the first one goes, what is left begins behind the origin.
  template <class Change>
  std::string filtered(Change change) const {
    if (!text.empty() && change(text.substr(0, unicode::prefix_of_chars(text.substr(0, 4), 1))).empty())
      at_origin = false;
    return change(text);
  }

  std::string operator()(unicode::NormalForm form) const { return unicode::normalize(text, form); }
  std::string operator()(const PrependText& prepend) const {
    return text.empty() ? std::string() : prepend.text + std::string(text);
  }
  std::string operator()(const LowercaseText&) const { return lowercase(text); }
  std::string operator()(const StripText& strip) const {
    const std::string_view rest = stripped(text, strip);
    if (rest.data() != text.data()) at_origin = false;
    return std::string(rest);
  }
  std::string operator()(const StripAccents&) const {
    return filtered([](std::string_view part) { return without_marks(part, unicode::is_mark); });
  }
  std::string operator()(const NmtText&) const { return filtered(nmt); }
  std::string operator()(const BertText& options) const {
    return filtered([&](std::string_view part) { return bert(part, options); });
  }
  std::string operator()(const ByteLevelText&) const { return unicode::bytes_to_text(text); }
  // These are prepared steps of their own.
  std::string operator()(const ReplaceText&) const { return std::string(text); }
  std::string operator()(const PrecompiledText&) const { return std::string(text); }
  std::string operator()(const SentencePieceText&) const { return std::string(text); }
};

// As the reference does, which takes the shortest key that a short cluster begins with for the whole of it.
// Stops where the result is longer than `most`.
std::string mapped(std::string_view text, const CharsMap& map, std::size_t max) {
  constexpr std::size_t short_cluster = 5;  // bytes
  std::string out;
  out.reserve(text.size());
  while (!text.empty() && out.size() <= max) {
    std::string_view cluster = text.substr(0, unicode::grapheme_length(text));
    text.remove_prefix(cluster.size());
    CharsMap::Found found;
    if (cluster.size() <= short_cluster) found = map.shortest(cluster);
    if (found.length > 0) {
      out += found.text;
      continue;
    }
    while (!cluster.empty() && out.size() <= max) {
      const std::string_view one = cluster.substr(0, unicode::prefix_of_chars(cluster.substr(0, 4), 1));
      cluster.remove_prefix(one.size());
      found = map.shortest(one);
      out += found.length > 0 ? found.text : one;
    }
  }
  return out;
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
                              bool& at_origin) const {
  if (const auto* replacement = std::get_if<Replacement>(&step)) {
    const std::vector<RegexMatch> matches = replacement->pattern.find_all(text);
    if (replacement->content.empty() && !matches.empty() && matches[0].begin == 0 && matches[0].end > 0)
      at_origin = false;
    return replaced(text, matches, replacement->content, max);
  }
  if (const auto* pieces = std::get_if<SentencePieceNormalizer>(&step))
    return pieces->run(text, at_origin, max);
  if (const auto* map = std::get_if<CharsMap>(&step)) return mapped(text, *map, max);
  return std::visit(Apply{text, at_origin}, std::get<NormalizerSpec>(step));
}

std::string Normalizer::run(std::string_view text, bool& at_origin) const {
  std::string now(text);
  const std::size_t max = max_length_from(text.size());
  for (const Step& step : steps_) {
    now = after(step, now, max, at_origin);
    check_length(now.size(), max, "normalizer");
  }
  return now;
}

}  // namespace kelvin::tokenizer
