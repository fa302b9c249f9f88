#include "tokenizer/pipeline/mapped_text.h"

#include <algorithm>

#include "tokenizer/unicode/grapheme.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

namespace {

std::size_t first_char(std::string_view text) { return unicode::prefix_of_chars(text.substr(0, 4), 1); }

// The front of a text, while parts of it are replaced in order, as the reference counts: new characters take the
// places of old ones one by one, and the last one those that are left over.
class FrontOfParts {
 public:
  FrontOfParts(std::string_view text, std::size_t origin) : text_(text), origin_(origin) {}

  void replace(std::string_view part, std::string_view with) {
    std::size_t old_chars = unicode::count_chars(part);
    // What goes before anything stays is not counted at all.
    if (with.empty() && !any_) return;
    any_ = true;
    while (!with.empty()) {
      const std::size_t length = first_char(with);
      with.remove_prefix(length);
      const std::size_t place = old_chars > 0 ? at_ : std::max(at_, std::size_t{1}) - 1;
      open_ = open_ && place < origin_;
      if (open_) kept_ += length;
      if (old_chars > 0) step(old_chars);
    }
    while (old_chars > 0) step(old_chars);
  }

  std::size_t kept() const { return kept_; }  // bytes

 private:
  void step(std::size_t& old_chars) {
    at_ += first_char(text_.substr(at_));
    --old_chars;
  }

  std::string_view text_;
  std::size_t origin_, at_ = 0, kept_ = 0;
  bool any_ = false, open_ = true;
};

}  // namespace

std::string mapped(std::string_view text, const CharsMap& map, std::size_t max, std::size_t& origin) {
  constexpr std::size_t short_cluster = 5;  // bytes
  std::string out;
  out.reserve(text.size());
  FrontOfParts front(text, origin);
  const auto put = [&](std::string_view part, std::string_view with) {
    out += with;
    front.replace(part, with);
  };
  while (!text.empty() && out.size() <= max) {
    std::string_view cluster = text.substr(0, unicode::grapheme_length(text));
    text.remove_prefix(cluster.size());
    CharsMap::Found found;
    if (cluster.size() <= short_cluster) found = map.shortest(cluster);
    if (found.length > 0) {
      put(cluster, found.text);
      continue;
    }
    while (!cluster.empty() && out.size() <= max) {
      const std::string_view one = cluster.substr(0, first_char(cluster));
      cluster.remove_prefix(one.size());
      found = map.shortest(one);
      put(one, found.length > 0 ? found.text : one);
    }
  }
  origin = front.kept();
  return out;
}

}  // namespace kelvin::tokenizer
