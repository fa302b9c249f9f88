#include "tokenizer/unicode/width.h"

#include "tokenizer/unicode/tables.h"

namespace kelvin::unicode {

int columns_of(char32_t code) {
  if (code < 0x300) return 1;
  if (tables::row_of(tables::zero_width_17, code)) return 0;
  return tables::row_of(tables::wide_17, code) ? 2 : 1;
}

}  // namespace kelvin::unicode
