#include "tokenizer/jinja/clock.h"

#include <array>
#include <cctype>
#include <chrono>
#include <ctime>

#include "tokenizer/jinja/budget.h"

namespace kelvin {

Clock Clock::now() {
  const auto time = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  localtime_r(&seconds, &local);
  const auto micro =
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count() % 1'000'000;
  return {local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,          local.tm_hour,
          local.tm_min,         local.tm_sec,     static_cast<int>(micro)};
}

namespace jinja {

namespace {

constexpr std::array day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                  "Thursday", "Friday", "Saturday"};
constexpr std::array month_names = {"January", "February", "March",     "April",   "May",      "June",
                                    "July",    "August",   "September", "October", "November", "December"};

class TimeFormat {
 public:
  explicit TimeFormat(const Clock& clock) : clock_(clock) {
    using namespace std::chrono;
    const sys_days date =
        year(clock.year) / month(static_cast<unsigned>(clock.month)) / day(static_cast<unsigned>(clock.day));
    weekday_ = static_cast<int>(weekday(date).c_encoding());
    day_of_year_ = static_cast<int>((date - sys_days(year(clock.year) / January / 1)).count());
    epoch_days_ = static_cast<int>(date.time_since_epoch().count());
  }

  std::string run(std::string_view format) {
    std::string text;
    for (std::size_t at = 0; at < format.size(); ++at) {
      if (format[at] != '%' || at + 1 == format.size()) {
        text += format[at];
        continue;
      }
      const std::size_t start = at++;
      flag_ = 0;
      bool upper = false;
      for (; at < format.size() && std::string_view("-_0^#").find(format[at]) != std::string_view::npos;
           ++at) {
        upper = upper || format[at] == '^';
        if (format[at] != '^' && format[at] != '#') flag_ = format[at];
      }
      std::string piece;
      if (at < format.size() && directive(format[at], piece)) {
        for (char& c : piece) c = upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
        text += piece;
      } else {
        text += format.substr(start, at + 1 - start);
      }
    }
    return text;
  }

 private:
  std::string number(long long value, int width, char pad = '0') const {
    std::string digits = std::to_string(value);
    if (flag_ == '-') return digits;
    const char fill = flag_ == '_' ? ' ' : flag_ == '0' ? '0' : pad;
    if (static_cast<int>(digits.size()) < width)
      digits.insert(0, static_cast<std::size_t>(width) - digits.size(), fill);
    return digits;
  }

  int hour12() const { return clock_.hour % 12 == 0 ? 12 : clock_.hour % 12; }
  // Week of the year whose first day is the first Sunday (0) or Monday (1).
  int week(int first_day) const { return (day_of_year_ + 7 - (weekday_ - first_day + 7) % 7) / 7; }

  // Year and week of ISO 8601: weeks belong to the year of their Thursday.
  std::pair<int, int> iso_week() const {
    using namespace std::chrono;
    const int from_monday = (weekday_ + 6) % 7;
    const sys_days thursday{days(epoch_days_ - from_monday + 3)};
    const year_month_day date(thursday);
    const auto into_year = (thursday - sys_days(date.year() / January / 1)).count();
    return {static_cast<int>(date.year()), static_cast<int>(into_year / 7 + 1)};
  }

  bool directive(char c, std::string& piece) {
    const std::string day = day_names[static_cast<std::size_t>(weekday_)];
    const std::string month = month_names[static_cast<std::size_t>(clock_.month - 1)];
    switch (c) {
      case 'a':
        piece = day.substr(0, 3);
        break;
      case 'A':
        piece = day;
        break;
      case 'b':
      case 'h':
        piece = month.substr(0, 3);
        break;
      case 'B':
        piece = month;
        break;
      case 'c':
        piece = run("%a %b %e %H:%M:%S %Y");
        break;
      case 'C':
        piece = number(clock_.year / 100, 2);
        break;
      case 'd':
        piece = number(clock_.day, 2);
        break;
      case 'D':
      case 'x':
        piece = run("%m/%d/%y");
        break;
      case 'e':
        piece = number(clock_.day, 2, ' ');
        break;
      case 'f':
        piece = number(clock_.microsecond, 6);
        break;
      case 'F':
        piece = run("%Y-%m-%d");
        break;
      case 'g':
        piece = number(iso_week().first % 100, 2);
        break;
      case 'G':
        piece = number(iso_week().first, 1);
        break;
      case 'H':
        piece = number(clock_.hour, 2);
        break;
      case 'I':
        piece = number(hour12(), 2);
        break;
      case 'j':
        piece = number(day_of_year_ + 1, 3);
        break;
      case 'k':
        piece = number(clock_.hour, 2, ' ');
        break;
      case 'l':
        piece = number(hour12(), 2, ' ');
        break;
      case 'm':
        piece = number(clock_.month, 2);
        break;
      case 'M':
        piece = number(clock_.minute, 2);
        break;
      case 'n':
        piece = "\n";
        break;
      case 'p':
        piece = clock_.hour < 12 ? "AM" : "PM";
        break;
      case 'P':
        piece = clock_.hour < 12 ? "am" : "pm";
        break;
      case 'r':
        piece = run("%I:%M:%S %p");
        break;
      case 'R':
        piece = run("%H:%M");
        break;
      case 's':
        piece =
            std::to_string(((epoch_days_ * 24LL + clock_.hour) * 60 + clock_.minute) * 60 + clock_.second);
        break;
      case 'S':
        piece = number(clock_.second, 2);
        break;
      case 't':
        piece = "\t";
        break;
      case 'T':
      case 'X':
        piece = run("%H:%M:%S");
        break;
      case 'u':
        piece = number(weekday_ == 0 ? 7 : weekday_, 1);
        break;
      case 'U':
        piece = number(week(0), 2);
        break;
      case 'V':
        piece = number(iso_week().second, 2);
        break;
      case 'w':
        piece = number(weekday_, 1);
        break;
      case 'W':
        piece = number(week(1), 2);
        break;
      case 'y':
        piece = number(clock_.year % 100, 2);
        break;
      case 'Y':
        piece = number(clock_.year, 1);
        break;
      case 'z':  // a clock without a time zone has neither offset nor name
      case 'Z':
        break;
      case '%':
        piece = "%";
        break;
      default:
        return false;
    }
    return true;
  }

  const Clock& clock_;
  int weekday_;      // 0 is Sunday
  int day_of_year_;  // from 0
  int epoch_days_;
  char flag_ = 0;
};

}  // namespace

std::string format_time(std::string_view format, const Clock& clock) {
  spend(format.size());
  return TimeFormat(clock).run(format);
}

}  // namespace jinja
}  // namespace kelvin
