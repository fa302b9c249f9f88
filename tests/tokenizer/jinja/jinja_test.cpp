// Small templates against what jinja2 3.1.6, set up as transformers 5.23 does, makes of them:
// tests/data/jinja_cases.jsonl. The first line holds the variables of all; a case has its output, the words
// it raises, or the class of another error.
#include <doctest/doctest.h>

#include <sstream>

#include "loaders/json/json.h"
#include "loaders/json/json_to_value.h"
#include "tests/support.h"
#include "tokenizer/chat_template.h"
#include "tokenizer/jinja/repr.h"

using namespace kelvin;

namespace {

const RenderOptions fixed_clock{.clock = Clock{2025, 3, 14, 15, 9, 26, 0}, .limits = {}};

std::string render(const std::string& source, std::vector<jinja::Entry> variables = {}) {
  return ChatTemplate::parse(source).render(TemplateValue::dict(std::move(variables)), fixed_clock);
}

std::string reason_of(const std::string& source) {
  try {
    return "no error but: " + render(source);
  } catch (const TemplateError& error) {
    return error.reason();
  }
}

}  // namespace

TEST_CASE("small templates print what the reference prints") {
  std::istringstream lines(test::read_text(test::data_dir() / "jinja_cases.jsonl"));
  std::string line;
  REQUIRE(std::getline(lines, line));
  const JsonDocument first = parse_json(line);
  const TemplateValue variables = json_to_value(first.root().at("variables"));
  int cases = 0;
  while (std::getline(lines, line)) {
    const JsonDocument document = parse_json(line);
    const JsonValue root = document.root();
    const std::string source(root.at("template").as_string());
    CAPTURE(source);
    ++cases;
    try {
      const std::string output = ChatTemplate::parse(source).render(variables, fixed_clock);
      REQUIRE_MESSAGE(root.find("output"), "an error expected, this printed: " << output);
      CHECK(output == root.at("output").as_string());
    } catch (const TemplateError& error) {
      CHECK_MESSAGE(!root.find("output"), error.what());
      CHECK(error.raised() == root.find("raises").has_value());
      if (error.raised()) CHECK(error.reason() == root.at("raises").as_string());
    }
  }
  CHECK(cases > 500);
}

TEST_CASE("errors name the template and the line") {
  const auto what = [](const std::string& source) -> std::string {
    try {
      ChatTemplate::parse(source, "folder/chat_template.jinja").render(TemplateValue::dict({}));
    } catch (const TemplateError& error) {
      CHECK(error.line() == 3);
      return error.what();
    }
    return "";
  };
  CHECK(what("a\n\n{{ missing.name }}") == "folder/chat_template.jinja: line 3: 'missing' is undefined");
  CHECK(what("a\n{# two\n#}{{ 1 + }}").starts_with("folder/chat_template.jinja: line 3: unexpected }}"));
  CHECK(what("{% macro f() %}\n\n{{ 1 // 0 }}{% endmacro %}\n{{ f() }}") ==
        "folder/chat_template.jinja: line 3: division by zero");
  CHECK(what("\n\n{{ raise_exception('roles must alternate') }}") ==
        "folder/chat_template.jinja: line 3: roles must alternate");
  CHECK(what("\n\n{% for m in []").find("%}") != std::string::npos);
}

TEST_CASE("integers have any size, up to a bound") {
  CHECK(render("{{ 9223372036854775807 + 1 }} {{ 3 ** 41 }} {{ '-9223372036854775808' | int }} {{ 2 ** 64 / "
               "3 }}") ==
        "9223372036854775808 36472996377170786403 -9223372036854775808 6.148914691236517e+18");
  CHECK(reason_of("{{ 2 ** 70000 }}").find("bits") != std::string::npos);
  CHECK(reason_of("{{ 10 ** 4300 }}").find("4300 digits") != std::string::npos);
  CHECK(reason_of("{{ 'a' * 2 ** 64 }}").find("64 bits") != std::string::npos);
}

TEST_CASE("strings count characters and keep to valid UTF-8") {
  CHECK(TemplateValue("Grüße 🎉").as_text().length == 7);
  CHECK(TemplateValue(std::string("a\xff\xc3")).as_string() == "a\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(render("{{ x[1] }}{{ x[-1] }}{{ x[2:] | length }}", {{"x", "é🎉ß漢"}}) == "🎉漢2");
  CHECK_THROWS_AS(ChatTemplate::parse("{{ '\xff' }}"), TemplateError);
}

TEST_CASE("a dict keeps the order of its keys and the last of equal ones") {
  const TemplateValue dict =
      TemplateValue::dict({{"b", 1}, {"a", 2}, {"b", 3}, {1, "x"}, {1.0, "y"}, {true, "z"}});
  CHECK(jinja::repr(dict) == "{'b': 3, 'a': 2, 1: 'z'}");
  REQUIRE(dict.as_dict().find(TemplateValue(true)));
  CHECK(dict.as_dict().find(TemplateValue(true))->as_string() == "z");
  CHECK(!dict.as_dict().find_string("c"));
  CHECK_THROWS_AS(TemplateValue::dict({{TemplateValue::list({}), 1}}), jinja::Failure);

  std::vector<jinja::Entry> many;
  for (int i = 0; i < 3000; ++i) many.emplace_back(std::to_string(i * 7919 % 3000), i);
  const TemplateValue large = TemplateValue::dict(many);
  for (const auto& [key, value] : many) CHECK(jinja::equal(*large.as_dict().find(key), value));
}

TEST_CASE("a namespace that holds itself can be printed no more than in Python, and is freed") {
  CHECK(reason_of("{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns }}").find("nested") !=
        std::string::npos);
  CHECK(render("{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns.x[0].x[0].x | length }}") == "1");
  // A loop that holds itself, left by an error.
  CHECK(reason_of("{% for x in [1] %}{% set ns = namespace(l=loop) %}{{ loop.changed(loop, ns) }}{{ 1 / 0 "
                  "}}{% endfor %}") == "division by zero");
}

TEST_CASE("JSON becomes values of the same shape") {
  const JsonDocument document =
      parse_json(R"({"b": [1, 2.0, -3, 1e2, true, null, "\u00e9\n"], "a": {}, "c": []})");
  const TemplateValue value = json_to_value(document.root());
  CHECK(jinja::repr(value) == "{'b': [1, 2.0, -3, 100.0, True, None, 'é\\n'], 'a': {}, 'c': []}");
  CHECK(jinja::to_json(value, {}) == R"({"b": [1, 2.0, -3, 100.0, true, null, "é\n"], "a": {}, "c": []})");
  CHECK(jinja::to_json(
            json_to_value(
                parse_json("[18446744073709551615, -9223372036854775809, 1e3, NaN, -Infinity]").root()),
            {}) == "[18446744073709551615, -9223372036854775809, 1000.0, NaN, -Infinity]");
}

TEST_CASE("numbers print with the fewest digits that read back the same, as Python writes them") {
  for (const auto& [number, text] :
       std::vector<std::pair<double, std::string>>{{0.1, "0.1"},
                                                   {1e15, "1000000000000000.0"},
                                                   {1e16, "1e+16"},
                                                   {1e-4, "0.0001"},
                                                   {1e-5, "1e-05"},
                                                   {123456789.125, "123456789.125"},
                                                   {-2.5e-308, "-2.5e-308"},
                                                   {1.7976931348623157e308, "1.7976931348623157e+308"}})
    CHECK(jinja::real_text(number) == text);
}
