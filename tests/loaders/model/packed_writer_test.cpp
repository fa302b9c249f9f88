// Packed folders of all families give the logits of quantising while loading.
#include "loaders/model/packed_writer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "engine/forward/model.h"
#include "engine/kernels/kernels.h"
#include "engine/platform/thread_team.h"
#include "engine/quantize/quantize.h"
#include "loaders/model/model_folder.h"
#include "loaders/tensors/tensor_files.h"
#include "tests/golden_models.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/tiny_model.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

// Of the last of four tokens.
std::vector<float> logits_of(const ModelConfig& config, Weights weights) {
  Model model(config, std::move(weights), {1, nullptr, KvStorage::f32});
  Sequence sequence(model, 8);
  const int ids[] = {3, 1, 4, 2};
  std::vector<float> logits;
  const Feed feed{&sequence, ids, Want::last};
  model.forward({&feed, 1}, [&](int, int, std::span<const float> z) { logits.assign(z.begin(), z.end()); });
  return logits;
}

LoadOptions kept_as(WeightKind kind) {
  LoadOptions options;
  options.storage = kind;
  options.threads = 2;
  return options;
}

PackedSizes pack(const std::filesystem::path& from, const ModelConfig& config, WeightKind kind,
                 const std::filesystem::path& to) {
  std::string bytes;
  const PackedSizes sizes =
      write_packed(TensorFiles(from), config, kept_as(kind), [&](std::span<const std::byte> part) {
        bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
      });
  CHECK(sizes.file_bytes == bytes.size());
  write_file(to / "model.safetensors", bytes);
  return sizes;
}

void check_same(const std::filesystem::path& from, const ModelConfig& config, WeightKind kind) {
  const TemporaryFolder folder;
  pack(from, config, kind, folder.path());
  Weights packed = load_weights(folder.path(), config);
  CHECK(packed.embedding.storage == load_weights(from, config, kept_as(kind)).embedding.storage);
  CHECK(packed.kind().name() == std::string(kind.name()));
  const std::vector<float> expected = logits_of(config, load_weights(from, config, kept_as(kind)));
  CHECK(logits_of(config, std::move(packed)) == expected);
}

}  // namespace

TEST_CASE("every family") {
  for (const std::string& name : golden_model_names()) {
    CAPTURE(name);
    const GoldenModel golden(name);
    check_same(golden.folder(), load_settings(golden.folder()).config, *weight_kind_named("q4h"));
  }
}

TEST_CASE("every kind, from every exact format, sizes that fill no panel") {
  ModelConfig config = tiny_config(2);
  config.ropes.resize(1);
  config.ropes[0].dims = config.head_dim;
  for (const bool tied : {false, true})
    for (const char* dtype : {"F32", "F16", "BF16"})
      for (const char* kind : {"q8", "q4", "q4h"}) {
        CAPTURE(dtype);
        CAPTURE(kind);
        config.tied_embeddings = tied;
        const TemporaryFolder folder;
        write_file(folder.path() / "model.safetensors", safetensors_file(tiny_tensors(config, dtype), 2));
        check_same(folder.path(), config, *weight_kind_named(kind));
      }
}

TEST_CASE("sizes and progress are those of the file") {
  const ModelConfig config = tiny_config();
  const TemporaryFolder from, to;
  write_file(from.path() / "model.safetensors", safetensors_file(tiny_tensors(config)));
  const PackedSizes sizes = pack(from.path(), config, Storage::q4, to.path());
  // Embedding, head, q, k, v, o, gate, up and down.
  CHECK(sizes.weights == 2 * 5 * 4 + 12 * 4 + 2 * 6 * 4 + 4 * 12 + 3 * 3 * 4);
  CHECK(sizes.bytes == 9 * (192 + 64 * 8));
  CHECK(std::filesystem::file_size(to.path() / "model.safetensors") == sizes.file_bytes);
  std::size_t last = 0, all = 0;
  LoadOptions options = kept_as(Storage::q8);
  options.progress = [&](std::size_t done, std::size_t total) {
    CHECK(done > last);
    last = done;
    all = total;
  };
  write_packed(TensorFiles(from.path()), config, options, [](std::span<const std::byte>) {});
  CHECK(last == all);
}

TEST_CASE("what is packed is not packed again") {
  const ModelConfig config = tiny_config();
  const TemporaryFolder from, to;
  write_file(from.path() / "model.safetensors", safetensors_file(tiny_tensors(config)));
  pack(from.path(), config, Storage::q4, to.path());
  const std::string error = load_error([&] { pack(to.path(), config, Storage::q8, from.path()); });
  CHECK(holds(error, "weights that are not packed yet expected, packed as q4 found"));
}

TEST_CASE("matrices packed before are taken as they are, the others are packed") {
  const ModelConfig config = tiny_config(2);
  const TemporaryFolder from, to;
  write_file(from.path() / "model.safetensors", safetensors_file(tiny_tensors(config)));
  const Weights exact = load_weights(from.path(), config);
  const std::vector<const Matrix*> places = matrices_of(exact);
  const Matrix* const chosen = &exact.layers[1].o.weight;
  const auto place = static_cast<std::size_t>(std::ranges::find(places, chosen) - places.begin());
  std::vector<AlignedBuffer> packed(places.size());
  packed[place] = AlignedBuffer(packed_bytes(Storage::q4, chosen->rows, chosen->cols));
  Matrix turned_round = *chosen;
  std::vector<float> negated(static_cast<std::size_t>(chosen->rows * chosen->cols));
  REQUIRE(chosen->storage == Storage::f32);
  for (std::size_t i = 0; i < negated.size(); ++i) negated[i] = -static_cast<const float*>(chosen->data)[i];
  turned_round.data = negated.data();
  ThreadTeam alone(1);
  quantize(Storage::q4, turned_round, *best_kernels().quantized, alone, packed[place].data());

  std::string bytes;
  const auto write = [&](std::span<const std::byte> part) {
    bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
  };
  write_packed(TensorFiles(from.path()), config, kept_as(Storage::q4), write, packed);
  write_file(to.path() / "model.safetensors", bytes);
  const Weights written = load_weights(to.path(), config);
  const Weights plain = load_weights(from.path(), config, kept_as(Storage::q4));
  const std::vector<const Matrix*> of_written = matrices_of(written), of_plain = matrices_of(plain);
  REQUIRE(of_written.size() == places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    CAPTURE(i);
    if (!of_plain[i]->data) continue;
    const void* const expected = i == place ? packed[place].data() : of_plain[i]->data;
    CHECK(std::memcmp(of_written[i]->data, expected, of_plain[i]->bytes()) == 0);
  }

  packed[place] = AlignedBuffer(64);
  CHECK_THROWS_WITH_AS(write_packed(TensorFiles(from.path()), config, kept_as(Storage::q4), write, packed),
                       doctest::Contains("o_proj"), std::invalid_argument);
  packed.pop_back();
  CHECK_THROWS_AS(write_packed(TensorFiles(from.path()), config, kept_as(Storage::q4), write, packed),
                  std::invalid_argument);
}
