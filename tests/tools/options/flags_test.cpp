#include "tools/options/flags.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace kelvin {
namespace {

struct Parsed {
  std::string model, file;
  std::optional<std::string> system;
  int threads = 0;
  std::optional<int> top_k;
  std::optional<double> temp;
  std::vector<int> ids;
  std::optional<std::uint64_t> seed;
  bool stats = false;
  std::string help;
};

Parsed parse(std::vector<const char*> words) {
  Parsed p;
  const double infinity = std::numeric_limits<double>::infinity();
  Flags flags("tool", "does something");
  flags.group("model");
  flags.option("model", "DIR", "where the model is", to(p.model));
  flags.option("threads", "N", "how many threads", to(p.threads, 1, 64));
  flags.group("sampling");
  flags.option("temp", "T", "temperature; any number", to(p.temp, -infinity, infinity));
  flags.option("top-k", "K", "how many", to(p.top_k, 0, 1000));
  flags.alias("top_k", "top-k");
  flags.alias("m", "model");
  flags.operand("FILE", "a file", to(p.file));
  flags.option("seed", "N", "the seed", to(p.seed));
  flags.option("ids", "LIST", "token ids", to(p.ids));
  flags.option("system", "TEXT", "system message", to(p.system));
  flags.toggle("stats", "say how fast", p.stats);
  flags.note("A last word.");
  p.help = flags.help();
  words.insert(words.begin(), "tool");
  flags.parse(static_cast<int>(words.size()), words.data());
  return p;
}

std::string error_of(const std::vector<const char*>& words) {
  try {
    parse(words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("both spellings of a value, and negative numbers as values") {
  CHECK(parse({"--temp", "-0.001"}).temp == -0.001);
  CHECK(parse({"--temp=-0.001"}).temp == -0.001);
  CHECK(parse({"--temp", "+2"}).temp == 2.0);
  CHECK(parse({"--temp", "-inf"}).temp == -std::numeric_limits<double>::infinity());
  CHECK(std::signbit(parse({"--temp", "-0"}).temp.value()));
  CHECK(parse({"--system", "-- hello --"}).system == "-- hello --");
  CHECK(parse({"--system="}).system == "");
  CHECK(!parse({}).system);
  CHECK(parse({"--ids", "1,20,3"}).ids == std::vector<int>{1, 20, 3});
  CHECK(parse({"--seed", "18446744073709551615"}).seed == 18446744073709551615u);
  CHECK(parse({"--stats", "--top-k", "40"}).stats);
  CHECK(parse({"--model", "a", "--model", "b"}).model == "b");
  CHECK(parse({"--top_k", "7"}).top_k == 7);
}

TEST_CASE("an operand is the one word without dashes, wherever it stands") {
  std::string model, out;
  Flags flags("tool", "does something");
  flags.operand("MODEL", "what to read", to(model));
  flags.option("out", "DIR", "where to", to(out));
  const auto take = [&](std::vector<const char*> words) {
    words.insert(words.begin(), "tool");
    flags.parse(static_cast<int>(words.size()), words.data());
  };
  take({"a", "--out", "b"});
  CHECK(model == "a");
  CHECK(out == "b");
  take({"--out=c", "d"});
  CHECK(model == "d");
  CHECK_THROWS_WITH_AS(take({"a", "b"}), "unexpected argument \"b\"; options begin with -- (see --help)",
                       UsageError);
  take({"-"});
  CHECK(model == "-");
  CHECK(flags.help().starts_with("tool: does something\nusage: tool [MODEL] [options]\n"));
  CHECK(flags.help().find("  MODEL      what to read\n") != std::string::npos);
}

TEST_CASE("a list takes words up to the next option") {
  std::vector<std::string> files;
  bool quick = false;
  Flags flags("tool", "does something");
  flags.list("merge", "FILES", "what to join", files);
  flags.toggle("quick", "", quick);
  const char* words[] = {"tool", "--merge", "a", "-b", "--quick", "--merge=c"};
  CHECK(flags.parse(6, words));
  CHECK(quick);
  CHECK(files == std::vector<std::string>{"a", "-b", "c"});
  const char* none[] = {"tool", "--merge", "--quick"};
  CHECK_THROWS_WITH(flags.parse(3, none), "--merge needs a value: --merge FILES");
}

TEST_CASE("errors name the option, what was expected and what was found") {
  CHECK(error_of({"--tmep", "1"}) == "unknown option --tmep; did you mean --temp?");
  CHECK(error_of({"--xyzzy"}) == "unknown option --xyzzy");
  CHECK(error_of({"--threads", "0"}) == "--threads: a whole number from 1 to 64 expected, \"0\" found");
  CHECK(error_of({"--threads", "2x"}) == "--threads: a whole number from 1 to 64 expected, \"2x\" found");
  CHECK(error_of({"--threads", "99999999999999999999"}) != "");
  CHECK(error_of({"--temp", "nan"}) == "--temp: a number from -inf to inf expected, \"nan\" found");
  CHECK(error_of({"--temp", "1,5"}) != "");
  CHECK(error_of({"--temp", ""}) != "");
  CHECK(error_of({"--temp"}) == "--temp needs a value: --temp T");
  CHECK(error_of({"--model", "--temp", "1"}) == "--model needs a value: --model DIR");
  CHECK(error_of({"--stats=1"}) == "--stats takes no value");
  CHECK(error_of({"a", "hello"}).starts_with("unexpected argument \"hello\""));
  CHECK(error_of({"--ids", "1,,2"}) == "--ids: token ids such as 1,2,3 expected, \"1,,2\" found");
  CHECK(error_of({"--ids", "1,-2"}) != "");
  CHECK(error_of({"--seed", "-1"}) != "");
}

TEST_CASE("one letter, and a word without dashes") {
  CHECK(parse({"-m", "DIR"}).model == "DIR");
  CHECK(parse({"-m", "-"}).model == "-");
  CHECK(parse({"a.txt", "-m", "DIR"}).file == "a.txt");
  CHECK(parse({"-"}).file == "-");
  CHECK(parse({"--temp", "-1", "-"}).temp == -1);
  CHECK(error_of({"-x", "1"}).starts_with("unknown option -x"));
  CHECK(error_of({"-m"}) == "-m needs a value: -m DIR");
  CHECK(error_of({"-m", "--temp", "1"}) == "-m needs a value: -m DIR");
  CHECK(error_of({"a", "b"}).starts_with("unexpected argument \"b\""));
  CHECK(error_of({"-1"}).starts_with("unexpected argument \"-1\""));
}

TEST_CASE("help holds every option under its group, aligned") {
  const std::string help = parse({}).help;
  CHECK(help.starts_with("tool: does something\nusage: tool [FILE] [options]\n\nmodel\n  --model DIR "));
  CHECK(help.find("\nsampling\n  --temp T ") != help.npos);
  const auto column_of = [&](const char* text) {
    const std::size_t at = help.find(text);
    return at - help.rfind('\n', at);
  };
  CHECK(column_of("where the model is") == column_of("the seed"));
  CHECK(column_of("this text") == column_of("the seed"));
  CHECK(help.find("how many (also --top_k)\n") != help.npos);
  CHECK(help.find("  --top_k") == help.npos);
  CHECK(help.find("  A last word.\n") != help.npos);
}

TEST_CASE("help of common options, of a group, of all; narrow terminals") {
  std::string text;
  bool on = false;
  Flags flags("tool", "does something");
  flags.group("first (of two)");
  flags.option("one", "TEXT", "the one that everybody needs", to(text));
  flags.option("two", "TEXT", "the other", to(text));
  flags.alias("deux", "two");
  flags.alias("t", "two");
  flags.group("second");
  flags.toggle("three", "rarely needed", on);
  flags.explain("second", "how three is used\n  seldom\n");
  flags.examples({"tool --one x"});
  flags.common({"one"});
  CHECK_THROWS_AS(flags.common({"four"}), std::logic_error);
  CHECK(flags.help() ==
        "tool: does something\nusage: tool [options]\n\nexamples\n  tool --one x\n\nfirst (of two)\n"
        "  --one TEXT  the one that everybody needs\n\nother\n"
        "  --help      this text; --help all: every option; --help second: how three is used\n"
        "  --version   the version\n");
  CHECK(
      flags.help("second") ==
      "tool: does something\nusage: tool [options]\n\nsecond\n  --three  rarely needed\n\nhow three is used\n"
      "  seldom\n");
  const std::string all = flags.help("all");
  CHECK(all.find("  --two TEXT  the other (also --deux, -t)\n") != all.npos);
  CHECK(all.find("  --three     rarely needed\n") != all.npos);
  CHECK(all.ends_with("how three is used\n  seldom\n"));
  CHECK(flags.help("", 30).find("  --one TEXT\n      the one that everybody\n      needs\n") !=
        std::string::npos);
  CHECK_THROWS_WITH_AS(flags.help("third"), "--help: one of all, first, second expected, \"third\" found",
                       UsageError);
}

}  // namespace
TEST_CASE("slips of the fingers find their word; other words do not") {
  const std::vector<std::string> words = {"temp", "top-k", "top-p", "min-p", "save", "seed", "system"};
  CHECK(suggestion("tmep", words) == "; did you mean temp?");
  CHECK(suggestion("topk", words) == "; did you mean top-k?");
  CHECK(suggestion("minp", words, "--") == "; did you mean --min-p?");
  CHECK(suggestion("sys", words, "/") == "; did you mean /system?");
  CHECK(suggestion("sede", words) == "; did you mean seed?");
  CHECK(suggestion("hello", words) == "");
  CHECK(suggestion("", words) == "");
  CHECK(suggestion(std::string(100000, 'x'), words) == "");
}

}  // namespace kelvin
