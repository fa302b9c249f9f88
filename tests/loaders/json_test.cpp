#include "loaders/json.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "loaders/load_error.h"

using namespace kelvin;

namespace {

// The text of the LoadError that parsing (and then `use`) throws, "" if none.
template <class Use>
std::string error_of(const std::string& text, Use use) {
  try {
    use(parse_json(text, "f.json").root());
  } catch (const LoadError& error) {
    return error.what();
  }
  return "";
}
std::string error_of(const std::string& text) {
  return error_of(text, [](JsonValue) {});
}

double real(const std::string& text) { return parse_json(text).root().as_double(); }

}  // namespace

TEST_CASE("values of every type are read") {
  const JsonDocument document = parse_json(
      R"( {"null": null, "t": true, "f": false, "n": -12, "x": 2.5e-1, "s": "a", "a": [1, [], {}], "o": {"k": "v"}} )");
  const JsonValue root = document.root();
  CHECK(root.type() == JsonType::object);
  CHECK(root.size() == 8);
  CHECK(root.at("null").is_null());
  CHECK(root.at("t").as_bool());
  CHECK_FALSE(root.at("f").as_bool());
  CHECK(root.at("n").as_int() == -12);
  CHECK(root.at("x").as_double() == 0.25);
  CHECK(root.at("s").as_string() == "a");
  CHECK(root.at("a").size() == 3);
  CHECK(root.at("a").at(1).size() == 0);
  CHECK(root.at("a").at(2).is_object());
  CHECK(root.at("o").at("k").as_string() == "v");
  CHECK_FALSE(root.find("absent"));
}

TEST_CASE("items and members come in the order of the text") {
  const JsonDocument document = parse_json(R"({"z": [[1, 2], 3, {"q": 4}], "a": 5, "m": {"x": {}}})");
  std::string keys;
  for (const auto& [key, value] : document.root().members()) keys += key;
  CHECK(keys == "zam");
  int count = 0;
  for (const JsonValue item : document.root().at("z").items()) {
    if (count == 1) CHECK(item.as_int() == 3);
    if (count == 2) CHECK(item.at("q").as_int() == 4);
    ++count;
  }
  CHECK(count == 3);
}

TEST_CASE("integers are exact over the whole range of 64 bits") {
  CHECK(parse_json("9223372036854775807").root().as_int() == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_json("-9223372036854775808").root().as_int() == std::numeric_limits<std::int64_t>::min());
  CHECK(parse_json("9007199254740993").root().as_int() == 9007199254740993);
  CHECK(parse_json("18446744073709551615").root().as_uint() == std::numeric_limits<std::uint64_t>::max());
  CHECK(error_of("9223372036854775808", [](JsonValue v) { v.as_int(); }) ==
        "f.json: integer below 2^63 expected, 9223372036854775808 found");
  CHECK(error_of("-1", [](JsonValue v) { v.as_uint(); }) == "f.json: an integer >= 0 expected, -1 found");
  CHECK(error_of("2.0", [](JsonValue v) { v.as_int(); }) != "");
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
    CHECK(error_of(large).find("in the range of a double") != std::string::npos);
  }
  CHECK(error_of("1" + std::string(400, '0')).find("in the range of a double") != std::string::npos);
}

TEST_CASE("malformed numbers are refused") {
  for (const char* text : {"01", "-", "+1", ".5", "1.", "1.e3", "1e", "1e+", "0x10", "1_000", "NaN",
                           "Infinity", "-Infinity", "--1", "00"}) {
    CAPTURE(text);
    CHECK(error_of(text) != "");
  }
}

TEST_CASE("strings are unescaped") {
  const JsonDocument document = parse_json(
      R"(["plain", "\"\\\/\b\f\n\r\t", "\u0041\u00e9\u20AC\ud83d\ude00", "x\u0000y", "日本語 ünïcödé"])");
  const JsonValue root = document.root();
  CHECK(root.at(0).as_string() == "plain");
  CHECK(root.at(1).as_string() == "\"\\/\b\f\n\r\t");
  CHECK(root.at(2).as_string() == "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  CHECK(root.at(3).as_string() == std::string("x\0y", 3));
  CHECK(root.at(4).as_string() == "日本語 ünïcödé");
}

