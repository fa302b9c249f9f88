#include "loaders/json/json_number.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "loaders/json/json.h"
#include "tests/loaders/load_error_check.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

// What parsing `text` and then `use` throws, "" if nothing.
template <class Use>
std::string number_error(const std::string& text, Use use) {
  return load_error([&] { use(parse_json(text, "f.json").root()); });
}

std::string number_error(const std::string& text) {
  return load_error([&] { parse_json(text, "f.json"); });
}

double real(const std::string& text) { return parse_json(text).root().as_double(); }

}  // namespace

TEST_CASE("integers are exact over the whole range of 64 bits") {
  CHECK(parse_json("9223372036854775807").root().as_int() == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_json("-9223372036854775808").root().as_int() == std::numeric_limits<std::int64_t>::min());
  CHECK(parse_json("9007199254740993").root().as_int() == 9007199254740993);
  CHECK(parse_json("18446744073709551615").root().as_uint() == std::numeric_limits<std::uint64_t>::max());
  CHECK(number_error("9223372036854775808", [](JsonValue v) { v.as_int(); }) ==
        "f.json: integer below 2^63 expected, 9223372036854775808 found");
  CHECK(number_error("-1", [](JsonValue v) { v.as_uint(); }) == "f.json: an integer >= 0 expected, -1 found");
  CHECK(number_error("2.0", [](JsonValue v) { v.as_int(); }) != "");
  // Larger ones are doubles: tokenizer_config.json files hold 10^30 as "no limit".
  CHECK_FALSE(parse_json("18446744073709551616").root().is_integer());
  CHECK(real("1000000000000000019884624838656") == 1e30);
  CHECK(parse_json("-0").root().as_int() == 0);
  CHECK(std::signbit(real("-0")));
}

TEST_CASE("doubles are rounded correctly") {
  CHECK(real("0.1") == 0.1);
  CHECK(real("1e-05") == 1e-5);
  CHECK(real("1E+2") == 100.0);
  // Half way between two doubles, and a digit beyond: the exact value decides.
  CHECK(real("9007199254740993.0") == 9007199254740992.0);
  CHECK(real("9007199254740993.00000000000000000000000000001") == 9007199254740994.0);
  CHECK(real("2.2250738585072011e-308") == std::bit_cast<double>(0x000FFFFFFFFFFFFFu));
  CHECK(real("4.9e-324") == std::numeric_limits<double>::denorm_min());
  CHECK(real("1e-324") == 0.0);
  CHECK(real("123e-99999999999999999999") == 0.0);
  CHECK(real("0.1e-9223372036854775808") == 0.0);
  CHECK(real("0e99999999999999999999") == 0.0);
  CHECK(real("0." + std::string(400, '0') + "1e400") == doctest::Approx(0.1));
  CHECK(std::signbit(real("-1e-400")));
  CHECK(real("1.7976931348623157e308") == std::numeric_limits<double>::max());
  for (const char* large :
       {"1e400", "-1e400", "1.8e308", "1e99999999999999999999", "10e9223372036854775807", "0.001e400"}) {
    CAPTURE(large);
    CHECK(number_error(large).find("in the range of a double") != std::string::npos);
  }
  CHECK(number_error("1" + std::string(400, '0')).find("in the range of a double") != std::string::npos);
}

TEST_CASE("malformed numbers are refused") {
  for (const char* text : {"01", "-", "+1", ".5", "1.", "1.e3", "1e", "1e+", "0x10", "1_000", "nan", "Inf",
                           "-Infinit", "+Infinity", "-NaN", "--1", "00"}) {
    CAPTURE(text);
    CHECK(number_error(text) != "");
  }
}

TEST_CASE("numbers that Python writes in words, and integers of any size") {
  const JsonDocument document = parse_json(
      "[NaN, Infinity, -Infinity, 18446744073709551616, -9223372036854775809, 1e30, 18446744073709551615, "
      "1.5]");
  const JsonValue root = document.root();
  CHECK(std::isnan(root.at(0).as_double()));
  CHECK(root.at(1).as_double() == std::numeric_limits<double>::infinity());
  CHECK(root.at(2).as_double() == -std::numeric_limits<double>::infinity());
  CHECK_FALSE(root.at(1).is_integer());
  CHECK(root.at(3).long_integer() == "18446744073709551616");
  CHECK(root.at(4).long_integer() == "-9223372036854775809");
  for (const std::size_t i : {0, 1, 2, 5, 6, 7}) CHECK(root.at(i).long_integer().empty());
}
