#include "tools/output/provenance.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support.h"

namespace kelvin {
namespace {

Provenance hostile() {
  std::vector<std::string> words = {"/usr/bin/kelvin-sweep", "--text", "</pre><script>\"&'\n\x1b[2J\xff",
                                    "--html", "a b.html"};
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  Provenance made = provenance_of(static_cast<int>(argv.size()), argv.data());
  made.model = ModelOrigin{"a <model>\n\xff", std::string(64, '7'), "q4h", "f16"};
  made.set_seed(18446744073709551615u, true);
  return made;
}

const std::string hostile_command =
    R"(kelvin-sweep --text $'</pre><script>"&\'\n\x1b[2J\xff' --html 'a b.html' --seed 18446744073709551615)";

bool has_control(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ' && c != '\n') || c == 127; });
}

TEST_CASE("a shell reads every word back byte for byte") {
  std::string bytes;
  for (int c = 1; c < 256; ++c) bytes += static_cast<char>(c);
  const std::vector<std::string> words = {"",
                                          "plain-1.5,a/b",
                                          "two words",
                                          "it's",
                                          "$HOME `id` \"$(id)\" \\n",
                                          "-\xff"
                                          "f",
                                          "\xE2\x80\xAE"
                                          "evil",
                                          "=ls",
                                          "~",
                                          "Größe 日本 🦊",
                                          "a'\n'b",
                                          "\\'\x01",
                                          bytes,
                                          "tab\there",
                                          "!history *?[a]{1,2}#"};
  std::string command = "printf '%s\\0'", expected;
  for (const std::string& word : words) {
    const std::string quoted = shell_word(word);
    CHECK_FALSE(has_control(quoted));
    CHECK_FALSE(test::holds(quoted, "\n"));
    command += " " + quoted;
    expected += word + '\0';
  }
  CHECK(test::run({"/bin/bash", "-c", command}).out == expected);
  CHECK(shell_word("plain-1.5,a/b") == "plain-1.5,a/b");
  CHECK(shell_word("it's") == "'it'\\''s'");
}

TEST_CASE("the command is repeated with the seed that was drawn, and without the program's path") {
  CHECK(hostile().tool == "kelvin-sweep");
  CHECK(hostile().command == hostile_command);
  Provenance given;
  given.command = "kelvin-sweep --seed 3";
  given.set_seed(3, false);
  CHECK(given.command == "kelvin-sweep --seed 3");
  CHECK(given.seed == 3);
}

TEST_CASE("JSON: a last member of the last line") {
  const std::string lines = with_provenance("{\"a\":1}\n{\"b\":{}}\n", hostile());
  CHECK(lines.starts_with("{\"a\":1}\n{\"b\":{},\"provenance\":{"));
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 2);
  const JsonDocument last = parse_json(lines.substr(8), "line");
  const JsonValue made = last.root().at("provenance");
  CHECK(made.at("tool").as_string() == "kelvin-sweep");
  CHECK(made.at("command").as_string() == hostile_command);
  CHECK(made.at("weights").as_string() == "q4h");
  CHECK(made.at("seed").as_uint() == 18446744073709551615u);
  const ModelOrigin model = read_origin(made);
  CHECK(model.name == "a <model>\\n\\xFF");
  CHECK(model.hash == hostile().model->hash);
  CHECK(model.kv == "f16");
  const JsonDocument none = parse_json(provenance_json({}), "object");
  for (const char* key : {"model", "model_hash", "weights", "kv", "seed"})
    CHECK(none.root().at(key).is_null());
}

TEST_CASE("tables, CSV and markup hold it, and nothing acts there") {
  const Provenance made = hostile();
  const JsonDocument json = parse_json(provenance_json(made), "object");
  const std::string version(json.root().at("version").as_string());
  CHECK(provenance_line(made) == "Kelvin " + version +
                                     ", model a <model>\\n\\xFF 7777777777777777, weights q4h, kv f16, "
                                     "seed 18446744073709551615: " +
                                     hostile_command + "\n");
  const std::string csv = provenance_csv(made);
  for (std::size_t at = 0; at < csv.size(); at = csv.find('\n', at) + 1) CHECK(csv.substr(at, 2) == "# ");
  CHECK(test::holds(csv, "\n# command: " + hostile_command + "\n"));
  for (const std::string& markup : {provenance_html(made), provenance_svg(made)}) {
    CHECK_FALSE(test::holds(markup, "<script"));
    CHECK_FALSE(test::holds(markup, "<model>"));
    CHECK_FALSE(has_control(markup));
    CHECK(test::holds(markup, "$'&lt;/pre&gt;&lt;script&gt;&quot;&amp;\\'"));
    CHECK(test::holds(markup, made.model->hash));
  }
}

}  // namespace
}  // namespace kelvin
