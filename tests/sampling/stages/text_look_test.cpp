// What a schedule sees of the text: across tokens, cut characters, the window, take-backs, hostile patterns.
#include "sampling/stages/text_look.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/statistics/boltzmann.h"
#include "tests/sampling/applied.h"
#include "tests/support.h"
#include "tokenizer/base/user_error.h"

namespace kelvin::sampling {
namespace {

using test::holds;
using Ask = TextLook::Kind;

// 4 and 5 together are an e acute, 4 alone its begin, 5 alone a stray byte.
const std::vector<std::string> pieces = {"bra", "in", "storm", ". ", "\xC3", "\xA9", "", "7"};
const Vocabulary in_pieces{pieces, {}};
const std::vector<float> offered = {2.5f, 1.25f, 0.5f, 3, 1.5f, -3.0f, 2.75f, 0.0f};

AnswerText answer_of(const std::vector<int>& tokens, std::size_t n_prompt = 0,
                     const std::vector<std::string>& bytes = pieces) {
  Step step;
  step.tokens = tokens;
  step.n_prompt = n_prompt;
  AnswerText answer;
  answer.read(step, bytes);
  return answer;
}

double look(Ask ask, const std::string& pattern, const std::vector<int>& tokens, std::size_t last = 0,
            std::size_t n_prompt = 0) {
  return TextLook{ask, Regex(pattern), last}.value(answer_of(tokens, n_prompt));
}

// The temperature that `schedule` sets behind `tokens`, from the odds of two tokens.
double temperature_of(const std::string& schedule, const std::vector<int>& tokens, std::size_t n_prompt = 0) {
  const Chain chain = Chain::parse("temp-schedule=\"" + schedule + "\"", in_pieces);
  ChainState state;
  Step step;
  step.tokens = tokens;
  step.n_prompt = n_prompt;
  std::vector<float> logits = offered;
  chain.apply(logits, step, state);
  return static_cast<double>(offered[3] - offered[2]) / static_cast<double>(logits[3] - logits[2]);
}

std::string chain_error(const std::string& chain, const Vocabulary& known = in_pieces) {
  try {
    Chain::parse(chain, known);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("a word is seen however tokens cut it, and not in the prompt") {
  const std::vector<int> tokens = {0, 1, 2, 3, 7, 0, 1, 2};
  CHECK(answer_of(tokens).text() == "brainstorm. 7brainstorm");
  CHECK(look(Ask::matches, "brainstorm", tokens) == 1);
  CHECK(look(Ask::matches, "brainstorm\\.", tokens) == 1);
  CHECK(look(Ask::matches, "brainstormer", tokens) == 0);
  CHECK(look(Ask::count, "brainstorm", tokens) == 2);
  CHECK(look(Ask::count, "brainstorm", tokens, 0, 1) == 1);  // whose first piece was given
  CHECK(look(Ask::matches, "", {}) == 1);
  CHECK(look(Ask::matches, "\\w", {}) == 0);
  CHECK(look(Ask::matches, "b", {0, 99, -1}) == 1);  // ids without text
}

TEST_CASE("the last tokens, and how long ago") {
  const std::vector<int> tokens = {0, 1, 2, 3, 7, 6, 7};
  CHECK(answer_of(tokens).last(2) == "7");
  CHECK(answer_of(tokens).last(5) == "storm. 77");
  CHECK(answer_of(tokens).last(50) == "brainstorm. 77");
  CHECK(look(Ask::matches, "storm", tokens, 4) == 0);
  CHECK(look(Ask::matches, "storm", tokens, 5) == 1);
  CHECK(look(Ask::since, "brainstorm", {0, 1, 2}) == 0);
  CHECK(look(Ask::since, "brainstorm", tokens) == 4);
  CHECK(look(Ask::since, "st", tokens) == 4);
  CHECK(look(Ask::since, "7", tokens) == 0);
  CHECK(look(Ask::since, "\\.", tokens) == 3);
  CHECK(look(Ask::since, "brainstormer", tokens) == std::numeric_limits<double>::infinity());
}

TEST_CASE("characters that tokens cut, and bytes that are none") {
  CHECK(answer_of({0, 4}).text() == "bra");                   // the rest is still to come
  CHECK(answer_of({0, 4, 5}).text() == "bra\xC3\xA9");        // now it is there
  CHECK(answer_of({0, 4, 1}).text() == "bra\xEF\xBF\xBDin");  // it never came
  CHECK(answer_of({5, 1}).text() == "\xEF\xBF\xBDin");        // an end without a begin
  CHECK(answer_of({4, 5, 1}).last(2) == "\xC3\xA9in");        // it belongs to who completed it
  CHECK(answer_of({4, 5, 1}).last(1) == "in");
  CHECK(look(Ask::since, "\xC3\xA9", {4, 5, 1, 1}) == 2);
  CHECK(look(Ask::matches, "\\A.\\z", {4, 5}) == 1);
}

TEST_CASE("only the end of a long answer is read, from a whole character on") {
  const std::vector<std::string> bytes = {std::string(1000, 'a'), "xyz", "\xC3", "\xA9"};
  std::vector<int> tokens(20, 0);
  tokens.insert(tokens.begin(), 1);
  CHECK(answer_of(tokens, 0, bytes).text() == std::string(16000, 'a'));
  CHECK(answer_of(std::vector<int>(tokens.begin() + 8, tokens.end()), 0, bytes).text().size() == 13000);
  // A window that begins inside a character: 16,383 bytes of "a" and its last byte fill it.
  std::vector<std::string> one = bytes;
  one[0] = std::string(AnswerText::max_bytes - 1, 'a');
  CHECK(answer_of({1, 2, 3, 0}, 0, one).text() == one[0]);
}

TEST_CASE("words of the text set the temperature") {
  const std::string schedule = "text ~ /brainstorm/ ? 1.5 : 0.3";
  CHECK(temperature_of(schedule, {0, 1}) == doctest::Approx(0.3).epsilon(1e-6));
  CHECK(temperature_of(schedule, {0, 1, 2}) == doctest::Approx(1.5).epsilon(1e-6));
  CHECK(temperature_of(schedule, {0, 1, 2, 3}, 2) == doctest::Approx(0.3).epsilon(1e-6));
  CHECK(temperature_of("last(2) ~ /storm/ ? -0.7 : 0.4", {0, 1, 2, 3}) ==
        doctest::Approx(-0.7).epsilon(1e-6));
  CHECK(temperature_of("last(2) ~ /storm/ ? -0.7 : 0.4", {2, 3, 3}) == doctest::Approx(0.4).epsilon(1e-6));
  // Hot behind a word, then cooling; three matches at steps that are neither 0 nor 1.
  CHECK(temperature_of("0.5 + 2 * exp(-since(/storm/) / 3)", {2, 3, 3, 7}) ==
        doctest::Approx(0.5 + 2 * std::exp(-1.0)).epsilon(1e-6));
  CHECK(temperature_of("0.5 + 2 * exp(-since(/storm/) / 3)", {3, 3}) == doctest::Approx(0.5).epsilon(1e-6));
  CHECK(temperature_of("0.25 + 0.1 * count(/storm|\\d/)", {2, 3, 7, 2}) ==
        doctest::Approx(0.55).epsilon(1e-6));
  CHECK(temperature_of("since(/storm/) < since(/7/) ? 1.3 : 0.6", {2, 7, 3}) ==
        doctest::Approx(0.6).epsilon(1e-6));
  CHECK(temperature_of("since(/storm/) < since(/7/) ? 1.3 : 0.6", {7, 2, 3}) ==
        doctest::Approx(1.3).epsilon(1e-6));
}

TEST_CASE("a step depends on its tokens alone: taken back, copied, resumed, traced") {
  const std::string schedule = "temp-schedule='0.4 + 0.3 * count(/in/) + (last(3) ~ /brain/ ? -1.1 : 0.2)'";
  const Chain chain = Chain::parse("string-ban='. . ',string-ban=inin," + schedule, in_pieces);
  const Chain alone = Chain::parse(schedule, in_pieces);
  ChainState state;
  std::vector<int> tokens = {2, 3};
  int taken_back = 0, calls = 0;
  while (tokens.size() < 60) {
    REQUIRE(++calls < 1000);
    Step step;
    step.tokens = tokens;
    step.n_prompt = 2;
    step.seed = 3;
    std::vector<float> logits = offered, copied = offered, fresh = offered;
    ChainState copy = state, nothing;
    Trace trace;
    const int token = chain.sample(logits, step, state);
    CHECK(chain.sample(copied, step, copy, &trace) == token);
    CHECK(copied == logits);
    CHECK(trace.after == logits);
    alone.apply(fresh, step, nothing);
    // Of the tokens that no ban holds here, the odds are those of a fresh state; 3 and 1 begin the banned texts.
    for (const std::size_t i : {4u, 5u, 6u, 7u})
      if (logits[i] != impossible && logits[7] != impossible)
        CHECK(logits[i] - logits[7] == doctest::Approx(fresh[i] - fresh[7]).epsilon(1e-5));
    const int back = chain.accept(token, step, state);
    tokens.push_back(token);
    tokens.resize(tokens.size() - static_cast<std::size_t>(back));
    if (back > 0) ++taken_back;
  }
  CHECK(taken_back > 3);
}

TEST_CASE("errors name the place in the expression") {
  CHECK(holds(chain_error("temp-schedule='1 + text'"), "column 9: \"~\" expected, the end found"));
  CHECK(holds(chain_error("temp-schedule='text ~ brain'"), "column 8: \"/\" expected, \"brain\" found"));
  CHECK(holds(chain_error("temp-schedule='text ~ /brain ? 1 : 2'"),
              "\"/\" behind the regular expression expected"));
  CHECK(holds(chain_error("temp-schedule='2 * count(/a(b/)'"), "column 12: regex \"a(b\""));
  CHECK(holds(chain_error("temp-schedule='text ~ // ? 1 : 2'"), "column 9: a regular expression expected"));
  CHECK(holds(chain_error("temp-schedule='1 + count(/(a[bc]{1,300}){1,9}/)'"),
              "column 12: a smaller regular expression expected"));
  CHECK(chain_error("temp-schedule='1 + count(/(a[bc]{1,40}){1,9}/)'").empty());
  CHECK(holds(chain_error("temp-schedule='last(0) ~ /a/'"), "column 6: a whole number of tokens"));
  CHECK(holds(chain_error("temp-schedule='last(2.5) ~ /a/'"), "column 7: \")\" expected"));
  CHECK(holds(chain_error("temp-schedule='since(/a/'"), "\")\" expected, the end found"));
  CHECK(holds(chain_error("temp-schedule='sinse(/a/)'"), "did you mean \"since\"?"));
  CHECK(holds(chain_error("temp-schedule='varentropi'"), "did you mean \"varentropy\"?"));
  CHECK(holds(chain_error("temp-schedule='count(/a/)'", {}), "need a model's vocabulary"));
  CHECK(chain_error("temp-schedule='H + varentropy'", {}).empty());
}

TEST_CASE("slashes, quotes, commas and colons in a pattern") {
  const std::vector<std::string> odd = {"a/b", "x,y:z", "don't", "\\"};
  const Vocabulary known{odd, {}};
  const auto found = [&](const std::string& chain_text, int token) {
    const Chain chain = Chain::parse(chain_text, known);
    CHECK(Chain::parse(chain.text(), known).text() == chain.text());
    ChainState state;
    const std::vector<int> tokens = {token};
    Step step;
    step.tokens = tokens;
    std::vector<float> logits = {1, 0, 0, 0};
    chain.apply(logits, step, state);
    return doctest::Approx(1.0 / static_cast<double>(logits[0] - logits[1])).epsilon(1e-6);
  };
  CHECK(1.5 == found("temp-schedule='text ~ /^a\\/b$/ ? 1.5 : 0.5'", 0));
  CHECK(1.5 == found("temp-schedule='text ~ /x,y:z/ ? 1.5 : 0.5'", 1));
  CHECK(0.5 == found("temp-schedule='text ~ /x,y:z/ ? 1.5 : 0.5'", 0));
  CHECK(1.5 == found("temp-schedule=\"text ~ /n't/ ? 1.5 : 0.5\"", 2));
  CHECK(1.5 == found("temp-schedule='text ~ /\\\\\\\\/ ? 1.5 : 0.5'", 3));
}

TEST_CASE("hostile patterns take time linear in the text") {
  const std::vector<std::string> bytes = {"a"};
  const std::vector<int> tokens(AnswerText::max_bytes, 0);
  const AnswerText answer = answer_of(tokens, 0, bytes);
  REQUIRE(answer.text().size() == AnswerText::max_bytes);
  for (const char* pattern : {"(a*)*b", "(a|a)*b", "(?=(a+)+b)a", "(a+)+\\z|b", "(?<=a)(a|aa)+c"}) {
    CAPTURE(pattern);
    // Of a backtracking engine the first would take 2^16384 steps, a scan from every place 16384^2 / 2.
    std::vector<RegexMatch> matches;
    const Regex::Effort effort = Regex(pattern).find_all(answer.text(), matches, true);
    CHECK(effort.scanned <= 12 * AnswerText::max_bytes);
    const bool found = std::string(pattern) == "(a+)+\\z|b";
    const TextLook counted{Ask::count, Regex(pattern), 0};
    CHECK(counted.value(answer) == (found ? 1 : 0));
  }
}

}  // namespace
}  // namespace kelvin::sampling
