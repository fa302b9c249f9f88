#include "sampling/stages/token_set.h"
#include "tokenizer/base/user_error.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/stages/script.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::sampling;

namespace {

//                                      0      1        2     3    4     5           6       7           8 9
//                                      10       11
const std::vector<std::string> twelve_tokens = {"",     "hello",    " hello",   "1", "23",    "\xc3",
                                                "\xa9", "\xd0\x96", "\xe4\xb8", "!", "h\xc3", " \n"};
const std::vector<int> stops = {0};
const Vocabulary twelve_vocabulary{twelve_tokens, stops};

using Ids = std::vector<int>;

std::string set_error(const std::string& expression, const Vocabulary& given = twelve_vocabulary) {
  try {
    token_set(expression, given);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("sets by id, word, regex") {
  CHECK(token_set("id:3,1,7-9,8", twelve_vocabulary) == Ids{1, 3, 7, 8, 9});
  CHECK(token_set("id:5", {}) == Ids{5});
  CHECK(token_set("hello", twelve_vocabulary) == Ids{1, 2});
  CHECK(token_set("regex:[0-9]+", twelve_vocabulary) == Ids{3, 4});
  CHECK(token_set("regex: ?hel*o", twelve_vocabulary) == Ids{1, 2});
}

TEST_CASE("a regular expression is Ruby's, matches whole tokens, and knows ASCII but for \\p") {
  const std::vector<std::string> words = {"a|b",  "ab", "Zoë",   "\u0664", "7",   "x7_",
                                          "\xc3", "\n", "HELLO", "Ж",      "a b", "--"};
  const Vocabulary given{words, stops};
  const auto ids = [&](const std::string& pattern) { return token_set("regex:" + pattern, given); };
  CHECK(ids("a|ab") == Ids{1});  // the branch that reaches the end
  CHECK(ids("\\d+") == Ids{4});
  CHECK(ids("\\p{Nd}") == Ids{3, 4});
  CHECK(ids("\\w+") == Ids{1, 4, 5, 8});
  CHECK(ids("[[:alpha:]]+") == Ids{1, 8});
  CHECK(ids("\\p{L}+") == Ids{1, 2, 8, 9});
  CHECK(ids("\\p{Cyrillic}") == Ids{9});
  CHECK(ids("\\s") == Ids{7});
  CHECK(ids("[^\\d\\w\\s]") == Ids{3, 6, 9});  // a byte that is no character is one U+FFFD
  CHECK(ids("(?i)hello") == Ids{8});
  CHECK(ids("^a\\|b$") == Ids{0});
  CHECK(ids("(?=.*7)\\w{2,}") == Ids{5});
  CHECK(ids("a\\b.\\bb") == Ids{0, 10});
  CHECK(ids("-+|[x-z]7_") == Ids{5, 11});
  const std::string deep = set_error("regex:(a)\\1", given);
  CHECK(test::holds(deep, "bad regular expression: regex \"(a)\\1\""));
  CHECK(test::holds(deep, "\\1 is not supported"));
  CHECK(test::holds(set_error("regex:a)|(b", given), "unmatched ')'"));
  CHECK(test::holds(set_error("regex:\\xc3", given), "single bytes above 7F are not supported"));
}

TEST_CASE("a regular expression takes time in proportion to the token") {
  const std::vector<std::string> words = {std::string(200'000, 'a'), "b"};
  CHECK(token_set("regex:(a*)*|b", Vocabulary{words, stops}) == Ids{0, 1});
  CHECK(test::holds(set_error("regex:(a|aa)+c", Vocabulary{words, stops}), "no token"));
}

TEST_CASE("scripts decide on pieces of characters too") {
  // e-acute is C3 A9; C3 leads Latin letters only, D0 leads Cyrillic ones, E4 B8 begins Han characters.
  CHECK(token_set("script:Latin", twelve_vocabulary) == Ids{1, 2, 3, 4, 5, 6, 9, 10, 11});
  CHECK(token_set("script:Cyrillic", twelve_vocabulary) == Ids{3, 4, 5, 6, 7, 9, 11});
  CHECK(token_set("script:Han", twelve_vocabulary) == Ids{3, 4, 5, 6, 8, 9, 11});
  CHECK(test::holds(set_error("script:Latn"), "did you mean \"Latin\"?"));
  CHECK(token_set("script:latin", twelve_vocabulary) == token_set("script:Latin", twelve_vocabulary));
  const ScriptText greek("Greek");
  CHECK(greek.may_hold("\xce\xb1\xcf\x89"));  // alpha omega
  CHECK(greek.may_hold("\xb1 \xcf"));         // the end of one, the beginning of another
  CHECK(!greek.may_hold("a\xce\xb1"));
  CHECK(!greek.may_hold("\xce\xb1\xff"));
  CHECK(!greek.may_hold("\xce "));  // a character cut short in the middle
  CHECK(!greek.may_hold("\x80\x80\x80\x80"));
}

TEST_CASE("special tokens are no text in a script, but are found by their own words") {
  const std::vector<std::string> words = {"<unused56>", "fox", "<b>"};
  const std::vector<int> special = {0};
  const Vocabulary given{words, {}, 0, special};
  CHECK(token_set("script:Latin", given) == Ids{1, 2});
  CHECK(token_set("<unused56>", given) == Ids{0});
  CHECK(token_set("regex:<unused[0-9]+>", given) == Ids{0});
}

TEST_CASE("where an end token does not end the text, allow removes it like others") {
  const auto possible = [](bool may_end) {
    const Vocabulary given{twelve_tokens, stops, 0, {}, may_end};
    std::vector<float> logits(twelve_tokens.size(), 0.5f);
    ChainState state;
    Chain::parse("allow=hello", given).apply(logits, Step{}, state);
    Ids ids;
    for (std::size_t i = 0; i < logits.size(); ++i)
      if (logits[i] != impossible) ids.push_back(static_cast<int>(i));
    return ids;
  };
  CHECK(possible(true) == Ids{0, 1, 2});
  CHECK(possible(false) == Ids{1, 2});
}

TEST_CASE("a file allows every token that occurs in it") {
  test::TemporaryFolder folder;
  const auto path = folder.path() / "words.txt";
  std::ofstream(path, std::ios::binary) << "say hello!\n1 \xd0\x96";
  CHECK(token_set("file:" + path.string(), twelve_vocabulary) == Ids{1, 2, 3, 7, 9});
  CHECK(token_set(path.string(), twelve_vocabulary) == Ids{1, 2, 3, 7, 9});
  CHECK(test::holds(set_error("file:/does/not/exist"), "cannot read"));
  CHECK(test::holds(set_error("/does/not/exist"), "no file"));
  CHECK(test::holds(set_error("file:" + folder.path().string()), "cannot read"));
  CHECK(test::holds(set_error(folder.path().string()), "no file"));
}

TEST_CASE("errors say what is wrong") {
  CHECK(test::holds(set_error("id:1-"), "token ids"));
  CHECK(test::holds(set_error("id:"), "token ids"));
  CHECK(test::holds(set_error("id:9-3"), "token ids"));
  CHECK(test::holds(set_error("id:99999999999"), "token ids"));
  CHECK(test::holds(set_error("regex:("), "bad regular expression"));
  CHECK(test::holds(set_error("regex:zzz"), "no token"));
  CHECK(test::holds(set_error("hello world"), "string-ban"));
  CHECK(test::holds(set_error("hello", {}), "needs a vocabulary"));
}

TEST_CASE("ban, allow and bias act on the set; the end of the text stays allowed") {
  const auto applied = [](const std::string& text) {
    std::vector<float> logits(twelve_tokens.size(), 1.0f);
    logits[4] = impossible;
    ChainState state;
    Chain::parse(text, twelve_vocabulary).apply(logits, Step{}, state);
    return logits;
  };
  const auto banned = applied("ban=hello");
  CHECK(banned[1] == impossible);
  CHECK(banned[2] == impossible);
  CHECK(banned[3] == 1);
  const auto allowed = applied("allow='regex:[0-9]+'");
  CHECK(allowed[0] == 1);
  CHECK(allowed[3] == 1);
  CHECK(allowed[4] == impossible);  // was impossible before
  CHECK(allowed[1] == impossible);
  const auto moved = applied("bias=2.5:hello");
  CHECK(moved[1] == 3.5f);
  CHECK(moved[3] == 1);
  CHECK(applied("bias=-inf:hello")[2] == impossible);
  CHECK(applied("bias=7:id:4")[4] == impossible);
}

TEST_CASE("logits beyond the vocabulary are padding and never drawn") {
  std::vector<float> logits(twelve_tokens.size() + 20, 0.0f);
  for (std::size_t i = twelve_tokens.size(); i < logits.size(); ++i) logits[i] = 50;
  ChainState state;
  const Chain chain = Chain::parse("temp=-1", twelve_vocabulary);
  const int token = chain.sample(logits, Step{}, state);
  CHECK(token < static_cast<int>(twelve_tokens.size()));
  CHECK(logits[twelve_tokens.size()] == impossible);
}
