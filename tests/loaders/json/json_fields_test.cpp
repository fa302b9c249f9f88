#include "loaders/json/json_fields.h"

#include <doctest/doctest.h>

#include "tests/loaders/load_error_check.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

TEST_CASE("members are read within their range, absent and null ones are not said") {
  const JsonDocument document = parse_json(R"({"i": -3, "x": 2, "y": 0.5, "t": true, "n": null})", "f.json");
  const JsonValue root = document.root();
  CHECK(required_int(root, "i", {-3, 5}) == -3);
  CHECK(required_real(root, "x", {2, 2}) == 2.0);
  CHECK(optional_int(root, "i", {}) == -3);
  CHECK(optional_real(root, "y", positive_real) == 0.5);
  CHECK(optional_bool(root, "t") == true);
  for (const char* key : {"n", "absent"}) {
    CHECK_FALSE(optional_member(root, key));
    CHECK_FALSE(optional_int(root, key, {}));
    CHECK_FALSE(optional_real(root, key, {}));
    CHECK_FALSE(optional_bool(root, key));
  }
}

TEST_CASE("errors say what was expected and found") {
  const JsonDocument document = parse_json(
      R"({"a": {"i": -3, "x": 2.5, "s": "1", "big": 18446744073709551615, "t": true, "zero": 0}})", "f.json");
  const JsonValue a = document.root().at("a");
  CHECK(load_error([&] {
          required_int(a, "i", {0, 9});
        }) == "f.json: a.i: an integer from 0 to 9 expected, -3 found");
  CHECK(load_error([&] {
          required_int(a, "x", {0, 9});
        }) == "f.json: a.x: an integer from 0 to 9 expected, 2.5 found");
  CHECK(load_error([&] {
          required_int(a, "s", {0, 9});
        }) == "f.json: a.s: an integer from 0 to 9 expected, a string found");
  CHECK(holds(load_error([&] {
                required_int(a, "big", {0, 9});
              }),
              "an integer from 0 to 9 expected, 184467440737095"));
  CHECK(load_error([&] {
          required_int(a, "none", {0, 9});
        }) == "f.json: a: key \"none\" expected, none found");
  CHECK(load_error([&] {
          required_real(a, "x", {0, 1});
        }) == "f.json: a.x: a number from 0 to 1 expected, 2.5 found");
  CHECK(load_error([&] { required_real(a, "i", {0}); }) == "f.json: a.i: a number from 0 expected, -3 found");
  CHECK(load_error([&] { required_real(a, "zero", positive_real); }) ==
        "f.json: a.zero: a number above 0 expected, 0 found");
  CHECK(load_error([&] { required_real(a, "t", positive_real); }) ==
        "f.json: a.t: a number above 0 expected, true or false found");
  CHECK(load_error([&] { optional_bool(a, "i"); }) == "f.json: a.i: true or false expected, a number found");
}
