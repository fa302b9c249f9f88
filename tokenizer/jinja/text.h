// String operations with the results of Python's str methods. Positions are bytes unless a name says
// characters. All are linear in their input, count their work and check the budget before a long result
// (budget.h).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin::jinja {

inline constexpr std::size_t not_found = static_cast<std::size_t>(-1);
inline constexpr std::size_t no_limit = static_cast<std::size_t>(-1);

// First place of `needle` at or after `from`.
std::size_t find(std::string_view text, std::string_view needle, std::size_t from = 0);
std::size_t find_last(std::string_view text, std::string_view needle);
// Places without overlap; between the characters for an empty needle. At most `limit`.
std::vector<std::size_t> find_all(std::string_view text, std::string_view needle,
                                  std::size_t limit = no_limit);

std::string replace(std::string_view text, std::string_view old, std::string_view by,
                    std::size_t limit = no_limit);
std::string repeat(std::string_view text, std::size_t times);

// Which ends to strip.
enum class Side { left, right, both };
// Strips the characters in `characters`, whitespace if absent.
std::string_view strip(std::string_view text, Side side,
                       std::optional<std::string_view> characters = std::nullopt);

// str.split: by runs of whitespace without a separator. At most `limit` cuts, from the left or the right.
std::vector<std::string> split(std::string_view text, std::optional<std::string_view> separator,
                               std::size_t limit = no_limit);
std::vector<std::string> split_right(std::string_view text, std::optional<std::string_view> separator,
                                     std::size_t limit = no_limit);
std::vector<std::string> split_lines(std::string_view text, bool keep_ends = false);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalize(std::string_view text);
std::string title(std::string_view text);  // str.title: letters after non-letters
std::string swap_case(std::string_view text);
std::string case_fold(std::string_view text);

// Bytes before the `characters`-th character; text.size() if there are fewer.
std::size_t byte_offset(std::string_view text, std::size_t characters);

// & < > ' " as HTML entities.
std::string escape_html(std::string_view text);

}  // namespace kelvin::jinja
