#include "tools/options/suggest.h"

#include <algorithm>

#include "sampling/closest.h"

namespace kelvin {

std::string suggestion(std::string_view word, const std::vector<std::string>& known,
                       std::string_view prefix) {
  const auto longer = std::find_if(known.begin(), known.end(), [&](const std::string& name) {
    return word.size() >= 3 && name.starts_with(word);
  });
  const std::string near = longer != known.end() ? *longer : sampling::closest(word, known);
  return near.empty() ? "" : "; did you mean " + std::string(prefix) + near + "?";
}

}  // namespace kelvin