TEST_CASE("a special byte is noticed at every place of a string") {
  for (std::size_t length = 0; length < 40; ++length)
    for (std::size_t at = 0; at < length; ++at) {
      std::string text(length, 'a');
      text[at] = '\n';
      CHECK(error_of("\"" + text + "\"") != "");
      text[at] = '\xFF';
      CHECK(error_of("\"" + text + "\"") != "");
      text.replace(at, 1, "\\n");
      std::string expected(length, 'a');
      expected[at] = '\n';
      CHECK(parse_json("\"" + text + "\"").root().as_string() == expected);
    }
}

TEST_CASE("invalid UTF-8 and surrogates without a partner are refused") {
  for (const char* bytes : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xC3", "\xE0\x9F\xBF", "\xED\xA0\x80",
                            "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xFE"}) {
    CAPTURE(bytes);
    CHECK(error_of("\"" + std::string(bytes) + "\"").find("UTF-8 expected") != std::string::npos);
  }
  for (const char* text : {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\u0041")",
                           R"("\ud83d\ud83d")", R"("\u12g4")", R"("\u12")"}) {
    CAPTURE(text);
    CHECK(error_of(text) != "");
  }
}

TEST_CASE("what RFC 8259 does not allow is refused") {
  for (const char* text :
       {"",          " ",        "[1,]",    "[,1]",      "{\"a\":1,}", "{,}",       "{a:1}", "{'a':1}",
        "{\"a\" 1}", "{\"a\":}", "{1:2}",   "[1 2]",     "// c\n1",    "/* */1",    "1 2",   "[1",
        "{\"a\":1",  "\"abc",    "\"abc\\", "\"\\x41\"", "tru",        "truE",      "nul",   "\xEF\xBB\xBF{}",
        "]",         "[}",       "{]",      "{\"a\"",    "{\"a\":1]",  "[\"a\":1]", "\f1"}) {
    CAPTURE(text);
    CHECK(error_of(text) != "");
  }
  CHECK(error_of(std::string("[1]\0", 4)) != "");
  CHECK(error_of("") == "f.json: 1:1: a value expected, the end of the text found");
}

TEST_CASE("syntax errors give line and column in characters") {
  CHECK(error_of("{\n  \"é\": 1,\n  \"ü\" 2\n}") == "f.json: 3:7: ':' expected, \"2\" found");
  CHECK(error_of("[1, 2 3]") == "f.json: 1:7: ',' or ']' expected, \"3\" found");
  CHECK(error_of("{\"a\": 1, \"b\": 2, \"a\": 3}") ==
        "f.json: 1:18: each key once expected, \"a\" found again");
}

TEST_CASE("syntax errors where a value should be name its key") {
  CHECK(error_of("{\"a\": 1, \"eps\": 1e400}") ==
        "f.json: 1:17: eps: a number in the range of a double expected, 1e400 found");
  CHECK(error_of("{\"a\": [1, {\"b\": [[], [2, NaN]]}]}") ==
        "f.json: 1:26: a[1].b[1][1]: a value expected, \"N\" found");
  CHECK(error_of("[1.]") == "f.json: 1:4: [0]: a digit after the decimal point expected, \"]\" found");
}

TEST_CASE("duplicate keys are found however they are written and however many there are") {
  CHECK(error_of(R"({"a": 1, "\u0061": 2})") != "");
  CHECK(error_of(R"({"a": {"a": 1}, "b": {"a": 1}})") == "");
  for (const int count : {3, 11, 12, 13, 500}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) text += "\"key" + std::to_string(i) + "\": " + std::to_string(i) + ", ";
    CHECK(error_of(text + "\"other\": 0}") == "");
    CHECK(error_of(text + "\"key1\": 0}").find("\"key1\" found again") != std::string::npos);
  }
}

