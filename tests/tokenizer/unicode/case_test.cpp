#include "tokenizer/unicode/case.h"

#include <doctest/doctest.h>

namespace kelvin::unicode {

TEST_CASE("simple lower case is one character") {
  CHECK(lower_case('Q') == 'q');
  CHECK(lower_case(0x1E9E) == 0xDF);
  CHECK(lower_case(0x16EA0) == 0x16EBB);  // 17.0
  CHECK(lower_case(0x101) == 0x101);
  CHECK(lower_case(0x130) == 0x130);
}

TEST_CASE("full case may be several characters") {
  std::string text;
  append_upper(text, U'\u00DF');
  append_title(text, U'\u00DF');
  append_lower(text, U'\u0130');
  append_title(text, U'\u01C6');
  append_upper(text, U'\u0390');
  append_upper(text, U'7');
  CHECK(text == "SSSsi\u0307\u01C5\u0399\u0308\u03017");
}

TEST_CASE("folding") {
  CHECK(case_variants(U'k').size() == 3);  // with the Kelvin sign
  CHECK(folds_to_several(0xDF));
  CHECK_FALSE(folds_to_several('s'));
}

}  // namespace kelvin::unicode
