#include "loaders/tokenizer/tokenizer_json.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "loaders/tokenizer/tokenizer_folder.h"
#include "tests/loaders/load_error_check.h"
#include "tests/support.h"
#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/tokenizer.h"

namespace kelvin::test {
namespace {

constexpr const char* three_tokens = R"("model": {"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]})";

TokenizerSpec read(const std::string& json) {
  return read_tokenizer_json(std::as_bytes(std::span(json)), "tokenizer.json");
}

std::string refusal(const std::string& json) {
  return load_error([&] { Tokenizer tokenizer(read(json)); });
}

std::string with_model(const std::string& more) {
  return std::string("{") + three_tokens + ", " + more + "}";
}

}  // namespace

TEST_CASE("the model of old and new files") {
  CHECK(read(std::string("{") + three_tokens + "}").vocabulary.size() == 3);
  CHECK(std::get<BpeSpec>(read(std::string("{") + three_tokens + "}").model).merges.size() == 1);
  const TokenizerSpec pairs = read(
      R"({"model": {"type": "BPE", "vocab": {"a": 0, " ": 1, "a ": 2}, "merges": [["a", " "]], "unk_token": null}})");
  CHECK(std::get<BpeSpec>(pairs.model).merges[0].merged == 2);
  const TokenizerSpec prefixed = read(
      R"({"model": {"type": "BPE", "continuing_subword_prefix": "##", "vocab": {"a": 0, "##b": 1, "ab": 2}, "merges": ["#version: 0.2", "a ##b"]}})");
  CHECK(std::get<BpeSpec>(prefixed.model).merges.size() == 1);
  const TokenizerSpec unigram =
      read(R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1.5]]}})");
  CHECK(std::get<UnigramSpec>(unigram.model).scores == std::vector<double>{0.0, -1.5});
  // As serde_json reads them: 9763190269470215 has no double of its own, and then comes a division.
  const TokenizerSpec twice = read(
      R"({"model": {"type": "Unigram", "vocab": [["a", -9.763190269470215], ["b", 1e-7], ["c", -10.25], ["d", 0.0]]}})");
  CHECK(std::get<UnigramSpec>(twice.model).scores ==
        std::vector<double>{-9763190269470215.0 / 1e15, 1e-7, -10.25, 0.0});
  CHECK(holds(refusal(R"({"model": {"type": "WordPiece", "vocab": {}}})"), "WordPiece"));
  CHECK(holds(refusal(R"({"model": {"type": "BPE", "dropout": 0.1, "vocab": {}, "merges": []}})"),
              "model.dropout"));
}

TEST_CASE("the model reads the same whatever the order of its keys") {
  const std::string vocab = R"("vocab": {"a": 0, "##b": 1, "ab": 2, "##\u0062##b": 4, "abb": 3})",
                    merges = R"("merges": ["a ##b", ["##b", "##b"], "#version: 0.2", "ab ##b"])",
                    prefix = R"("continuing_subword_prefix": "##")", type = R"("type": "BPE")";
  // "##b" and "##b" make "##bb", which is not there; the pair that is there has the prefix inside.
  const std::string bad = R"("vocab": {"a": 0, "##b": 1, "ab": 2, "abb": 3})";
  for (const std::string& model : {prefix + "," + bad + "," + merges, merges + "," + bad + "," + prefix,
                                   bad + "," + merges + "," + prefix})
    CHECK(refusal("{\"model\": {" + model + "}}") ==
          "tokenizer.json: model.merges[1]: its result \"##bb\" is not in the vocabulary");
  const std::string good = R"("merges": ["a ##b", "#version: 0.2", ["ab", "##b"]])";
  std::vector<std::string> keys{type, prefix, vocab, good};
  std::sort(keys.begin(), keys.end());
  do {
    const TokenizerSpec spec =
        read("{\"model\": {" + keys[0] + "," + keys[1] + "," + keys[2] + "," + keys[3] + "}}");
    CHECK(spec.vocabulary.size() == 5);
    CHECK(spec.vocabulary.find("abb") == 3);
    const auto& found = std::get<BpeSpec>(spec.model).merges;
    REQUIRE(found.size() == 2);
    CHECK(found[1].left == 2);
    CHECK(found[1].right == 1);
    CHECK(found[1].merged == 3);
  } while (std::next_permutation(keys.begin(), keys.end()));
}

