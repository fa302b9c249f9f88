#include "tokenizer/pipeline/normalizer.h"
#include "tokenizer/base/tokenizer_error.h"

#include <doctest/doctest.h>

#include "tests/tokenizer/charsmap_builder.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {
namespace {

std::string normalized_text(const std::vector<NormalizerSpec>& specs, const std::string& text) {
  std::size_t origin = 0;
  return Normalizer(specs).run(text, origin);
}

}  // namespace

TEST_CASE("each normalizer does what its name says") {
  CHECK(normalized_text({PrependText{"_"}}, "ab") == "_ab");
  CHECK(normalized_text({PrependText{"_"}}, "").empty());
  CHECK(normalized_text({ReplaceText{{" ", false}, "__"}}, " a  b") == "__a____b");
  CHECK(normalized_text({ReplaceText{{R"(\s+)", true}, " "}}, "a \n b") == "a b");
  CHECK(normalized_text({LowercaseText{}}, "\u00C9A\u0130\u03A3") == "\u00E9ai\u0307\u03C3");
  CHECK(normalized_text({StripText{true, false}}, "\u00A0 a ") == "a ");
  CHECK(normalized_text({StripText{false, true}}, " a\u3000\n") == " a");
  CHECK(normalized_text({StripAccents{}}, "e\u0301\u0903x") == "ex");
  CHECK(normalized_text({NmtText{}}, std::string("a\x01") + "\u200B\tb") == "a  b");
  CHECK(normalized_text({ByteLevelText{}}, "a \u00E9") == "a\u0120\u00C3\u00A9");
  CHECK(normalized_text({BertText{true, true, true, true}}, "A\u00E9\x7F\t\u4E00!") == "ae  \u4E00 !");
  CHECK(normalized_text({BertText{false, false, false, false}}, "\u00C9\t") == "\u00C9\t");
}

TEST_CASE("Precompiled takes the shortest key of a short cluster for all of it") {
  const PrecompiledText map{test::charsmap({{"e", "E"}, {"e\u0301", "\u00E9"}, {"x", ""}, {"\u0301", "~"}})};
  CHECK(normalized_text({map}, "aexb") == "aEb");
  CHECK(normalized_text({map}, "e\u0301b") == "Eb");
  CHECK(normalized_text({map}, "e\u0301\u0301\u0301") == "E~~~");
}

TEST_CASE("they run in order") {
  CHECK(normalized_text({PrependText{" "}, ReplaceText{{" ", false}, "\u2581"}}, "a b") == "\u2581a\u2581b");
  CHECK(normalized_text({ReplaceText{{" ", false}, "\u2581"}, PrependText{" "}}, "a b") == " a\u2581b");
}

TEST_CASE("it is told what is left of the first character") {
  const auto left = [](const std::vector<NormalizerSpec>& specs, const std::string& text) {
    std::size_t origin = unicode::prefix_of_chars(text, 1);
    const std::string out = Normalizer(specs).run(text, origin);
    return out.substr(0, origin);
  };
  const auto nfd = unicode::NormalForm::nfd;
  CHECK(left({StripText{}}, "a ") == "a");
  CHECK(left({StripText{}}, " a").empty());
  CHECK(left({BertText{true, false, false, false}}, "\u200Ba").empty());
  CHECK(left({BertText{true, false, false, false}}, "a\u200Bb") == "a");
  CHECK(left({BertText{false, true, false, false}}, "\u4E00a") == " \u4E00 ");
  CHECK(left({BertText{false, false, false, true}}, "\u0301a").empty());
  CHECK(left({BertText{false, false, true, false}}, "\u0130a") == "i\u0307");
  CHECK(left({StripAccents{}}, "\u0301a").empty());
  CHECK(left({StripAccents{}}, "a\u0301b") == "a");
  CHECK(left({nfd}, "\u00E1b") == "a\u0301");
  CHECK(left({nfd, StripAccents{}}, "\u00E1b") == "a");
  CHECK(left({nfd}, "\u00E1\u0323b") == "a");  // the second mark goes before the first
  CHECK(left({unicode::NormalForm::nfc}, "a\u0301b") == "\u00E1");
  CHECK(left({unicode::NormalForm::nfkc}, "\uFB01b") == "fi");
  CHECK(left({LowercaseText{}}, "\u0130b") == "i\u0307");
  CHECK(left({NmtText{}},
             "\x01"
             "a")
            .empty());
  CHECK(left({NmtText{}}, "\u200Ba") == " ");
  CHECK(left({PrependText{"xy"}}, "ab") == "xya");
  CHECK(left({ByteLevelText{}}, "\u00E9b") == "\u00C3\u00A9");
  CHECK(left({ReplaceText{{"a", false}, ""}}, "ab").empty());
  CHECK(left({ReplaceText{{"a", false}, "bc"}}, "ab") == "bc");
  CHECK(left({ReplaceText{{"ab", false}, "c"}}, "abd").empty());
  CHECK(left({ReplaceText{{"b", false}, ""}}, "ab") == "a");
  CHECK(left({PrecompiledText{test::charsmap({{"a", "xy"}, {"b", ""}})}}, "ab") == "xy");
}

TEST_CASE("steps that make a text too long are stopped, whatever makes it long") {
  const ReplaceText twice{{"a", false}, "aa"};
  CHECK(normalized_text({twice, twice, twice}, "aab") == std::string(16, 'a') + "b");
  const auto refused = [](const std::vector<NormalizerSpec>& specs, const std::string& text) {
    CHECK_THROWS_WITH_AS(
        normalized_text(specs, text),
        "normalizer: a text at most 64 times as long as the given one expected, a longer one found",
        TokenizerError);
  };
  refused(std::vector<NormalizerSpec>(60, twice), "aab");
  refused({ReplaceText{{"a", false}, std::string(100'000, 'b')}}, std::string(100'000, 'a'));
  refused({PrependText{std::string(5000, 'b')}}, "a");
  refused({PrecompiledText{test::charsmap({{"x", std::string(9000, 'y')}})}}, std::string(100'000, 'x'));
  refused({SentencePieceText{test::charsmap({{"x", std::string(9000, 'y')}}), {}}},
          std::string(100'000, 'x'));
}

}  // namespace kelvin::tokenizer
