#include "loaders/tokenizer/sentencepiece_file.h"

#include <bit>
#include <string>

#include "loaders/files/load_error.h"
#include "loaders/tokenizer/protobuf.h"

namespace kelvin {

namespace {

// Field numbers and defaults are those of sentencepiece_model.proto.
enum Model { pieces = 1, trainer_spec = 2, normalizer_spec = 3, denormalizer_spec = 5 };
enum Piece { piece_text = 1, piece_score = 2, piece_type = 3 };
enum Trainer {
  model_type = 3,
  treat_whitespace_as_suffix = 24,
  byte_fallback = 35,
  bos_id = 41,
  eos_id = 42,
  pad_id = 43
};
enum NormalizerField {
  precompiled_charsmap = 2,
  add_dummy_prefix = 3,
  remove_extra_whitespaces = 4,
  escape_whitespaces = 5
};
enum ModelType { unigram = 1, bpe = 2, word = 3, character = 4 };

ScoredPiece read_piece(ProtobufReader reader) {
  ScoredPiece piece;
  while (const auto field = reader.next()) {
    if (field->number == piece_text) piece.text = field->content;
    if (field->number == piece_score)
      piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field->value));
    if (field->number == piece_type) {
      if (field->value < 1 || field->value > 6)
        reader.fail("piece " + in_quotes(piece.text) + " has the unknown type " +
                    std::to_string(field->value));
      piece.type = static_cast<PieceType>(field->value);
    }
  }
  return piece;
}

void read_trainer(ProtobufReader reader, SentencePieceFile& file) {
  std::uint64_t type = unigram;
  while (const auto field = reader.next()) {
    const auto id = static_cast<int>(static_cast<std::uint32_t>(field->value));
    if (field->number == model_type) type = field->value;
    if (field->number == treat_whitespace_as_suffix) file.model.whitespace_as_suffix = field->value != 0;
    if (field->number == byte_fallback) file.model.byte_fallback = field->value != 0;
    if (field->number == bos_id) file.bos_id = id;
    if (field->number == eos_id) file.eos_id = id;
    if (field->number == pad_id) file.pad_id = id;
  }
  if (type == word || type == character)
    reader.fail(std::string("trainer_spec.model_type ") + (type == word ? "WORD" : "CHAR") +
                " is not supported (UNIGRAM and BPE are)");
  if (type != unigram && type != bpe) reader.fail("unknown trainer_spec.model_type " + std::to_string(type));
  file.model.is_unigram = type == unigram;
}

void read_normalizer(ProtobufReader reader, SentencePieceModel& model) {
  while (const auto field = reader.next()) {
    if (field->number == precompiled_charsmap) model.charsmap = field->content;
    if (field->number == add_dummy_prefix) model.add_dummy_prefix = field->value != 0;
    if (field->number == remove_extra_whitespaces) model.remove_extra_whitespaces = field->value != 0;
    if (field->number == escape_whitespaces) model.escape_whitespaces = field->value != 0;
  }
}

void read_denormalizer(ProtobufReader reader) {
  while (const auto field = reader.next())
    if (field->number == precompiled_charsmap && !field->content.empty())
      reader.fail("denormalizer_spec.precompiled_charsmap is not supported");
}

}  // namespace

SentencePieceFile parse_sentencepiece(std::string_view bytes, std::string_view name) {
  SentencePieceFile file;
  file.model.is_unigram = true;
  file.bos_id = 1;
  file.eos_id = 2;
  ProtobufReader reader(bytes, name);
  while (const auto field = reader.next()) {
    if (field->number == pieces) {
      if (file.model.pieces.size() >= static_cast<std::size_t>(TokenTable::id_limit))
        reader.fail("more than " + std::to_string(TokenTable::id_limit) + " pieces");
      file.model.pieces.push_back(read_piece(reader.inside(*field)));
    }
    if (field->number == trainer_spec) read_trainer(reader.inside(*field), file);
    if (field->number == normalizer_spec) read_normalizer(reader.inside(*field), file.model);
    if (field->number == denormalizer_spec) read_denormalizer(reader.inside(*field));
  }
  if (file.model.pieces.empty()) throw LoadError(name, "a SentencePiece model has pieces, none found");
  return file;
}

}  // namespace kelvin