TEST_CASE("defects of vocabulary and merges are named with their place") {
  const auto refused = [](const std::string& model) {
    return refusal("{\"model\": {\"continuing_subword_prefix\": null, " + model + "}}");
  };
  CHECK(refused(R"("vocab": {"a": 0, "b": 0}, "merges": [])") ==
        "tokenizer.json: model.vocab.b: id 0 stands twice");
  CHECK(refused(R"("vocab": {"a": 0, "b": 1, "\u0061": 2}, "merges": [])") ==
        "tokenizer.json: model.vocab: the same token stands twice, as 0 and as 2");
  CHECK(holds(refused(R"("vocab": {"a": 8388608}, "merges": [])"), "model.vocab.a: an id of 0 to 8388607"));
  CHECK(holds(refused(R"("vocab": {"a": "x"}, "merges": [])"), "model.vocab.a: a number expected"));
  CHECK(holds(refused(R"("vocab": {"a": 0}, "merges": ["a a"])"), "model.merges[0]: its result \"aa\""));
  CHECK(holds(refused(R"("vocab": {"a": 0}, "merges": ["a b"])"), "model.merges[0]: \"b\""));
  CHECK(holds(refused(R"("vocab": {"a": 0}, "merges": ["b a"])"), "model.merges[0]: \"b\""));
  CHECK(holds(refused(R"("vocab": {"a": 0}, "merges": [""])"), "model.merges[0]: two tokens"));
  CHECK(holds(refused(R"("vocab": {"a": 0}, "merges": [["a"]])"), "model.merges[0]: a pair expected"));
  CHECK(holds(refused(R"("vocab": {"a": 0}, "merges": [7])"), "model.merges[0]: a string or a pair"));
  CHECK(holds(refused(R"("vocab": {}, "merges": ["a b"])"), "there are merges and no tokens"));
  CHECK(holds(refused(R"("vocab": {"a": 0}, "merges": {})"), "model.merges: an array expected"));
  CHECK(holds(refused(R"("vocab": [["a", 0]], "merges": [])"), "model.vocab: an object expected"));
  CHECK(holds(refused(R"("type": "Unigram", "vocab": [["a", 0], ["a", 1]])"), "stands twice"));
  CHECK(holds(refused(R"("type": "Unigram", "vocab": [["a", 0], "b"])"), "model.vocab[1]: a pair of token"));
  CHECK(holds(refused(R"("type": "Unigram", "vocab": {"a": 0})"), "model.vocab: an array expected"));
  CHECK(holds(refused(R"("type": "WordLevel", "vocab": {"a": 0, "b": 0})"), "unknown model \"WordLevel\""));
  CHECK(holds(refused(R"("vocab": {"a": 0}, "merges": []}, "model": {)"), "each key once"));
}

TEST_CASE("components are read by type, nested sequences one after the other") {
  const TokenizerSpec spec = read(with_model(R"(
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
      {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "_"}, {"type": "Lowercase"}]}]},
    "pre_tokenizer": {"type": "Metaspace", "replacement": "_", "add_prefix_space": false},
    "post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel"},
      {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "S", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
       "special_tokens": {"S": {"id": "S", "ids": [1, 2], "tokens": ["b", "ab"]}}}]},
    "decoder": {"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})"));
  CHECK(spec.normalizers.size() == 3);
  CHECK(std::get<PrependText>(spec.normalizers[1]).text == "_");
  CHECK(std::get<MetaspaceWords>(spec.pre_tokenizers.at(0)).prepend_scheme == PrependScheme::never);
  CHECK(spec.post_processor.before == std::vector<int>{1, 2});
  CHECK(spec.post_processor.after.empty());
  CHECK(std::get<StripPiece>(spec.decoders.at(1)).start == 1);
  // No decoder joins by spaces, a sequence of none does not.
  CHECK(read(with_model(R"("decoder": null)")).decoders.empty());
  CHECK(std::holds_alternative<FusePieces>(
      read(with_model(R"("decoder": {"type": "Sequence", "decoders": []})")).decoders.at(0)));
}

