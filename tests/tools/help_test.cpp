// What --help of every tool says: it fits a screen, and its examples run.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support.h"

namespace kelvin {
namespace {

// Named after their mains in tools/.
std::vector<std::string> tools() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(test::source_dir() / "tools")) {
    std::string name = entry.path().stem().string();
    if (entry.path().extension() != ".cpp") continue;
    std::replace(name.begin(), name.end(), '_', '-');
    names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> lines_of_help(const std::vector<std::string>& argv) {
  const test::Finished finished = test::run(argv);
  REQUIRE_MESSAGE(finished.status == 0, finished.err);
  std::vector<std::string> lines;
  std::istringstream in(finished.out);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The indented lines behind the line "examples".
std::vector<std::string> examples_of(const std::vector<std::string>& help) {
  std::vector<std::string> commands;
  auto line = std::find(help.begin(), help.end(), "examples");
  for (; line != help.end() && ++line != help.end() && line->starts_with("  ");)
    commands.push_back(line->substr(2));
  return commands;
}

TEST_CASE("--help fits a screen and has three examples, in order, that run") {
  const std::vector<std::string> names = tools();
  REQUIRE(names.size() >= 11);
  std::size_t place = 0;
  for (const std::string& name : names) {
    CAPTURE(name);
    const std::vector<std::string> help = lines_of_help({name, "--help"});
    CHECK(help.size() <= 45);
    for (const std::string& line : help) CHECK(line.size() <= 120);
    const std::vector<std::string> commands = examples_of(help);
    CHECK(commands.size() == 3);
    if (test::left_out_today(place++, 5)) continue;
    const test::TemporaryFolder folder;
    for (const std::string& command : commands) {
      CAPTURE(command);
      const test::Finished finished =
          test::run({"/bin/sh", "-ec", "cd \"$0\"; PATH=\"$1:$PATH\"; export PATH; " + command,
                     folder.path().string(), test::bin_dir().string()});
      CHECK_MESSAGE(finished.status == 0, finished.err);
      CHECK(finished.out.size() + finished.err.size() > 0);
    }
  }
}

TEST_CASE("--help all has every option, --help sampling every sampler and how they are written") {
  const auto joined = [](const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
  };
  const std::string few = joined(lines_of_help({"kelvin-generate", "--help"})),
                    all = joined(lines_of_help({"kelvin-generate", "--help", "all"})),
                    sampling = joined(lines_of_help({"kelvin-generate", "--help=sampling"}));
  for (const std::string name : {"--temp ", "--min-p ", "--seed ", "--prompt "}) {
    CHECK(test::holds(few, name));
    CHECK(test::holds(all, name));
  }
  for (const std::string name : {"--temp-schedule", "--mirostat-2", "--order"}) {
    CHECK_FALSE(test::holds(few, name));
    CHECK(test::holds(all, name));
    CHECK(test::holds(sampling, name));
  }
  CHECK(test::holds(all, "--jsonl"));
  CHECK_FALSE(test::holds(sampling, "--jsonl"));
  CHECK(test::holds(few, "--help all"));
  CHECK(test::holds(few, "--help sampling"));
  CHECK(test::holds(sampling, "regex:[0-9]+"));
  CHECK(test::holds(sampling, "step % 8"));
  for (const std::string name :
       {"varentropy", "text ~ /../", "last(16) ~ /../", "count(/../)", "since(/../)"})
    CHECK(test::holds(sampling, name));
  CHECK(lines_of_help({"kelvin-generate", "-h"}) == lines_of_help({"kelvin-generate", "--help"}));
  const test::Finished unknown = test::run({"kelvin-generate", "--help", "samplers"});
  CHECK(unknown.status == 2);
  CHECK(test::holds(unknown.err, "one of all, model, prompt, sampling, output, many expected"));
}

TEST_CASE("man pages and completions are made from the same table") {
  const test::TemporaryFolder folder;
  const auto out = [](const std::string& tool, const std::string& kind) {
    const test::Finished finished = test::run({tool, "--help", kind});
    REQUIRE_MESSAGE(finished.status == 0, finished.err);
    return finished.out;
  };
  const auto shell = [&](const std::string& command) { return test::run({"/bin/sh", "-c", command}); };
  for (const std::string& tool : tools()) {
    CAPTURE(tool);
    const std::string page = out(tool, "man");
    CHECK(page.starts_with(".TH "));
    const std::string file = (folder.path() / tool).string();
    std::ofstream(file) << page;
    if (shell("command -v groff").status == 0) {
      const test::Finished checked = shell("groff -man -Tascii -ww -z " + file);
      CHECK(checked.status == 0);
      CHECK(checked.err == "");
    }
    for (const std::string kind : {"bash", "zsh", "fish"}) {
      const std::string script = file + "." + kind;
      std::ofstream(script) << out(tool, kind);
      if (shell("command -v " + kind).status != 0) continue;
      const test::Finished checked = shell(kind + " -n " + script);
      CHECK_MESSAGE(checked.status == 0, checked.err);
    }
  }
  CHECK(test::holds(out("kelvin-generate", "man"), "\\fB\\-\\-min\\-p\\fR \\fIP\\fR\n"));
  CHECK(test::holds(out("kelvin-generate", "fish"),
                    "complete -c kelvin-generate -l model -s m -r -F -d 'folder"));
  CHECK(test::holds(out("kelvin-generate", "zsh"), "'*--temp[temperature]:TEMPERATURE:'"));
  if (shell("command -v bash").status != 0) return;
  std::ofstream(folder.path() / "b.gguf") << "";
  const auto completed = [&](const std::string& words) {
    return test::run({"/usr/bin/env", "bash", "-c",
                      "cd \"$0\"; . ./kelvin-chat.bash; COMP_WORDS=(kelvin-chat " + words +
                          "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _kelvin_chat; echo \"${COMPREPLY[@]}\"",
                      folder.path().string()})
        .out;
  };
  CHECK(completed("--min-") == "--min-new --min-tokens --min-new-tokens --min-p --min-k\n");
  CHECK(completed("--model b.") == "b.gguf\n");
  CHECK(completed("b.") == "b.gguf\n");
  CHECK(completed("--temp ''") == "\n");
}

}  // namespace
}  // namespace kelvin
