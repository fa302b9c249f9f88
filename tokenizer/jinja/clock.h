// The time of day that strftime_now() sees.
#pragma once

#include <string>
#include <string_view>

namespace kelvin {

struct Clock {
  int year = 1970, month = 1, day = 1;  // from 1
  int hour = 0, minute = 0, second = 0;
  int microsecond = 0;

  // Local time of the system.
  static Clock now();
};

namespace jinja {

// strftime in the C locale, with glibc's flags (%-d, %_d, %02d ...). Directives it does not know stay as they
// are.
std::string format_time(std::string_view format, const Clock& clock);

}  // namespace jinja
}  // namespace kelvin
