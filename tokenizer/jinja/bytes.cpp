#include "tokenizer/jinja/bytes.h"

#include "tokenizer/jinja/builtin.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/unicode/escape.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

class Bytes : public Object {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) { charge_.grow(bytes_.size()); }
  std::string_view type() const override { return "bytes"; }
  std::optional<Value> attribute(std::string_view name) const override;
  std::optional<std::vector<Value>> items() const override;
  bool is_callable() const override { return false; }
  void append_text(TextBuilder& out, int depth) const override;
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

const std::string& bytes_of(const Call& call) {
  return static_cast<const Bytes&>(*call.self.as_object()).bytes();
}

Value bytes_hex(Call& call) {
  std::string digits;
  for (const char byte : bytes_of(call)) digits += unicode::hex(static_cast<unsigned char>(byte), 2);
  return digits;
}

Value bytes_decode(Call& call) {
  if (!unicode::is_utf8(bytes_of(call))) call.fail("the bytes are not valid UTF-8");
  return Value(bytes_of(call));
}

constexpr Builtin bytes_methods[] = {{"hex", {}, 0, bytes_hex},
                                     {"decode", {"encoding", "errors"}, 0, bytes_decode}};

std::optional<Value> Bytes::attribute(std::string_view name) const {
  for (const Builtin& method : bytes_methods)
    if (method.name == name) return Value(std::make_shared<Function>(method, bytes_value(bytes_)));
  return std::nullopt;
}

std::optional<std::vector<Value>> Bytes::items() const {
  std::vector<Value> numbers;
  afford(bytes_.size(), sizeof(Value));
  for (const char byte : bytes_) numbers.emplace_back(static_cast<int>(static_cast<unsigned char>(byte)));
  return numbers;
}

void Bytes::append_text(TextBuilder& out, int) const {
  const char quote = bytes_.find('\'') != bytes_.npos && bytes_.find('"') == bytes_.npos ? '"' : '\'';
  std::string text = "b";
  text += quote;
  for (const char byte : bytes_) {
    static constexpr std::string_view plain = "\n\r\t\\", letters = "nrt\\";
    if (const std::size_t known = plain.find(byte); known != plain.npos)
      text.append("\\").append(1, letters[known]);
    else if (byte == quote)
      text.append("\\").append(1, byte);
    else if (byte >= 0x20 && byte < 0x7F)
      text += byte;
    else
      text += "\\x" + unicode::hex(static_cast<unsigned char>(byte), 2);
  }
  out.append(text + quote);
}

}  // namespace

Value bytes_value(std::string bytes) { return Value(std::make_shared<Bytes>(std::move(bytes))); }

}  // namespace kelvin::jinja
