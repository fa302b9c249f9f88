#include "sampling/stages/word_text.h"
#include "tokenizer/base/user_error.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::sampling;

namespace {

//                                     0        1       2     3    4    5    6    7      8     9    10   11
const std::vector<std::string> word_tokens = {"<end>", " cat", "cat", "s", " ", ",", "t", "tle", "\n", "c",
                                              "a", "! c",
                                              //  12    13     14     15      16      17      18    19
                                              "dog", "Cat", "\xc3", "\xa9", "cattle", " (", "s\n", ".."};
const std::vector<int> word_stops = {0}, word_special = {0};
const Vocabulary word_vocabulary{word_tokens, word_stops, 0, word_special};

using WordIds = std::vector<int>;

WordIds after_words(const WordText& text, const WordIds& written) {
  WordIds ids;
  text.allowed_after(written, ids);
  std::sort(ids.begin(), ids.end());
  return ids;
}

bool words_may_end(const WordText& text, const WordIds& written) {
  WordIds ids;
  return text.allowed_after(written, ids);
}

std::string word_error_of(const std::string& list) {
  try {
    WordText(list, word_vocabulary, "words:x");
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("tokens that go on with listed words, at every kind of place") {
  // Of "cattle" and "dog" the letters l, e, d, o, g are no tokens: such words could end in the middle.
  const WordText text("cat\ncats\n\n# not this\r\ncact\r\ndog\ncattle\n", word_vocabulary, "words:x");
  CHECK(after_words(text, {}) == WordIds{1, 2, 4, 9});              // " cat", "cat", " ", "c": c-a-t, c-a-c-t
  CHECK(after_words(text, {0}) == WordIds{1, 2, 4, 9});             // a special token begins anew
  CHECK(after_words(text, {2}) == WordIds{1, 3, 4, 5, 8, 11, 18});  // cat: "s", or what stands behind a word
  CHECK(after_words(text, {1, 3}) == WordIds{1, 4, 5, 8, 11});      // cats
  CHECK(after_words(text, {9}) == WordIds{10});                     // c
  CHECK(after_words(text, {9, 10}) == WordIds{6, 9});               // ca: "t", "c"
  CHECK(after_words(text, {11, 10}) == WordIds{6, 9});              // "! c" + "a"
  CHECK(after_words(text, {2, 5}) == WordIds{1, 4, 8});             // "cat,"
  CHECK(after_words(text, {2, 4}) == WordIds{2, 9});                // "cat ": no second blank
  CHECK(after_words(text, {2, 8}) == WordIds{2, 8, 9});             // one line break, and perhaps another
  CHECK(after_words(text, {2, 8, 8}) == WordIds{2, 9});
  CHECK(after_words(text, {18}) == WordIds{2, 8, 9});
  CHECK(after_words(text, {12}) == WordIds{1, 4, 5, 8, 11});     // "dog" is not listed any more, but whole
  CHECK(after_words(text, {2, 17}) == WordIds{1, 4, 5, 8, 11});  // "(" of the prompt as well
}

TEST_CASE("a text may end behind whole words only") {
  const WordText text("cat\ncats", word_vocabulary, "words:x");
  CHECK(words_may_end(text, {}));
  CHECK(words_may_end(text, {2}));
  CHECK(words_may_end(text, {2, 5}));
  CHECK(words_may_end(text, {2, 8}));
  CHECK(!words_may_end(text, {9, 10}));
  CHECK(!words_may_end(text, {2, 4}));
}

TEST_CASE("the first letter may be large, and characters may be cut") {
  const std::vector<std::string> letters = {"C", "c", "a", "t", "A", "\xc3", "\xa9", "\x89", " "};
  const WordText text("cat\n\xc3\xa9t\xc3\xa9\n", {letters, {}}, "words:x");
  CHECK(after_words(text, {8}) == WordIds{0, 1, 5});
  CHECK(after_words(text, {0}) == WordIds{2});     // Ca
  CHECK(after_words(text, {5}) == WordIds{6, 7});  // e-acute, E-acute
  CHECK(after_words(text, {5, 7}) == WordIds{3});
  CHECK(after_words(text, {5, 7, 3, 5}) == WordIds{6});
  const WordText named("Cat", {letters, {}}, "words:x");
  CHECK(after_words(named, {8}) == WordIds{0});
}

TEST_CASE("a list that is none is refused by line") {
  CHECK(test::holds(word_error_of("cat\ntwo words\n"), "words:x, line 2: one word expected"));
  CHECK(test::holds(word_error_of("cat.\n"), "line 1"));
  CHECK(test::holds(word_error_of("\n\nca\xff\n"), "line 3"));
  CHECK(test::holds(word_error_of(std::string(257, 'c')), "line 1"));
  CHECK(test::holds(word_error_of("# cat\n"), "no word"));
  CHECK(test::holds(word_error_of("zebra\n"), "no word that the tokens can spell"));
}

TEST_CASE("at every temperature allow=words writes words of the list alone") {
  test::TemporaryFolder folder;
  const std::string path = (folder.path() / "words.txt").string();
  std::ofstream(path) << "cat\ncats\ncact\n";
  const std::set<std::string> listed = {"cat", "cats", "cact", "Cat"};
  for (const char* temperature : {"temp=inf", "temp=-1", "temp=0.5"}) {
    CAPTURE(temperature);
    const Chain chain = Chain::parse("allow='words:" + path + "'," + temperature, word_vocabulary);
    std::set<std::string> found;
    std::string text;
    for (std::uint64_t stream = 0; stream < 40; ++stream) {
      ChainState state;
      WordIds drawn;
      bool ended = false;
      text.clear();
      while (drawn.size() < 30 && !ended) {
        std::vector<float> logits(word_tokens.size());
        for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i % 7) * 0.4f;
        Step step;
        step.tokens = drawn;
        step.seed = 11;
        step.stream = stream;
        drawn.push_back(chain.sample(logits, step, state));
        ended = drawn.back() == 0;
        if (!ended) text += word_tokens[static_cast<std::size_t>(drawn.back())];
      }
      for (char& c : text)
        if (c == ',' || c == '!') c = ' ';
      std::istringstream words(text);
      std::string word;
      while (words >> word) {
        // The last one was cut by the count of tokens.
        if (ended || !words.eof()) CHECK(listed.count(word) == 1);
        found.insert(word);
      }
    }
    CHECK(!found.empty());
  }
}

TEST_CASE("words are for allow alone") {
  test::TemporaryFolder folder;
  const std::string path = (folder.path() / "words.txt").string();
  std::ofstream(path) << "cat\n";
  const auto error = [&](const std::string& chain, const Vocabulary& given) {
    try {
      Chain::parse(chain, given);
    } catch (const UserError& found) {
      return std::string(found.what());
    }
    return std::string();
  };
  CHECK(error("allow='words:" + path + "'", word_vocabulary).empty());
  CHECK(test::holds(error("ban='words:" + path + "'", word_vocabulary), "only allow takes it"));
  CHECK(test::holds(error("allow=words:/not/there", word_vocabulary),
                    "words:/not/there: cannot read the file"));
  CHECK(test::holds(error("allow='words:" + path + "'", {}), "needs a vocabulary"));
}
