#include "tools/output/shown_token.h"

#include "loaders/files/load_error.h"

namespace kelvin {

std::string shown_token(const Tokenizer& tokenizer, int id) {
  if (!tokenizer.is_known(id)) return "(no token)";
  return in_quotes(tokenizer.bytes(id), 40);
}

}  // namespace kelvin
