#include "tokenizer/regex/regex.h"

#include <doctest/doctest.h>

namespace kelvin {
namespace {

std::vector<std::string> matches(const Regex& regex, const std::string& text, bool allow_automaton = true) {
  std::vector<RegexMatch> found;
  regex.find_all(text, found, allow_automaton);
  std::vector<std::string> parts;
  for (const RegexMatch match : found) parts.push_back(text.substr(match.begin, match.end - match.begin));
  return parts;
}

using Parts = std::vector<std::string>;

// By the automaton and by the table: both are complete.
void check(const std::string& pattern, const std::string& text, const Parts& expected) {
  CAPTURE(pattern);
  CAPTURE(text);
  const Regex regex(pattern);
  CHECK(matches(regex, text, true) == expected);
  CHECK(matches(regex, text, false) == expected);
}

std::string refusal(const std::string& pattern) {
  try {
    Regex regex(pattern);
  } catch (const RegexError& error) {
    return error.what();
  }
  return "";
}

constexpr const char* llama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

}  // namespace

TEST_CASE("the patterns of real tokenizers") {
  check(llama3, "I'LL pay 12345 $  now!\n\n ok  ",
        {"I", "'LL", " pay", " ", "123", "45", " $", " ", " now", "!\n\n", " ok", "  "});
  check(llama3, "he's '\u017F x", {"he", "'s", " '", "\u017F", " x"});
  check(R"([^\r\n\p{L}\p{N}]?+\p{L}+| ?[^\s\p{L}\p{N}]++[\r\n]*|\s+)", " ab, cd", {" ab", ",", " cd"});
  check(R"( ?[^(\s|[.,!?\x{2026}])]+)", "one two, three", {"one", " two", " three"});
  check(R"([\p{Han}]+|[\p{L}&&[^\p{Han}]]+)", "\u6F22\u5B57abc", {"\u6F22\u5B57", "abc"});
  check(R"(\d{1,3}(?=(?:\d{3})*\b))", "1234567", {"1", "234", "567"});
}

TEST_CASE("the first alternative that leads to a match wins, as in backtracking") {
  check("a|ab", "ab", {"a"});
  check("(?:a|ab)(?:c|bcd)", "abcd", {"abcd"});
  check("a*?b", "aab", {"aab"});
  check("a??b", "ab", {"ab"});
  check("(?:a|b)*?c|a", "abd", {"a"});
  check("(?>a|ab)c", "abcac", {"ac"});
  check("a++a|b", "aaab", {"b"});
  check("a{2}+", "aaaaa", {"aaaa"});
  check("a{,2}b", "aaab", {"aab"});
  check("(?:a*|b)*", "b", {"", ""});
}

TEST_CASE("anchors, boundaries and looks") {
  check("^a", "a\na ba", {"a", "a"});
  check("a$", "a\nba", {"a", "a"});
  check(R"(\bx)", "x xx ax", {"x", "x"});
  check(R"(\s+$)", "a  \n b  ", {"  ", "  "});
  check("(?<=ab|c)d", "abd cd d", {"d", "d"});
  check("(?<!a)b", "ab b", {"b"});
  check("a(?=b)", "ab a", {"a"});
  check("(?=ab)a|b", "abac", {"a", "b"});
  check(R"(\A.|.\z)", "abc", {"a", "c"});
}

TEST_CASE("classes") {
  check("[]a]+", "]a[", {"]a"});
  check("[^]a]+", "]ab", {"b"});
  check(R"([\w-]+)", "a-b c", {"a-b", "c"});
  check("[a-z&&[^aeiou]]+", "abcde", {"bcd"});
  check("[[:alpha:][:digit:]]+", "a1_", {"a1"});
  check(R"(\p{^L}+)", "a12b", {"12"});
  check(R"([^\S\n]+)", "a \t\nb", {" \t"});
  check("(?i:[k])+", "kK\u212A", {"kK\u212A"});
  check("(?i:\\p{Lu})", "aA", {"A"});
  check(R"(\w)", "\u00B2", {"\u00B2"});
  check(R"([\w])", "\u00B2", {});
}

TEST_CASE("empty matches do not repeat and do not follow another match") {
  check("", "ab", {"", "", ""});
  check("a*", "baac", {"", "aa", ""});
  check("x|", "ax", {"", "x"});
}

TEST_CASE("literals") {
  CHECK(matches(Regex::literal("aa"), "aaaaa") == Parts{"aa", "aa"});
  CHECK(matches(Regex::literal("."), "a.b") == Parts{"."});
  CHECK_THROWS_AS(Regex::literal(""), RegexError);
}

TEST_CASE("what is wrong or not supported is refused with pattern and place") {
  CHECK(refusal("(abc").find("\"(abc\", at byte 4") != std::string::npos);
  CHECK(refusal("[z-a]").find("empty range") != std::string::npos);
  CHECK(refusal("a)").find("unmatched") != std::string::npos);
  CHECK(refusal("*a").find("nothing to repeat") != std::string::npos);
  CHECK(refusal(R"((a)\1)").find("\\1 is not supported") != std::string::npos);
  CHECK(refusal(R"(\p{Foo})").find("\\p{Foo}") != std::string::npos);
  CHECK(refusal(R"(\K)").find("not supported") != std::string::npos);
  CHECK(refusal("(?i:first)").find("\"fi\"") != std::string::npos);
  CHECK(refusal("[a").find("']'") != std::string::npos);
  CHECK(refusal("a{5,2}").find("reversed") != std::string::npos);
  CHECK(refusal("\xFF").find("UTF-8") != std::string::npos);
  CHECK(refusal("(?:a{1000}){1000}").find("too large") != std::string::npos);
  CHECK(refusal(std::string(1000, '(')).find("nested too deeply") != std::string::npos);
  CHECK(refusal(std::string(1000, '[')).find("nested too deeply") != std::string::npos);
  std::string classes;
  for (int i = 0; i < 2000; ++i) classes.append("[a\\x{").append(std::to_string(1000 + i)).append("}]");
  CHECK(refusal(classes).find("too many") != std::string::npos);
  std::string nested = "a";
  for (int i = 0; i < 60; ++i) nested = "(?:" + nested + ")*";
  CHECK((refusal(nested).empty() || refusal(nested).find("too large") != std::string::npos));
}

TEST_CASE("no pattern reads a text more than a fixed number of times") {
  const std::string text(200000, 'a');
  for (const std::string pattern : {"(?:a+)+b", "a*b", "(?:a|aa)*c", "a.*z|a", "(?=.*z)a|a", llama3}) {
    CAPTURE(pattern);
    std::vector<RegexMatch> found;
    const Regex::Effort effort = Regex(pattern).find_all(text, found, true);
    CHECK(effort.scanned <= 10 * text.size() + 2000);
  }
  // This one needs the table: every start reads to the end.
  std::vector<RegexMatch> found;
  CHECK(Regex("a.*z|a").find_all(text, found, true).used_table);
  CHECK(found.size() == text.size());
  // And what tokenizers use does not.
  std::string words;
  for (int i = 0; i < 20000; ++i) words += "It's  \u00FCber 12345 !?\n";
  found.clear();
  CHECK_FALSE(Regex(llama3).find_all(words, found, true).used_table);
}

}  // namespace kelvin
