#include "tokenizer/models/added_tokens.h"
#include "tokenizer/base/tokenizer_error.h"

#include <doctest/doctest.h>

namespace kelvin::tokenizer {
namespace {

AddedToken token(const std::string& content, int id) {
  AddedToken made;
  made.content = content;
  made.id = id;
  return made;
}

// "text|#7 matched|..." for the segments of `text`.
std::string split(const std::vector<AddedToken>& tokens, const std::string& text) {
  std::vector<std::string> spellings;
  for (const AddedToken& one : tokens) spellings.push_back(one.content);
  std::string shown;
  for (const Segment& segment : AddedTokenFinder(tokens, spellings).split(text)) {
    if (!shown.empty()) shown += '|';
    if (segment.id >= 0) shown.append("#").append(std::to_string(segment.id)).append(" ");
    shown += text.substr(segment.begin, segment.end - segment.begin);
  }
  return shown;
}

}  // namespace

TEST_CASE("the leftmost token, and of those the longest") {
  const std::vector<AddedToken> tokens{token("<a>", 1), token("<a><b>", 2), token("b><", 3), token("x", 4)};
  CHECK(split(tokens, "1<a><b>2") == "1|#2 <a><b>|2");
  CHECK(split(tokens, "<a><c>") == "#1 <a>|<c>");
  CHECK(split(tokens, "<b><a>") == "<|#3 b><|a>");
  CHECK(split(tokens, "axx") == "a|#4 x|#4 x");
  CHECK(split(tokens, "").empty());
  CHECK(split(tokens, "<a") == "<a");
}

TEST_CASE("lstrip and rstrip take whitespace, newlines too") {
  AddedToken both = token("<m>", 1), left = token("<l>", 2), right = token("<r>", 3);
  both.lstrip = both.rstrip = left.lstrip = right.rstrip = true;
  const std::vector<AddedToken> tokens{both, left, right};
  CHECK(split(tokens, "a \n<m>\u00A0\tb") == "a|#1  \n<m>\u00A0\t|b");
  CHECK(split(tokens, "a <l> b") == "a|#2  <l>| b");
  CHECK(split(tokens, "<r>  <l>") == "#3 <r>  |#2 <l>");
}

TEST_CASE("a token found in what rstrip took counts as well") {
  AddedToken right = token("<r>", 1);
  right.rstrip = true;
  CHECK(split({right, token("  ", 2)}, "<r>    b") == "#1 <r>    |#2   |#2   |b");
  AddedToken newline = token("\n", 3);
  newline.lstrip = newline.rstrip = true;
  CHECK(split({newline}, "a \n\n \nb") == "a|#3  \n\n \n|b");
}

TEST_CASE("single words stand alone") {
  AddedToken word = token("to", 1);
  word.single_word = true;
  CHECK(split({word}, "to tom into to.") == "#1 to| tom into |#1 to|.");
  CHECK(split({word}, "to_\u00E9to") == "to_\u00E9to");
}

TEST_CASE("of equal spellings the first counts, and too long ones are refused") {
  CHECK(split({token("x", 1), token("x", 2)}, "x") == "#1 x");
  CHECK_THROWS_AS(split({token(std::string(1025, 'x'), 1)}, "x"), TokenizerError);
}

}  // namespace kelvin::tokenizer
