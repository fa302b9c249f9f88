#include "tools/chat/chat_commands.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "tests/support.h"
#include "tests/tools/demo.h"
#include "tests/tools/pseudo_terminal.h"

namespace kelvin {
namespace {

struct Setup {
  ChatSession session{test::demo(), [] {
                        ChatSettings settings;
                        settings.seed = 3;
                        settings.seed_origin = "random";
                        settings.max_tokens = 8;
                        settings.max_tokens_origin = "default";
                        return settings;
                      }()};
  ChatView view;
  std::ostringstream out;
  TerminalText told{out, -1};
  ChatCommands commands{session, view, told};

  std::string run(const std::string& line) {
    out.str("");
    commands.run(line);
    return out.str();
  }
  std::string error(const std::string& line) {
    try {
      commands.run(line);
    } catch (const std::exception& refused) {
      return refused.what();
    }
    return "";
  }
};

TEST_CASE("settings are shown with where they came from") {
  Setup setup;
  CHECK(setup.run("/set temp -0.001") == "chain temp=-0.001\n");
  setup.run("/set n 40");
  setup.run("/seed 99");
  setup.run("/system  You are a fox. ");
  setup.run("/set stats on");
  CHECK(setup.view.stats);
  const std::string shown = setup.run("/show");
  CHECK(test::holds(shown, "seed     99  (/seed)"));
  CHECK(test::holds(shown, "n        40  (/set)"));
  CHECK(test::holds(shown, "system   \"You are a fox.\""));
  CHECK(test::holds(shown, "temp"));
  CHECK(test::holds(shown, "/set"));
  CHECK(setup.run("/system off") == "system none\n");
  CHECK(setup.run("/set temp off") == "chain (none: T = 1)\n");
}

TEST_CASE("a setting is written and shown in every way people try") {
  Setup setup;
  CHECK(setup.run("/set temp=0.3") == "chain temp=0.3\n");
  CHECK(setup.run("/set top-k = 40").find("top-k=40") != std::string::npos);
  CHECK(setup.run("/set temp") == "temp=0.3  /set\n");
  CHECK(setup.run("/show temperature") == setup.run("/show temp"));
  CHECK(setup.run("/show min-p") == "min-p off\n");
  CHECK(setup.run("/set n=12") == "n 12\n");
  CHECK(setup.run("/show n") == "n        12  (/set)\n");
  CHECK(setup.run("/set") == setup.run("/show"));
  CHECK(setup.run("/?") == setup.run("/help"));
  CHECK(setup.run("/show stop") == "stop     none\n");
  setup.run("/set stop END");
  CHECK(setup.run("/set stop a b") == "stop     \"END\" \"a b\"\n");
  CHECK(setup.session.settings().stop_texts == std::vector<std::string>{"END", "a b"});
  CHECK(setup.run("/set stop off") == "stop     none\n");
}

TEST_CASE("help lists every command") {
  Setup setup;
  const std::string help = setup.run("/help");
  for (const char* name : {"/help", "/set", "/show", "/seed", "/system", "/why", "/regen", "/undo", "/clear",
                           "/save", "/load", "/exit"})
    CHECK(test::holds(help, name));
}

TEST_CASE("mistakes are told and change nothing") {
  Setup setup;
  CHECK(setup.error("/hlep").starts_with("unknown command /hlep; did you mean /help?"));
  CHECK(setup.error("/").starts_with("unknown command /"));
  CHECK(setup.error("/set tmep=1") == "unknown setting \"tmep\"; did you mean temp?");
  CHECK(setup.error("/set n -1").find("n: a whole number, 0 or more, expected, \"-1\" found") !=
        std::string::npos);
  CHECK(setup.error("/set n many") != "");
  CHECK(setup.error("/set stats maybe") == "stats: on or off expected, \"maybe\" found");
  CHECK(setup.error("/seed -1").starts_with("seed: a whole number"));
  CHECK(setup.error("/show me") ==
        "/show takes nothing, \"prompt\", \"thought\" or the name of a setting, \"me\" found");
  CHECK(setup.error("/clear all") == "/clear takes no argument");
  CHECK(setup.error("/regen") == "there is no answer yet");
  CHECK(setup.error("/undo") == "there is nothing to take back");
  CHECK(setup.error("/save") != "");
  CHECK(setup.error("/save /nonexistent/x") == "cannot write /nonexistent/x: No such file or directory");
  CHECK(setup.session.settings().max_tokens == 8);
  CHECK(setup.session.settings().seed == 3);
}

TEST_CASE("commands that end or repeat tell so") {
  Setup setup;
  CHECK(setup.commands.run("/exit") == ChatCommands::Then::exit);
  CHECK(setup.commands.run("/bye") == ChatCommands::Then::exit);
  setup.session.ask("hello", {});
  CHECK(setup.commands.run("/regen") == ChatCommands::Then::regenerate);
  CHECK(setup.run("/undo") == "took back \"hello\" and its answer; 0 messages left\n");
}

TEST_CASE("/why tells how a token came about") {
  Setup setup;
  CHECK(setup.error("/why") == "there is no answer of this session yet");
  setup.run("/set sample \"top-k=3,temp=0\"");
  setup.session.settings().max_tokens = 12;
  const std::string text = setup.session.ask("Tell me a story about a brave fox.", {}).text;
  REQUIRE(text.starts_with("Once upon a time, a brave fox"));
  const std::string list = setup.run("/why"), fox = setup.run("/why fox");
  CHECK(list.starts_with("its most surprising tokens; /why N explains one\n"));
  CHECK(std::count(list.begin(), list.end(), '\n') == 6);
  // Ascending probabilities, each that of its token.
  const auto log_p = setup.session.last_log_probabilities();
  double before = 0;
  std::istringstream lines(list.substr(list.find('\n') + 1));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::size_t number = 0;
    std::string p;
    double shown = 0;
    words >> number >> p >> shown;
    CHECK(shown == doctest::Approx(std::exp(log_p[number - 1])).epsilon(1e-3));
    CHECK(shown >= before);
    before = shown;
  }
  CHECK(fox.starts_with("token 8 of 12, \" fox\", after \"Once upon a time, a brave\"  (position "));
  CHECK(setup.run("/why 8") == fox);
  CHECK(test::holds(fox, "top-k=3"));
  CHECK(test::holds(fox, "Greedy says the same"));
  CHECK(test::holds(fox, "No other token was left to draw"));
  CHECK(test::holds(fox, "The same noise gives \" fox\" at T = 0.5, "));
  CHECK(setup.run("/why 1").starts_with("token 1 of 12, \"Once\"  (position "));
  CHECK(setup.error("/why 0") == "tokens are counted from 1");
  CHECK(setup.error("/why 13") == "the last answer has 12 tokens, number 13 was asked for");
  CHECK(setup.error("/why bear").starts_with("the last answer does not hold \"bear\""));
}

TEST_CASE("special tokens stand out in the prompt") {
  Setup setup;
  CHECK(test::holds(setup.run("/show prompt"),
                    "[[<|begin_of_text|>]][[<|start_header_id|>]]assistant[[<|end_header_id|>]]\n\n"));
  setup.view.colours = true;
  setup.session.settings().system = "\x1b[31mred";
  const test::PseudoTerminal terminal(200);
  TerminalText shown(setup.out, terminal.descriptor());
  setup.out.str("");
  ChatCommands(setup.session, setup.view, shown).run("/show prompt");
  CHECK(test::holds(setup.out.str(), "\x1b[1;35m<|begin_of_text|>\x1b[0m"));
  CHECK(test::holds(setup.out.str(), "\n\\x1b[31mred\x1b[1;35m"));
}

}  // namespace
}  // namespace kelvin