TEST_CASE("every member of small and large objects is found") {
  for (const int count : {0, 1, 11, 12, 13, 1000}) {
    std::string text = "[{\"before\": 1}, {";
    for (int i = 0; i < count; ++i)
      text += (i ? ", " : "") + ("\"key" + std::to_string(i) + "\": {\"inner" + std::to_string(i) + "\": [" +
                                 std::to_string(i) + "]}");
    const JsonDocument document = parse_json(text + "}]");
    const JsonValue object = document.root().at(1);
    for (int i = 0; i < count; ++i)
      CHECK(object.at("key" + std::to_string(i)).at("inner" + std::to_string(i)).at(0).as_int() == i);
    CHECK_FALSE(object.find("key" + std::to_string(count)));
    CHECK_FALSE(object.find("before"));
  }
}

TEST_CASE("large objects inside large objects keep their own members") {
  std::string inner;
  for (int i = 0; i < 20; ++i)
    inner += (i ? ", " : "") + ("\"k" + std::to_string(i) + "\": " + std::to_string(i));
  std::string text = "{";
  for (int i = 0; i < 20; ++i)
    text += "\"o" + std::to_string(i) + "\": {" + inner + ", \"own\": " + std::to_string(i) + "}, ";
  const JsonDocument document = parse_json(text + inner + "}");
  for (int i = 0; i < 20; ++i) CHECK(document.root().at("o" + std::to_string(i)).at("own").as_int() == i);
  CHECK(document.root().at("k19").as_int() == 19);
  CHECK_FALSE(document.root().find("own"));
}

TEST_CASE("nesting is limited") {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(error_of(nested(json_depth_limit)) == "");
  CHECK(error_of(nested(json_depth_limit + 1)).find("128 levels of nesting") != std::string::npos);
  CHECK(error_of(std::string(10'000'000, '[')).find("levels of nesting") != std::string::npos);
}

TEST_CASE("errors name the path of the value") {
  const char* config =
      R"({"rope_scaling": {"factor": "8"}, "merges": [["a", "b"], ["c", 4]], "odd\nkey": 1})";
  CHECK(error_of(config, [](JsonValue v) { v.at("rope_scaling").at("factor").as_double(); }) ==
        "f.json: rope_scaling.factor: a number expected, a string found");
  CHECK(error_of(config, [](JsonValue v) { v.at("merges").at(1).at(1).as_string(); }) ==
        "f.json: merges[1][1]: a string expected, a number found");
  CHECK(error_of(config, [](JsonValue v) { v.at("odd\nkey").as_bool(); }) ==
        "f.json: odd\\x0akey: true or false expected, a number found");
  CHECK(error_of(config, [](JsonValue v) { v.at("rope_scaling").at("type"); }) ==
        "f.json: rope_scaling: key \"type\" expected, none found");
  CHECK(error_of(config, [](JsonValue v) { v.at("nothing"); }) ==
        "f.json: key \"nothing\" expected, none found");
  CHECK(error_of(config, [](JsonValue v) { v.items(); }) == "f.json: an array expected, an object found");
  CHECK(error_of(config, [](JsonValue v) { v.at("merges").members(); }) ==
        "f.json: merges: an object expected, an array found");
  CHECK(error_of(config, [](JsonValue v) { v.at("merges").at(2); }) ==
        "f.json: merges: more than 2 items expected, 2 found");
}

TEST_CASE("a document parsed in place views the bytes it was given") {
  const std::string text = R"(["view", "un\u0065scaped"])";
  const JsonDocument document = parse_json(std::as_bytes(std::span(text)), "f.json");
  CHECK(document.root().at(0).as_string().data() == text.data() + 2);
  CHECK(document.root().at(1).as_string() == "unescaped");
}

TEST_CASE("a document outlives copies and moves, short texts included") {
  JsonDocument document = parse_json("[\"a\"]");
  const JsonDocument copy = document;
  const JsonDocument moved = std::move(document);
  CHECK(moved.root().at(0).as_string() == "a");
  CHECK(copy.root().at(0).as_string() == "a");
}
