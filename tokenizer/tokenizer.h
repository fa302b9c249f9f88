// Text to token ids and back, as a tokenizer.json says: normalise, cut into words, merge, add special tokens.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin {

struct AddedToken;
struct TokenizerSpec;

// Immutable after construction: any number of threads may use one.
class Tokenizer {
 public:
  // Throws TokenizerError or RegexError where the parts of `spec` do not fit together.
  explicit Tokenizer(TokenizerSpec spec);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // The ids of `text`. Ill-formed UTF-8 counts as U+FFFD, one per maximal ill-formed part. `add_special` lets
  // the post-processor add its tokens (BOS and the like); special tokens written in the text count always.
  // Throws TokenizerError if the vocabulary has no token for a part of the text and none for unknown.
  std::vector<int> encode(std::string_view text, bool add_special = true) const;

  // The ids of `text` where nothing in it counts as an added token, special or not.
  std::vector<int> encode_plain(std::string_view text) const;
  const std::vector<AddedToken>& added_tokens() const;

  // The text of `ids` (n,): always well-formed UTF-8. Unknown ids are passed over.
  std::string decode(std::span<const int> ids, bool skip_special = false) const;

  int vocab_size() const;  // 1 + the largest id

  // The vocabulary's own string for `id`; empty if unknown.
  std::string piece(int id) const;
  // The bytes `id` stands for in running text; the content of an added token; empty if unknown.
  std::string bytes(int id) const;

  bool is_special(int id) const;
  bool is_known(int id) const;

  // The id of an added token or vocabulary string, spelled exactly so.
  std::optional<int> id_of(std::string_view piece) const;

 private:
  friend class StreamDecoder;
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

// Decodes token by token: at every cut, the concatenation of all push() results and finish() is decode() of
// the ids so far. What later ids can still change (an incomplete UTF-8 sequence) is held back. The tokenizer
// must outlive it.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer, bool skip_special = false);
  StreamDecoder(StreamDecoder&&) noexcept;
  StreamDecoder& operator=(StreamDecoder&&) noexcept;
  ~StreamDecoder();

  std::string push(int id);
  std::string finish();  // what was held back; the decoder is then as new

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kelvin
