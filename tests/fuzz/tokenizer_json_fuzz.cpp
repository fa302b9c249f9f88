// Any bytes as a tokenizer.json: a LoadError or TokenizerError, or a tokenizer that encodes and
// decodes.
#include <cstdlib>
#include <string>

#include "loaders/files/load_error.h"
#include "loaders/tokenizer/tokenizer_json.h"
#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/tokenizer.h"

namespace {

void use(const kelvin::Tokenizer& tokenizer) {
  const std::string text =
      "The zebra's  12345 \xC3\xA9\xE6\xBC\xA2\n\n<s> \xFF"
      "aaaaaaaaaaaaaaaaaaaaaaaa";
  const std::vector<int> ids = tokenizer.encode(text);
  kelvin::StreamDecoder stream(tokenizer);
  std::string streamed;
  for (int id : ids) streamed += stream.push(id);
  streamed += stream.finish();
  if (streamed != tokenizer.decode(ids)) std::abort();
  for (int id : ids) tokenizer.bytes(id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    use(kelvin::Tokenizer(kelvin::read_tokenizer_json(std::as_bytes(std::span(data, size)), "fuzz")));
  } catch (const kelvin::LoadError&) {
  } catch (const kelvin::TokenizerError&) {
  }
  return 0;
}
