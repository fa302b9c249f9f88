#include "tools/options/date_option.h"

#include <chrono>

#include "tokenizer/base/formatted.h"
#include "tools/options/flags.h"
#include "tools/output/parse_number.h"

namespace kelvin {

Clock parse_date(const std::string& text) {
  const auto refuse = [] { throw UsageError("a day such as 2026-11-21 expected"); };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || text.find('+') != text.npos) refuse();
  const auto year = parse_unsigned(text.substr(0, 4)), month = parse_unsigned(text.substr(5, 2)),
             day = parse_unsigned(text.substr(8, 2));
  if (!year || !month || !day) refuse();
  Clock clock;
  clock.year = static_cast<int>(*year);
  clock.month = static_cast<int>(*month);
  clock.day = static_cast<int>(*day);
  const std::chrono::year_month_day date{std::chrono::year(clock.year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) refuse();
  return clock;
}

std::string date_text(const Clock& clock) {
  return formatted("%04d-%02d-%02d", clock.year, clock.month, clock.day);
}

}  // namespace kelvin
