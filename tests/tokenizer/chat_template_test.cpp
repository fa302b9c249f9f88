// Real templates: the text of every conversation equals that of transformers.
#include <doctest/doctest.h>

#include <chrono>
#include <sstream>

#include "loaders/json/json.h"
#include "loaders/json/json_to_value.h"
#include "tests/support.h"
#include "tokenizer/chat_template.h"

using namespace kelvin;

namespace {

const Clock pi_day{2025, 3, 14, 15, 9, 26};

TemplateValue message(const char* role, const char* content) {
  return TemplateValue::dict({{"role", role}, {"content", content}});
}

std::string render_case(const ChatTemplate& chat_template, const JsonValue& root) {
  const auto token = [&](const char* key) -> std::optional<std::string> {
    const auto found = root.find(key);
    return found ? std::optional<std::string>(found->as_string()) : std::nullopt;
  };
  std::vector<std::pair<std::string, TemplateValue>> extra;
  if (const auto given = root.find("extra"); given && given->is_object())
    for (const JsonMember member : given->members())
      extra.emplace_back(member.key, json_to_value(member.value));
  return render_chat(chat_template, json_to_value(root.at("messages")),
                     root.at("add_generation_prompt").as_bool(), token("bos_token"), token("eos_token"),
                     extra, {.clock = pi_day, .limits = {}});
}

std::string error_of(const std::string& source, const RenderOptions& options = {}) {
  try {
    const std::string text = ChatTemplate::parse(source).render(TemplateValue::dict({}), options);
    return "no error but " + std::to_string(text.size()) + " bytes";
  } catch (const TemplateError& error) {
    return error.reason();
  }
}

}  // namespace

TEST_CASE("real templates render like transformers") {
  const std::string folder = "third_party/expected/templates";
  if (!test::shared_has(folder)) return;
  const JsonDocument manifest = parse_json(test::read_text(test::shared_dir() / folder / "MANIFEST.json"));
  std::size_t place = 0;
  for (const JsonValue entry : manifest.root().items()) {
    if (test::left_out_today(place++, 10)) continue;
    const std::string name(entry.at("name").as_string());
    CAPTURE(name);
    const auto path = test::shared_dir() / folder / "templates" / (name + ".jinja");
    const ChatTemplate chat_template = ChatTemplate::parse(test::read_text(path), name);
    std::istringstream lines(test::read_text(test::shared_dir() / folder / (name + ".jsonl")));
    int cases = 0;
    for (std::string line; std::getline(lines, line); ++cases) {
      const JsonDocument document = parse_json(line);
      const JsonValue root = document.root();
      const std::string which(root.at("case").as_string());
      CAPTURE(which);
      try {
        const std::string text = render_case(chat_template, root);
        REQUIRE(root.find("output"));
        CHECK(text == root.at("output").as_string());
      } catch (const TemplateError& error) {
        REQUIRE_MESSAGE(root.find("error"), error.what());
        const bool raised = root.at("error_type").as_string() == "jinja2.TemplateError";
        CHECK(error.raised() == raised);
        if (raised) CHECK(error.reason() == root.at("error").as_string());
      }
    }
    CHECK(cases > 0);
  }
}

TEST_CASE("a plain conversation needs no JSON") {
  const ChatTemplate chat_template = ChatTemplate::parse(
      "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m['content'] | trim }}{{ eos_token }}{% endfor "
      "%}"
      "{% if add_generation_prompt %}<assistant>{% endif %}{{ tools is none }}{{ name | default('nobody') "
      "}}");
  const TemplateValue messages = TemplateValue::list(
      {message("user", " Hi "), message("assistant", "Hello"), message("user", "1 < 2?")});
  CHECK(render_chat(chat_template, messages, true, "<s>", "</s>") ==
        "<s><user>Hi</s><assistant>Hello</s><user>1 < 2?</s><assistant>Truenobody");
  CHECK(render_chat(chat_template, messages, false, std::nullopt, std::nullopt,
                    {{"name", "Ann"}, {"tools", true}}) == "<user>Hi<assistant>Hello<user>1 < 2?FalseAnn");
}

TEST_CASE("the clock can be set, and must be a date") {
  const ChatTemplate chat_template = ChatTemplate::parse("{{ strftime_now('%d %b %Y, %A, %-I:%M %p') }}");
  const auto at = [&](const Clock& clock) {
    return chat_template.render(TemplateValue::dict({}), {.clock = clock, .limits = {}});
  };
  CHECK(at(pi_day) == "14 Mar 2025, Friday, 3:09 PM");
  CHECK(at({2024, 12, 30, 0, 5, 0}) == "30 Dec 2024, Monday, 12:05 AM");
  CHECK(at({2021, 1, 1, 12, 0, 0}) == "01 Jan 2021, Friday, 12:00 PM");
  CHECK_THROWS_AS(at({2025, 2, 29, 0, 0, 0}), std::invalid_argument);
  CHECK_THROWS_AS(at({2025, 1, 1, 24, 0, 0}), std::invalid_argument);
}

