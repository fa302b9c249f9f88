#include "loaders/json/json_writer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "loaders/json/json.h"

using namespace kelvin;

TEST_CASE("objects and arrays are separated and nested") {
  JsonWriter line;
  line.begin_object().member("id", 17).member("text", "a\"b");
  line.key("list").begin_array().value(1).value(true).value(nullptr).begin_object().end_object().end_array();
  line.member("ids", std::vector<int>{1, -2}).member("none", std::vector<std::string>{});
  line.key("raw").raw("[0]").end_object();
  CHECK(line.text() == R"({"id":17,"text":"a\"b","list":[1,true,null,{}],"ids":[1,-2],"none":[],"raw":[0]})");
}

TEST_CASE("what is absent is null") {
  JsonWriter line;
  line.begin_object().member("none", std::optional<int>()).member("some", std::optional(7));
  line.member("nan", unless_nan(std::nan(""))).member("number", unless_nan(0.5)).end_object();
  CHECK(line.text() == R"({"none":null,"some":7,"nan":null,"number":0.5})");
}

TEST_CASE("numbers round-trip") {
  for (const double number : {0.1, -0.0, 1e300, 5e-324, 1.0 / 3, 1e22, 123456789.0, -2.5e-7}) {
    JsonWriter line;
    line.value(number);
    const double read = parse_json(line.text()).root().as_double();
    CHECK(read == number);
    CHECK(std::signbit(read) == std::signbit(number));
  }
  JsonWriter line;
  line.begin_array()
      .value(0.1f)
      .value(std::numeric_limits<std::uint64_t>::max())
      .value(std::numeric_limits<std::int64_t>::min());
  line.value(std::numeric_limits<double>::infinity())
      .value(-std::numeric_limits<float>::infinity())
      .value(std::nan(""))
      .end_array();
  CHECK(line.text() == R"([0.1,18446744073709551615,-9223372036854775808,"inf","-inf","nan"])");
}

TEST_CASE("any text reads back as the same text") {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  all += "é€😀";
  CHECK(parse_json(json_string(all)).root().as_string() == all);
  CHECK(parse_json(json_string("a\xFF\xC3")).root().as_string() == "a\xEF\xBF\xBD\xEF\xBF\xBD");
}
