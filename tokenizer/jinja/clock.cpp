#include "tokenizer/jinja/clock.h"

#include <array>
#include <chrono>
#include <ctime>
#include <optional>

#include "tokenizer/jinja/budget.h"
#include "tokenizer/jinja/error.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin {

Clock Clock::now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm local{};
  localtime_r(&seconds, &local);
  return {local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec};
}

namespace jinja {

namespace {

constexpr std::array day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                  "Thursday", "Friday", "Saturday"};
constexpr std::array month_names = {"January", "February", "March",     "April",   "May",      "June",
                                    "July",    "August",   "September", "October", "November", "December"};

std::string day_name(const Clock& clock) {
  using namespace std::chrono;
  const sys_days date =
      year(clock.year) / month(static_cast<unsigned>(clock.month)) / day(static_cast<unsigned>(clock.day));
  return day_names[weekday(date).c_encoding()];
}

std::string month_name(const Clock& clock) { return month_names[static_cast<std::size_t>(clock.month - 1)]; }

// What a directive prints; `padded` to two digits. nullopt for those that no template uses.
std::optional<std::string> directive(char32_t name, bool padded, const Clock& clock) {
  const auto number = [&](int value) { return (padded && value < 10 ? "0" : "") + std::to_string(value); };
  if (name == 'a') return day_name(clock).substr(0, 3);
  if (name == 'A') return day_name(clock);
  if (name == 'b') return month_name(clock).substr(0, 3);
  if (name == 'B') return month_name(clock);
  if (name == 'd') return number(clock.day);
  if (name == 'H') return number(clock.hour);
  if (name == 'I') return number(clock.hour % 12 == 0 ? 12 : clock.hour % 12);
  if (name == 'm') return number(clock.month);
  if (name == 'M') return number(clock.minute);
  if (name == 'p') return clock.hour < 12 ? "AM" : "PM";
  if (name == 'S') return number(clock.second);
  if (name == 'y') return number(clock.year % 100);
  if (name == 'Y') return std::to_string(clock.year);
  if (name == '%') return "%";
  return std::nullopt;
}

}  // namespace

std::string format_time(std::string_view format, const Clock& clock) {
  spend(format.size());
  std::string text;
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%' || at + 1 == format.size()) {
      text += format[at++];
      continue;
    }
    const std::size_t start = at++;
    const bool padded = format[at] != '-';
    if (!padded) ++at;
    const char32_t name = at < format.size() ? unicode::next_char(format, at) : 0;
    const std::optional<std::string> piece = directive(name, padded, clock);
    if (!piece)
      throw Failure("strftime_now: '" + std::string(format.substr(start, at - start)) + "' is not supported");
    text += *piece;
  }
  return text;
}

}  // namespace jinja
}  // namespace kelvin
