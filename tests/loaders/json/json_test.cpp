#include "loaders/json/json.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/loaders/load_error_check.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

// What parsing `text` and then `use` throws, "" if nothing.
template <class Use>
std::string use_error(const std::string& text, Use use) {
  return load_error([&] { use(parse_json(text, "f.json").root()); });
}

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

TEST_CASE("keys whose hashes coincide are told apart") {
  constexpr int count = 200'000;
  std::string text = "{";
  std::vector<std::uint32_t> hashes;
  for (int i = 0; i < count; ++i) {
    const std::string key = "key" + std::to_string(i);
    hashes.push_back(json_hash(key));
    text += (i ? ",\"" : "\"") + key + "\":" + std::to_string(i);
  }
  std::sort(hashes.begin(), hashes.end());
  REQUIRE(std::adjacent_find(hashes.begin(), hashes.end()) != hashes.end());
  const JsonDocument document = parse_json(text + "}");
  int wrong = 0;
  for (int i = 0; i < count; ++i) wrong += document.root().at("key" + std::to_string(i)).as_int() != i;
  CHECK(wrong == 0);
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

TEST_CASE("errors name the path of the value") {
  const char* config =
      R"({"rope_scaling": {"factor": "8"}, "merges": [["a", "b"], ["c", 4]], "odd\nkey": 1})";
  CHECK(use_error(config, [](JsonValue v) { v.at("rope_scaling").at("factor").as_double(); }) ==
        "f.json: rope_scaling.factor: a number expected, a string found");
  CHECK(use_error(config, [](JsonValue v) { v.at("merges").at(1).at(1).as_string(); }) ==
        "f.json: merges[1][1]: a string expected, a number found");
  CHECK(use_error(config, [](JsonValue v) { v.at("odd\nkey").as_bool(); }) ==
        "f.json: odd\\x0akey: true or false expected, a number found");
  CHECK(use_error(config, [](JsonValue v) { v.at("rope_scaling").at("type"); }) ==
        "f.json: rope_scaling: key \"type\" expected, none found");
  CHECK(use_error(config, [](JsonValue v) { v.at("nothing"); }) ==
        "f.json: key \"nothing\" expected, none found");
  CHECK(use_error(config, [](JsonValue v) { v.items(); }) == "f.json: an array expected, an object found");
  CHECK(use_error(config, [](JsonValue v) { v.at("merges").members(); }) ==
        "f.json: merges: an object expected, an array found");
  CHECK(use_error(config, [](JsonValue v) { v.at("merges").at(2); }) ==
        "f.json: merges: more than 2 items expected, 2 found");
}

TEST_CASE("a document outlives copies and moves, short texts included") {
  JsonDocument document = parse_json("[\"a\"]");
  const JsonDocument copy = document;
  const JsonDocument moved = std::move(document);
  CHECK(moved.root().at(0).as_string() == "a");
  CHECK(copy.root().at(0).as_string() == "a");
}
