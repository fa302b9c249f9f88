#include "loaders/json/json.h"

#include <doctest/doctest.h>

#include "tests/loaders/load_error_check.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

std::string error_of(const std::string& text) {
  return load_error([&] { parse_json(text, "f.json"); });
}

}  // namespace

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
  CHECK(error_of("{\"a\": [1, {\"b\": [[], [2, Nan]]}]}") ==
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

TEST_CASE("nesting is limited") {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(error_of(nested(json_depth_limit)) == "");
  CHECK(error_of(nested(json_depth_limit + 1)).find("128 levels of nesting") != std::string::npos);
  CHECK(error_of(std::string(10'000'000, '[')).find("levels of nesting") != std::string::npos);
}

TEST_CASE("a document parsed in place views the bytes it was given") {
  const std::string text = R"(["view", "un\u0065scaped"])";
  const JsonDocument document = parse_json(std::as_bytes(std::span(text)), "f.json");
  CHECK(document.root().at(0).as_string().data() == text.data() + 2);
  CHECK(document.root().at(1).as_string() == "unescaped");
}

TEST_CASE("a streamed container hands over its items and keeps none") {
  const std::string text =
      R"({"a": 0, "m": {"before": "x", "list": [1, "tw\u006f", [3, {"k": 4}], {"l": 5}, []], "map": {"p": 1, "\u0071": [2]},)"
      R"( "after": {"list": [6]}}, "list": [7]})";
  std::string seen;
  const auto note = [&](std::string_view key, JsonValue item) {
    seen += std::string(key) + "|" + item.path() + "|";
    if (item.is_integer()) seen += std::to_string(item.as_int());
    if (item.is_string()) seen += item.as_string();
    if (item.is_array() && item.size() == 2) seen += item.at(1).at("k").path();
    seen += "\n";
  };
  bool refused_asked = false;
  const std::vector<JsonStream> streams = {
      {{"m", "list"},
       [&](JsonValue root, JsonValue list) {
         CHECK(list.path() == "m.list");
         CHECK(list.size() == 0);
         CHECK(root.at("m").at("before").as_string() == "x");
         CHECK_FALSE(root.at("m").find("after").has_value());
         return true;
       },
       note},
      {{"m", "map"}, [](JsonValue, JsonValue map) { return map.is_object(); }, note},
      {{"m", "after"}, [&](JsonValue, JsonValue) { return !(refused_asked = true); }, note}};
  const JsonDocument document = parse_json(std::as_bytes(std::span(text)), "f.json", nullptr, streams);
  CHECK(seen ==
        "|m.list[0]|1\n|m.list[1]|two\n|m.list[2]|m.list[2][1].k\n|m.list[3]|\n|m.list[4]|\n"
        "p|m.map.p|1\nq|m.map.q|\n");
  CHECK(refused_asked);
  const JsonValue m = document.root().at("m");
  CHECK(m.at("list").size() == 5);
  CHECK(m.at("list").items().begin() == m.at("list").items().end());
  CHECK(m.at("map").size() == 2);
  CHECK_FALSE(m.at("map").find("p").has_value());
  CHECK(m.at("after").at("list").at(0).as_int() == 6);
  CHECK(m.at("after").path() == "m.after");
  CHECK(document.root().at("list").at(0).as_int() == 7);
}

TEST_CASE("many items of a streamed container, and errors that name theirs") {
  std::string text = R"({"list": [)";
  for (int i = 0; i < 20000; ++i)
    text +=
        R"({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8, "i": 9, "j": 10, "k": 11, "l": "\u0061"},)";
  text += "0], \"end\": 1}";
  std::size_t items = 0;
  const auto parse = [&](std::size_t refused) {
    items = 0;
    const std::vector<JsonStream> streams = {{{"list"},
                                              [](JsonValue, JsonValue) { return true; },
                                              [&](std::string_view, JsonValue item) {
                                                if (item.is_object()) CHECK(item.at("l").as_string() == "a");
                                                if (items++ == refused) item.fail("refused");
                                              }}};
    return parse_json(std::as_bytes(std::span(text)), "f.json", nullptr, streams);
  };
  const JsonDocument document = parse(text.size());
  CHECK(items == 20001);
  CHECK(document.root().at("end").as_int() == 1);
  CHECK(document.root().members().end() != document.root().members().begin());
  CHECK(load_error([&] { parse(12345); }) == "f.json: list[12345]: refused");
  text[text.find("\"k\"", 2000)] = '!';
  CHECK(holds(load_error([&] { parse(text.size()); }), "f.json: 1:"));
}