TEST_CASE("what a template puts around the text counts as sequences for the post-processors behind it") {
  const auto processed = [](const std::string& second) {
    return read(with_model(
                    R"("post_processor": {"type": "Sequence", "processors": [{"type": "TemplateProcessing",
       "single": [{"SpecialToken": {"id": "S", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
       "pair": [], "special_tokens": {"S": {"id": "S", "ids": [9], "tokens": ["s"]}}}, )" +
                    second + "]}"))
        .post_processor;
  };
  const std::string ends = R"("sep": ["x", 5], "cls": ["y", 7]})";
  const PostProcessorSpec bert = processed(R"({"type": "BertProcessing", )" + ends);
  CHECK(bert.before == std::vector<int>{7, 9, 5});
  CHECK(bert.after == std::vector<int>{5});
  const PostProcessorSpec roberta = processed(R"({"type": "RobertaProcessing", )" + ends);
  CHECK(roberta.before == std::vector<int>{7, 9, 5, 5});
  CHECK(roberta.after == std::vector<int>{5});
  const PostProcessorSpec pair = processed(
      R"({"type": "TemplateProcessing", "single": [], "pair": [{"Sequence": {"id": "B", "type_id": 0}},
          {"SpecialToken": {"id": "E", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
          "special_tokens": {"E": {"id": "E", "ids": [4, 3], "tokens": ["e", "f"]}}})");
  CHECK(pair.before.empty());
  CHECK(pair.after == std::vector<int>{4, 3, 9});
}

TEST_CASE("errors name the key, what was expected and what was found") {
  CHECK(holds(refusal(with_model(R"("normalizer": {"type": "Precompiled", "precompiled_charsmap": ""})")),
              "normalizer.precompiled_charsmap"));
  CHECK(holds(refusal(with_model(R"("normalizer": {"type": "Precompiled", "precompiled_charsmap": "?"})")),
              "base64"));
  CHECK(holds(refusal(with_model(R"("normalizer": {"type": "Odd"})")), "normalizer.type"));
  CHECK(holds(refusal(with_model(R"("pre_tokenizer": {"type": "Odd"})")), "\"Odd\""));
  CHECK(holds(refusal(with_model(R"("post_processor": {"type": "Odd"})")), "post_processor.type"));
  CHECK(holds(refusal(with_model(R"("decoder": {"type": "Odd"})")), "decoder.type"));
  CHECK(holds(
      refusal(with_model(
          R"("pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(?<n>a)\\k<n>"}, "behavior": "Isolated"})")),
      "pre_tokenizer.pattern.Regex"));
  CHECK(
      holds(refusal(with_model(
                R"("pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Sideways"})")),
            "Sideways"));
  CHECK(holds(refusal(with_model(R"("pre_tokenizer": {"type": "Metaspace", "replacement": "ab"})")),
              "one character"));
  CHECK(holds(refusal(with_model(
                  R"("post_processor": {"type": "TemplateProcessing", "single": [], "special_tokens": {}})")),
              "post_processor.single"));
}

TEST_CASE("added tokens fit the vocabulary") {
  const auto token = [](const std::string& content, const std::string& id) {
    return with_model(R"("added_tokens": [{"id": )" + id + R"(, "content": ")" + content +
                      R"(", "special": true}])");
  };
  CHECK(read(token("ab", "2")).added_tokens.at(0).id == 2);
  CHECK_FALSE(read(token("new", "7")).added_tokens.at(0).normalized);
  CHECK(holds(refusal(token("ab", "1")), "added_tokens[0].id"));
  CHECK(holds(refusal(token("new", "1")), "\"b\""));
  CHECK(holds(refusal(token("new", "-1")), "-1"));
  CHECK(holds(refusal(token("new", "99999999999")), "99999999999"));
  CHECK(
      holds(refusal(with_model(R"("added_tokens": [{"id": 7, "content": "x"}, {"id": 7, "content": "y"}])")),
            "twice"));
}

TEST_CASE("steps without end are refused, and so is a text that they would make too long") {
  std::string steps = R"({"type": "Prepend", "prepend": "x"})";
  for (int i = 1; i < 64; ++i) steps += R"(, {"type": "Sequence", "normalizers": [{"type": "NFC"}]})";
  const auto sequence = [](const std::string& list) {
    return with_model(R"("normalizer": {"type": "Sequence", "normalizers": [)" + list + "]}");
  };
  CHECK(refusal(sequence(steps)) == "");
  CHECK(holds(refusal(sequence(steps + R"(, {"type": "NFC"})")),
              "tokenizer.json: normalizer.normalizers[64]: at most 64 steps expected, more found"));
  std::string names = R"({"Sequence": {"id": "A"}})";
  for (int i = 0; i < 65; ++i) names += R"(, {"SpecialToken": {"id": "x"}})";
  std::string ids = "1";
  for (int i = 1; i < 64; ++i) ids += ", 1";
  CHECK(holds(
      refusal(with_model(R"("post_processor": {"type": "TemplateProcessing", "single": [)" + names +
                         R"(], "special_tokens": {"x": {"ids": [)" + ids + "]}}}")),
      "tokenizer.json: post_processor.single[65]: at most 4096 ids around a text expected, more found"));
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "tokenizer.json", std::ios::binary)
      << with_model(R"("normalizer": {"type": "Prepend", "prepend": ")" + std::string(9999, 'a') + "\"}");
  const Tokenizer tokenizer = load_tokenizer(folder.path()).tokenizer;
  CHECK_THROWS_WITH_AS(tokenizer.encode("ab"),
                       doctest::Contains("tokenizer.json: normalizer: a text at most 64 times as long"),
                       TokenizerError);
}

}  // namespace kelvin::test
