// Real vocabularies: the ids and texts of the reference, for every line of every suite.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <set>

#include "loaders/json/json.h"
#include "loaders/tokenizer/base64.h"
#include "loaders/tokenizer/tokenizer_folder.h"
#include "tests/loaders/protobuf_writer.h"
#include "tests/tokenizer/third_party.h"
#include "tokenizer/unicode/byte_level.h"

namespace kelvin::test {
namespace {

namespace fs = std::filesystem;

std::vector<int> ids_of(JsonValue array) {
  std::vector<int> ids;
  for (const JsonValue id : array.items()) ids.push_back(static_cast<int>(id.as_int()));
  return ids;
}

std::string streamed(const Tokenizer& tokenizer, const std::vector<int>& ids) {
  StreamDecoder stream(tokenizer);
  std::string text;
  for (int id : ids) text += stream.push(id);
  return text + stream.finish();
}

// Round trip holds where nothing is normalised away and every byte has a token (smollm2 lacks some).
bool keeps_text(const std::string& name) {
  return name == "gpt2" || name == "llama3" || name == "mistral_small3_fixed";
}

struct Counts {
  int encoded = 0, decoded = 0, wrong = 0;
};

void check_encoding(const std::string& name, const Tokenizer& tokenizer, JsonValue line, Counts& counts) {
  const std::string text = from_base64(line.at("text_b64").as_string()).value();
  const std::vector<int> ids = ids_of(line.at("ids"));
  bool right = tokenizer.encode(text, false) == ids_of(line.at("ids_plain"));
  right = right && tokenizer.encode(text) == ids;
  right = right && tokenizer.decode(ids) == line.at("decoded").as_string();
  right = right && tokenizer.decode(ids, true) == line.at("decoded_skip_special").as_string();
  right = right && streamed(tokenizer, ids) == line.at("decoded").as_string();
  if (keeps_text(name) && !line.find("invalid_utf8"))
    right = right && tokenizer.decode(tokenizer.encode(text, false)) == text;
  ++counts.encoded;
  if (!right && ++counts.wrong <= 3) MESSAGE(name << ": " << line.at("text_b64").as_string());
}

Counts check_suite(const std::string& name, const Tokenizer& tokenizer) {
  const fs::path folder = shared_dir() / "third_party" / "expected" / "tokenizers";
  Counts counts;
  std::string text;
  for (std::ifstream lines(folder / (name + ".jsonl")); std::getline(lines, text);)
    check_encoding(name, tokenizer, parse_json(text).root(), counts);
  for (std::ifstream lines(folder / (name + ".decode.jsonl")); std::getline(lines, text);) {
    const JsonDocument line = parse_json(text);
    const std::vector<int> ids = ids_of(line.root().at("ids"));
    ++counts.decoded;
    const bool right = tokenizer.decode(ids) == line.root().at("decoded").as_string() &&
                       streamed(tokenizer, ids) == line.root().at("decoded").as_string();
    if (!right && ++counts.wrong <= 3) MESSAGE(name << ": " << text);
  }
  return counts;
}

void write(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

// The vocabulary of a tokenizer.json as tokenizer.model of SentencePiece: merges of Llama 2 come in the order
// of ids.
void write_sentencepiece(const fs::path& source, const fs::path& folder) {
  const JsonDocument document = parse_json(read_text(source / "tokenizer.json"));
  std::map<std::int64_t, std::string> tokens;
  for (const auto& [token, id] : document.root().at("model").at("vocab").members())
    tokens[id.as_int()] = token;
  std::map<std::string, float, std::less<>> scores;
  for (const JsonValue merge : document.root().at("model").at("merges").items()) {
    std::string result(merge.as_string());
    result.erase(result.find(' '), 1);
    scores.emplace(result, -static_cast<float>(scores.size()));
  }
  std::string model;
  for (const auto& [id, token] : tokens) {
    const unsigned type = id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1;
    const float score = scores.contains(token) ? scores.at(token) : -1e6f;
    model += bytes_field(1, bytes_field(1, token) + float_field(2, score) + varint_field(3, type));
  }
  model += bytes_field(2, varint_field(3, 2) + varint_field(35, 1));
  write(folder / "tokenizer.model", model + bytes_field(3, varint_field(4, 0)));
}

// The same in tiktoken's format.
void write_tiktoken(const fs::path& source, const fs::path& file) {
  const JsonDocument document = parse_json(read_text(source / "tokenizer.json"));
  std::string lines;
  for (const auto& [token, id] : document.root().at("model").at("vocab").members())
    lines += to_base64(unicode::text_to_bytes(token).value()) + " " + std::to_string(id.as_int()) + "\n";
  write(file, lines);
}

}  // namespace

TEST_CASE("every suite of real vocabularies gives the reference's ids and texts") {
  const fs::path tokenizers = third_party_tokenizers();
  if (tokenizers.empty()) return;
  std::set<std::string> suites;
  std::size_t place = 0;
  for (const auto& entry : fs::directory_iterator(tokenizers)) {
    if (!fs::exists(entry.path() / "tokenizer.json")) continue;
    const std::string name = entry.path().filename().string();
    suites.insert(name);
    if (left_out_today(place++, 4)) continue;
    const LoadedTokenizer loaded = load_tokenizer(entry.path());
    const Counts counts = check_suite(name, loaded.tokenizer);
    CHECK_MESSAGE(counts.wrong == 0, name);
    CHECK_MESSAGE(counts.encoded > 0, name);
    CHECK_MESSAGE(counts.decoded > 0, name);
  }
  // No reference result without its vocabulary.
  CHECK(!suites.empty());
  for (const auto& entry : fs::directory_iterator(shared_dir() / "third_party/expected/tokenizers")) {
    const std::string file = entry.path().filename().string();
    CHECK_MESSAGE(suites.contains(file.substr(0, file.find('.'))), file);
  }
}

TEST_CASE("the same vocabularies as SentencePiece and tiktoken files give the same ids and texts") {
  const fs::path tokenizers = third_party_tokenizers();
  if (tokenizers.empty()) return;
  const TemporaryFolder llama2, llama3;
  write_sentencepiece(tokenizers / "llama2", llama2.path());
  write(llama2.path() / "tokenizer_config.json", R"({"tokenizer_class": "LlamaTokenizer"})");
  CHECK(check_suite("llama2", load_tokenizer(llama2.path()).tokenizer).wrong == 0);
  write_tiktoken(tokenizers / "llama31", llama3.path() / "tokenizer.model");
  const LoadedTokenizer loaded = load_tokenizer(llama3.path());
  CHECK(loaded.info.bos->id == 128000);
  CHECK(check_suite("llama31", loaded.tokenizer).wrong == 0);
}

TEST_CASE("decoding streams: at every cut the pieces add up to the whole") {
  const fs::path tokenizers = third_party_tokenizers();
  if (tokenizers.empty()) return;
  const std::string text =
      "A \xE6\xBC\xA2\xE5\xAD\x97 \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80 caf\xC3\xA9\n\n  end\xCC\x81.";
  std::size_t place = 0;
  for (const std::string name : {"llama2", "llama3", "gpt2", "mistral_v01", "gemma4"}) {
    if (left_out_today(place++, 5)) continue;
    CAPTURE(name);
    const LoadedTokenizer loaded = load_tokenizer(tokenizers / name);
    std::vector<int> ids = loaded.tokenizer.encode(text);
    // And byte tokens in an order that makes no characters.
    ids.insert(ids.end(), {200, 130, 131, 230, 140, 5, 200});
    for (std::size_t cut = 0; cut <= ids.size(); ++cut) {
      const std::vector<int> front(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(cut));
      CHECK(streamed(loaded.tokenizer, front) == loaded.tokenizer.decode(front));
    }
  }
}

TEST_CASE("a long word takes the same way as a short one") {
  const fs::path tokenizers = third_party_tokenizers();
  if (tokenizers.empty()) return;
  std::size_t place = 0;
  for (const std::string name : {"llama2", "llama3", "qwen25"}) {
    if (left_out_today(place++, 3)) continue;
    CAPTURE(name);
    const LoadedTokenizer loaded = load_tokenizer(tokenizers / name);
    const std::string word(1000000, 'a');
    const std::vector<int> ids = loaded.tokenizer.encode(word, false);
    CHECK(ids.size() < word.size() / 2);
    const std::string text = loaded.tokenizer.decode(ids);
    CHECK(text == word);
  }
}

}  // namespace kelvin::test
