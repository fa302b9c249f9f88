#include "tokenizer/tokenizer.h"

#include <doctest/doctest.h>

#include <thread>

#include "tokenizer/spec.h"
#include "tokenizer/unicode/byte_level.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin {
namespace {

using Ids = std::vector<int>;

AddedToken added(const std::string& content, int id, bool special = true, bool normalized = false) {
  AddedToken token;
  token.content = content;
  token.id = id;
  token.special = special;
  token.normalized = normalized;
  return token;
}

// All bytes (ids 0 to 255), " t", "he" (256, 257) and three added tokens.
TokenizerSpec byte_level() {
  TokenizerSpec spec;
  for (int byte = 0; byte < 256; ++byte)
    spec.vocabulary.add(unicode::to_utf8(unicode::byte_to_char(static_cast<unsigned char>(byte))), byte);
  spec.vocabulary.add("\u0120t", 256);
  spec.vocabulary.add("he", 257);
  BpeSpec bpe;
  bpe.merges = {{' ', 't', 256}, {'h', 'e', 257}};
  spec.model = bpe;
  spec.pre_tokenizers = {ByteLevelWords{false, true}};
  spec.decoders = {ByteLevelPieces{}};
  spec.added_tokens = {added("<s>", 258), added("</s>", 259), added("<tool>", 300, false)};
  spec.post_processor = {{258}, {259}};
  return spec;
}

}  // namespace

TEST_CASE("text goes to ids and back") {
  const Tokenizer tokenizer(byte_level());
  CHECK(tokenizer.encode("he the") == Ids{258, 257, 256, 257, 259});
  CHECK(tokenizer.encode("he the", false) == Ids{257, 256, 257});
  CHECK(tokenizer.encode("") == Ids{258, 259});
  CHECK(tokenizer.encode("a<s>he<tool>", false) == Ids{'a', 258, 257, 300});
  CHECK(tokenizer.decode(Ids{258, 257, 256, 257, 259}) == "<s>he the</s>");
  CHECK(tokenizer.decode(Ids{258, 257, 300, 259}, true) == "he<tool>");
  CHECK(tokenizer.decode(Ids{257, 299, 5000, -3, 'x'}) == "hex");  // unknown ids are passed over
  for (const std::string text : {"a \u6F22\n\n \U0001F469\u200D!", "<tool><tool", "\t he  the "})
    CHECK(tokenizer.decode(tokenizer.encode(text, false)) == text);
}

TEST_CASE("ill-formed bytes count as U+FFFD") {
  const Tokenizer tokenizer(byte_level());
  CHECK(tokenizer.encode("he\xC3", false) == tokenizer.encode("he\uFFFD", false));
  CHECK(tokenizer.encode("\xED\xA0\x80", false) == tokenizer.encode("\uFFFD\uFFFD\uFFFD", false));
}

TEST_CASE("what is known of an id") {
  const Tokenizer tokenizer(byte_level());
  CHECK(tokenizer.vocab_size() == 301);
  CHECK(tokenizer.piece(256) == "\u0120t");
  CHECK(tokenizer.bytes(256) == " t");
  CHECK(tokenizer.bytes(0xC3) == "\xC3");
  CHECK(tokenizer.bytes(258) == "<s>");
  CHECK(tokenizer.piece(299).empty());
  CHECK(tokenizer.is_known(257));
  CHECK_FALSE(tokenizer.is_known(299));
  CHECK_FALSE(tokenizer.is_known(-1));
  CHECK(tokenizer.is_special(259));
  CHECK_FALSE(tokenizer.is_special(300));
  CHECK_FALSE(tokenizer.is_special(257));
  CHECK(tokenizer.id_of("<tool>") == 300);
  CHECK(tokenizer.id_of("\u0120t") == 256);
  CHECK_FALSE(tokenizer.id_of("nothing").has_value());
}

TEST_CASE("added tokens are looked for in raw or in normalised text") {
  TokenizerSpec spec = byte_level();
  spec.normalizers = {LowercaseText{}};
  spec.added_tokens.push_back(added("Big", 301, true, false));
  spec.added_tokens.push_back(added("Low", 302, true, true));
  const Tokenizer tokenizer(std::move(spec));
  CHECK(tokenizer.encode("Big", false) == Ids{301});
  CHECK(tokenizer.encode("big", false) == Ids{'b', 'i', 'g'});
  CHECK(tokenizer.encode("LOW low", false) == Ids{302, ' ', 302});
  // As in the reference: it decodes as it was looked for, and that is not the special token's name.
  CHECK(tokenizer.decode(Ids{302}) == "low");
  CHECK(tokenizer.decode(Ids{302}, true) == "low");
}

TEST_CASE("a stream gives what decode gives, and starts anew after its end") {
  const Tokenizer tokenizer(byte_level());
  StreamDecoder stream(tokenizer);
  CHECK(stream.push(0xE6).empty());
  CHECK(stream.push(0xBC).empty());
  CHECK(stream.push(0xA2) == "\u6F22");
  CHECK(stream.push(0xE6).empty());
  CHECK(stream.finish() == "\uFFFD");
  CHECK(stream.push('a') == "a");
  CHECK(stream.push(0xE6).empty());
  CHECK(stream.push('b') ==
        "\uFFFD"
        "b");
}

TEST_CASE("threads may share a tokenizer") {
  const Tokenizer tokenizer(byte_level());
  std::string text;
  for (int i = 0; i < 500; ++i) text += "the he " + std::to_string(i);
  const Ids expected = tokenizer.encode(text);
  std::vector<Ids> found(4);
  std::vector<std::thread> threads;
  for (Ids& ids : found) threads.emplace_back([&] { ids = tokenizer.encode(text); });
  for (std::thread& thread : threads) thread.join();
  for (const Ids& ids : found) CHECK(ids == expected);
}

}  // namespace kelvin
