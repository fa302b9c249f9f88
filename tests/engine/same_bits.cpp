#include "tests/engine/same_bits.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

#include "loaders/json/json_file.h"
#include "loaders/model/model_folder.h"
#include "tests/support.h"
#include "tools/output/sha256.h"

namespace kelvin::test {
namespace {

std::vector<int> text_ids() {
  const JsonDocument document = load_json(source_dir() / "tools" / "ember" / "ids300.json");
  std::vector<int> ids;
  for (const JsonValue id : document.root().items()) ids.push_back(static_cast<int>(id.as_int()));
  return ids;
}

}  // namespace

std::unique_ptr<Model> demo_model(const WeightKind& weights, const Kernels& kernels, int threads,
                                  KvStorage kv) {
  LoadOptions options;
  options.storage = weights;
  LoadedModel loaded = load_model(source_dir() / "tools" / "ember", options);
  return std::make_unique<Model>(loaded.config, std::move(loaded.weights),
                                 ModelOptions{threads, &kernels, kv});
}

std::string expected_hash(const WeightKind& weights, KvStorage kv) {
  std::string wanted = weights.name();
  if (kv != KvStorage::f32) wanted += std::string("+kv-") + name_of(kv);
  std::istringstream lines(read_text(data_dir() / "logits_hashes.txt"));
  for (std::string model, stored, hash; lines >> model >> stored >> hash;)
    if (model == "ember" && stored == wanted) return hash;
  return "";
}

std::vector<const Kernels*> tables_for(const WeightKind& weights) {
  std::vector<const Kernels*> tables;
  for (const Kernels* table : supported_kernels()) {
    const bool known = std::any_of(tables.begin(), tables.end(), [&](const Kernels* other) {
      return is_packed(weights.layers) ? other->quantized == table->quantized
                                       : other->matmul_f32 == table->matmul_f32;
    });
    if (!known) tables.push_back(table);
  }
  return tables;
}

std::string hash_of_logits(Model& model, const Way& way) { return hash_of_logits(model, text_ids(), way); }

std::string hash_of_logits(Model& model, const std::vector<int>& ids, const Way& way) {
  Sequence sequence(model, static_cast<int>(ids.size()));
  Sha256 sha;
  std::vector<Sequence> others;
  std::vector<std::vector<int>> texts;
  for (int i = 0; i < way.company; ++i) {
    const int wanted = i < 4 ? std::array{1, 37, 150, 299}[static_cast<std::size_t>(i)] : 1 + i % 7;
    const int length = std::min(wanted, static_cast<int>(ids.size()));
    others.emplace_back(model, length);
    texts.emplace_back(ids.rbegin(), ids.rbegin() + length);
  }

  std::vector<int> pieces = way.pieces;
  int left = static_cast<int>(ids.size());
  for (const int piece : pieces) left -= piece;
  if (left > 0) pieces.push_back(left);
  ForwardOptions options;
  options.chunk = way.chunk > 0 ? way.chunk : static_cast<int>(ids.size()) * 8;
  std::size_t at = 0;
  for (const int piece : pieces) {
    // The text stands in the middle of its company, which joins in the first call.
    std::vector<Feed> feeds;
    for (std::size_t i = 0; at == 0 && i < others.size(); ++i)
      feeds.push_back({&others[i], texts[i], Want::all});
    const std::size_t place = feeds.size() / 2;
    feeds.insert(feeds.begin() + static_cast<std::ptrdiff_t>(place),
                 Feed{&sequence, std::span(ids).subspan(at, static_cast<std::size_t>(piece)), Want::all});
    const auto sink = [&](int feed, int, std::span<const float> logits) {
      if (feed == static_cast<int>(place)) sha.update(logits);
    };
    if (!model.forward(feeds, sink, options)) throw std::runtime_error("forward was stopped");
    at += static_cast<std::size_t>(piece);
  }
  return sha.hex();
}

}  // namespace kelvin::test
