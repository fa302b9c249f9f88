// Any bytes as a SentencePiece model: a LoadError or TokenizerError, or a tokenizer that encodes and
// decodes.
#include <cstdlib>
#include <string>

#include "loaders/files/load_error.h"
#include "loaders/tokenizer/sentencepiece_file.h"
#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const kelvin::Tokenizer tokenizer(
        kelvin::sentencepiece_tokenizer(kelvin::parse_sentencepiece(bytes, "fuzz").model));
    const std::vector<int> ids =
        tokenizer.encode("The  fox's 12\xC3\xA9\xE6\xBC\xA2\n<s> \xFF aaaaaaaaaaaa ");
    kelvin::StreamDecoder stream(tokenizer);
    std::string streamed;
    for (int id : ids) streamed += stream.push(id);
    if (streamed + stream.finish() != tokenizer.decode(ids)) std::abort();
  } catch (const kelvin::LoadError&) {
  } catch (const kelvin::TokenizerError&) {
  }
  return 0;
}
