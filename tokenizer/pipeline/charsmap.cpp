#include "tokenizer/pipeline/charsmap.h"

#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

namespace {

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// A unit holds the label it is reached by, whether a value stands behind it, and the offset of its children.
bool has_value(std::uint32_t unit) { return unit >> 8 & 1; }
std::uint32_t value_of(std::uint32_t unit) { return unit & 0x7FFFFFFF; }
std::uint32_t label_of(std::uint32_t unit) { return unit & 0x800000FF; }
std::size_t offset_of(std::uint32_t unit) { return (unit >> 10) << (unit >> 6 & 8); }

}  // namespace

CharsMap::CharsMap(std::string_view bytes) {
  const std::size_t size = bytes.size() < 4 ? 0 : little_endian(bytes);
  if (size == 0 || size % 4 != 0 || size > bytes.size() - 4)
    throw TokenizerError("a trie of " + std::to_string(size) + " bytes in a map of " +
                         std::to_string(bytes.size()));
  units_.reserve(size / 4);
  for (std::size_t at = 4; at < 4 + size; at += 4) units_.push_back(little_endian(bytes.substr(at, 4)));
  texts_ = bytes.substr(4 + size);
  if (!unicode::is_utf8(texts_)) throw TokenizerError("the map's texts are not UTF-8");
}

std::uint32_t CharsMap::unit(std::size_t at) const {
  if (at >= units_.size()) throw TokenizerError("the map's trie points outside itself");
  return units_[at];
}

CharsMap::Found CharsMap::find(std::string_view text, bool first) const {
  Found found;
  if (empty()) return found;
  std::size_t node = offset_of(unit(0));
  for (std::size_t i = 0; i < text.size() && text[i] != '\0'; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::uint32_t reached = unit(node ^ byte);
    if (label_of(reached) != byte) break;
    node = node ^ byte ^ offset_of(reached);
    if (!has_value(reached)) continue;
    const std::size_t begin = value_of(unit(node));
    const std::size_t end = texts_.find('\0', begin);
    if (begin > texts_.size() || (begin < texts_.size() && unicode::is_continuation(texts_[begin])))
      throw TokenizerError("the map's trie points outside its texts");
    found = {i + 1, std::string_view(texts_).substr(begin, end == std::string::npos ? end : end - begin)};
    if (first) break;
  }
  return found;
}

CharsMap::Found CharsMap::longest(std::string_view text) const { return find(text, false); }
CharsMap::Found CharsMap::shortest(std::string_view text) const { return find(text, true); }

}  // namespace kelvin::tokenizer