TEST_CASE("hostile templates are stopped by their limits") {
  const std::string steps = "the template takes too many steps",
                    memory = "the template needs too much memory";
  const std::string depth = "the template nests or recurses too deeply",
                    nesting = "values are nested too deeply";
  const std::string lists =
      "{% set a = namespace(x=['a'], y=['a']) %}{% for i in range(200) %}{% set a.x = [a.x, a.x] %}"
      "{% set a.y = [a.y, a.y] %}{% endfor %}";
  std::size_t place = 0;
  for (const auto& hostile : std::vector<std::pair<std::string, std::string>>{
           {"{% for i in range(100000) %}{% for k in range(100000) %}{% endfor %}{% endfor %}", steps},
           {"{{ 'x' * 100000000000 }}", memory},
           {"{{ 'x' * 9223372036854775807 }}", memory},
           {"{{ [1] * 100000000000 }}", memory},
           {"{% set n = namespace(x='a') %}{% for i in range(100) %}{% set n.x = n.x + n.x %}{% endfor %}",
            memory},
           {"{% set n = namespace(x='a') %}{% for i in range(100) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
            memory},
           {"{% set n = namespace(x=[1]) %}{% for i in range(100) %}{% set n.x = n.x + n.x %}{% endfor %}",
            memory},
           {"{% set x = 'a' * 1000000 %}{{ x.replace('a', x) }}", memory},
           {"{% set x = 'a' * 1000000 %}{{ x.join(x) }}", memory},
           {"{% for i in range(100000) %}{{ 'x' * 10000 }}{% endfor %}", memory},
           {"{{ ('&' * 30000000) | escape | escape }}", memory},
           {"{{ 'x' | indent(100000000000, true) }}", memory},
           {"{{ [1] | tojson(indent=100000000000) }}", memory},
           {lists + "{{ a.x }}", steps},
           {lists + "{{ a.x | tojson }}", steps},
           {lists + "{{ a.x == a.y }}", steps},
           {lists + "{{ a.x < a.y }}", steps},
           {"{% set n = namespace(x=[]) %}{% for i in range(1000) %}{% set n.x = [n.x] %}{% endfor %}",
            nesting},
           {"{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}", depth},
           {"{% macro a() %}{% call a() %}{% endcall %}{{ caller() }}{% endmacro %}{% call a() %}{% endcall "
            "%}",
            depth},
           // A needle that makes naive searching quadratic.
           {"{% set y = 'a' * 1000000 + 'b' %}{% for i in range(100000) %}{{ y in 'a' * 3000000 }}{% endfor "
            "%}",
            steps},
       }) {
    if (test::left_out_today(place++, 6)) continue;
    CAPTURE(hostile.first);
    CHECK(error_of(hostile.first) == hostile.second);
  }
  CHECK(error_of("{{ range(100001) }}").find("100000") != std::string::npos);
  CHECK(error_of("{{ 'x' | indent(100000, true) }}") == "no error but 100001 bytes");
}

TEST_CASE("templates nested or chained beyond all reason are refused while parsing") {
  const auto repeated = [](const std::string& piece, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += piece;
    return text;
  };
  const int many = 60000;
  std::size_t place = 0;
  for (const std::string& source :
       {"{{ " + repeated("(", many) + "1" + repeated(")", many) + " }}",
        "{{ " + repeated("not ", many) + "1 }}", "{{ " + repeated("-", many) + "1 }}",
        "{{ 1" + repeated("+1", many) + " }}", "{{ a" + repeated(".a", many) + " }}",
        "{{ 1" + repeated("|string", many) + " }}", "{{ " + repeated("[", many) + repeated("]", many) + " }}",
        "{{ " + repeated("1 if 0 else ", many) + "1 }}", repeated("{% if 1 %}", many),
        "{{ f(" + repeated("1,", many) + ") }}"}) {
    if (test::left_out_today(place++, 3)) continue;
    CAPTURE(source.substr(0, 60));
    CHECK_THROWS_AS(ChatTemplate::parse(source), TemplateError);
  }
  CHECK_THROWS_WITH_AS(
      ChatTemplate::parse("{{ [" + repeated("1,", 1 << 17) + "] }}"),
      doctest::Contains("at most 262144 names, numbers, strings and symbols expected, more found"),
      TemplateError);
  CHECK(
      ChatTemplate::parse("{{ " + repeated("(", 100) + "1" + repeated(")", 100) + repeated("+1", 300) + " }}")
          .render(TemplateValue::dict({})) == "301");
}

TEST_CASE("limits can be set, and memory counts what is held, not what passes by") {
  RenderOptions small;
  small.limits.bytes = 1 << 20;
  CHECK(error_of("{{ 'x' * 2000000 }}", small) == "the template needs too much memory");
  // Each round's string is freed: 100 x 100 kB fit where 1 MB is allowed.
  CHECK(error_of("{% for i in range(100) %}{% set x = 'x' * 100000 %}{% endfor %}", small) ==
        "no error but 0 bytes");
  small.limits.steps = 1000;
  CHECK(error_of("{% for i in range(200) %}{% endfor %}", small) == "no error but 0 bytes");
  CHECK(error_of("{% for i in range(2000) %}{% endfor %}", small) == "the template takes too many steps");
}

TEST_CASE("defective templates of the shared folder") {
  if (!test::shared_has("goldens/defects")) return;
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(test::shared_dir() / "goldens/defects")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("ct-") || name == "ct-not-a-string") continue;
    CAPTURE(name);
    const JsonDocument config = parse_json(test::read_text(entry.path() / "tokenizer_config.json"));
    const std::string source(config.root().at("chat_template").as_string());
    const auto render = [&] {
      return render_chat(ChatTemplate::parse(source), TemplateValue::list({message("user", "hi")}), true, {},
                         {});
    };
    if (name == "ct-valid")
      CHECK(render() == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n");
    else
      CHECK_THROWS_AS(render(), TemplateError);
    ++found;
  }
  CHECK(found > 0);
}
