#include "loaders/tokenizer/sentencepiece_file.h"

#include <sstream>

#include <doctest/doctest.h>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/tokenizer/tokenizer_folder.h"
#include "tests/loaders/protobuf_writer.h"
#include "tests/support.h"

namespace kelvin::test {
namespace {

std::vector<int> ids_of(JsonValue array) {
  std::vector<int> ids;
  for (const JsonValue id : array.items()) ids.push_back(static_cast<int>(id.as_int()));
  return ids;
}

void refuse_bytes(const std::string& bytes, const char* part) {
  CHECK_THROWS_WITH_AS(parse_sentencepiece(bytes, "tokenizer.model"), doctest::Contains(part), LoadError);
}

}  // namespace

TEST_CASE("models made by SentencePiece give its ids and texts") {
  int checked = 0;
  for (const std::string name : {"bpe_bytes", "bpe_rules", "bpe_plain", "unigram_rules", "unigram_bytes"}) {
    CAPTURE(name);
    const Tokenizer tokenizer = load_tokenizer(data_dir() / "sentencepiece" / name).tokenizer;
    std::istringstream lines(read_text(data_dir() / "sentencepiece" / name / "expected.jsonl"));
    for (std::string text; std::getline(lines, text); ++checked) {
      CAPTURE(text);
      const JsonDocument line = parse_json(text);
      const std::vector<int> ids = ids_of(line.root().at("ids"));
      CHECK(tokenizer.encode(line.root().at("text").as_string(), false) == ids);
      if (const auto decoded = line.root().find("decoded"))
        CHECK(tokenizer.decode(ids) == decoded->as_string());
    }
  }
  CHECK(checked == 90);
}

TEST_CASE("defaults are those of the format, and fields are read") {
  const std::string piece = bytes_field(1, bytes_field(1, "a") + float_field(2, -1.5f));
  SentencePieceFile file = parse_sentencepiece(piece, "f");
  CHECK(file.model.pieces.at(0).text == "a");
  CHECK(file.model.pieces.at(0).score == -1.5f);
  CHECK(file.model.pieces.at(0).type == PieceType::normal);
  CHECK(file.model.is_unigram);
  CHECK(file.model.add_dummy_prefix);
  CHECK(file.model.remove_extra_whitespaces);
  CHECK(file.bos_id == 1);
  CHECK(file.eos_id == 2);
  file = parse_sentencepiece(
      piece +
          bytes_field(2, varint_field(3, 2) + varint_field(35, 1) + varint_field(24, 1) +
                             varint_field(41, 0xFFFFFFFFFFFFFFFFu) + varint_field(42, 7)) +
          bytes_field(3,
                      bytes_field(2, "map") + varint_field(3, 0) + varint_field(4, 0) + varint_field(5, 0)),
      "f");
  CHECK_FALSE(file.model.is_unigram);
  CHECK(file.model.byte_fallback);
  CHECK(file.model.whitespace_as_suffix);
  CHECK(file.bos_id == -1);
  CHECK(file.eos_id == 7);
  CHECK(file.model.charsmap == "map");
  CHECK_FALSE(file.model.add_dummy_prefix);
  CHECK_FALSE(file.model.remove_extra_whitespaces);
  CHECK_FALSE(file.model.escape_whitespaces);
}

TEST_CASE("what is not understood is refused by name") {
  const std::string piece = bytes_field(1, bytes_field(1, "a"));
  refuse_bytes("", "pieces");
  refuse_bytes(piece.substr(0, piece.size() - 1), "left");
  refuse_bytes(bytes_field(1, bytes_field(1, "a") + varint_field(3, 9)), "type 9");
  refuse_bytes(piece + bytes_field(2, varint_field(3, 3)), "WORD");
  refuse_bytes(piece + bytes_field(2, varint_field(3, 4)), "CHAR");
  refuse_bytes(piece + bytes_field(5, bytes_field(2, "map")), "denormalizer_spec");
}

}  // namespace kelvin::test
