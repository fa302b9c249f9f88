#include "engine/quantize/second_moments.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/weights/weights.h"
#include "loaders/json/json_file.h"
#include "loaders/model/model_folder.h"
#include "tests/engine/random_values.h"
#include "tests/engine/same_bits.h"
#include "tests/engine/small_model.h"
#include "tests/golden_models.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::engine;
using namespace kelvin::kernels;

namespace {

using Vectors = std::vector<std::vector<double>>;  // one per token

std::vector<float> values_of(const SecondMoments& moments, const Matrix& matrix) {
  const AlignedBuffer sum = moments.sum(matrix);
  return {sum.floats(), sum.floats() + sum.size() / sizeof(float)};
}

void check_sum(const SecondMoments& moments, const Matrix& matrix, const Vectors& inputs) {
  REQUIRE(moments.wants(matrix));
  CHECK(moments.tokens(matrix) == static_cast<std::int64_t>(inputs.size()));
  const std::size_t n = static_cast<std::size_t>(matrix.cols);
  const std::vector<float> found = values_of(moments, matrix);
  REQUIRE(found.size() == n * n);
  double largest = 0.0, error = 0.0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double expected = 0.0;
      for (const std::vector<double>& x : inputs) expected += x[i] * x[j];
      largest = std::max(largest, std::abs(expected));
      error = std::max(error, std::abs(found[i * n + j] - expected));
    }
  CHECK(largest > 0.0);
  CHECK(error < 4e-6 * largest);
}

std::vector<int> some_ids(int count) {
  std::vector<int> ids;
  for (int i = 0; i < count; ++i) ids.push_back((i * i + 3 * i) % 37);
  return ids;
}

struct Gathered {
  std::unique_ptr<Model> model;
  std::unique_ptr<SecondMoments> moments;  // of all matrices
  std::map<int, Vectors> stages;           // of the residual stream, by stage

  const LayerWeights& layer(int i) const { return model->weights().layers[static_cast<std::size_t>(i)]; }
};

Gathered gather(std::unique_ptr<Model> model, const std::vector<int>& ids, int chunk = 0) {
  Gathered found;
  found.model = std::move(model);
  found.moments = std::make_unique<SecondMoments>(shared_inputs(found.model->weights()));
  Sequence sequence(*found.model, static_cast<int>(ids.size()));
  const Feed feed{&sequence, ids, Want::none};
  ForwardOptions options;
  options.chunk = chunk;
  options.input_observer = found.moments.get();
  options.observer = [&](int, int, int stage, std::span<const float> x) {
    found.stages[stage].emplace_back(x.begin(), x.end());
  };
  found.model->forward({&feed, 1}, {}, options);
  return found;
}

Gathered gather(const ModelConfig& config, Weights weights) {
  return gather(std::make_unique<Model>(config, std::move(weights), ModelOptions{.threads = 2}),
                some_ids(300));
}

Vectors normalised(Vectors rows, std::span<const float> weight, double epsilon) {
  for (std::vector<double>& x : rows) {
    x.resize(weight.size());
    double mean = 0.0;
    for (const double v : x) mean += v * v / static_cast<double>(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] *= weight[i] / std::sqrt(mean + epsilon);
  }
  return rows;
}

Vectors product(const Linear& linear, const Vectors& rows) {
  std::vector<float> w(static_cast<std::size_t>(linear.weight.cols));
  Vectors found(rows.size());
  for (int r = 0; r < linear.weight.rows; ++r) {
    read_row(linear.weight, r, w.data());
    for (std::size_t t = 0; t < rows.size(); ++t) {
      double sum = linear.bias.empty() ? 0.0 : linear.bias[static_cast<std::size_t>(r)];
      for (std::size_t k = 0; k < w.size(); ++k) sum += w[k] * rows[t][k];
      found[t].push_back(sum);
    }
  }
  return found;
}

// What the last matrix of an MLP reads.
Vectors inner(const Mlp& mlp, const Vectors& rows) {
  Vectors gate = product(mlp.gate, rows);
  const Vectors up = product(mlp.up, rows);
  for (std::size_t t = 0; t < rows.size(); ++t)
    for (std::size_t i = 0; i < gate[t].size(); ++i) gate[t][i] *= up[t][i] / (1.0 + std::exp(-gate[t][i]));
  return gate;
}

Vectors difference(Vectors a, const Vectors& b) {
  for (std::size_t t = 0; t < a.size(); ++t)
    for (std::size_t i = 0; i < a[t].size(); ++i) a[t][i] -= b[t][i];
  return a;
}

class Maker {
 public:
  explicit Maker(Weights& weights) : weights_(weights) {}

  Linear linear(int rows, int cols) { return {{Storage::f32, rows, cols, numbers(rows * cols).data()}, {}}; }
  Norm norm(int n) { return {numbers(n), {}}; }
  Mlp mlp(int inner, int hidden) {
    return {linear(inner, hidden), linear(inner, hidden), linear(hidden, inner)};
  }
  Linear identity(int n) {
    AlignedBuffer& buffer = weights_.buffers.emplace_back(static_cast<std::size_t>(n * n) * sizeof(float));
    for (int i = 0; i < n; ++i) buffer.floats()[i * n + i] = 1.0f;
    return {{Storage::f32, n, n, buffer.floats()}, {}};
  }

 private:
  std::span<const float> numbers(int count) {
    const std::size_t n = static_cast<std::size_t>(count);
    AlignedBuffer& buffer = weights_.buffers.emplace_back(n * sizeof(float));
    std::ranges::copy(random_.values(n, 0.5f), buffer.floats());
    return {buffer.floats(), n};
  }

  Weights& weights_;
  test::RandomValues random_{7};
};

}  // namespace

TEST_CASE("sums over tokens are those of plain loops, whatever the sizes") {
  test::RandomValues random(1);
  static const float data[4] = {};
  std::size_t place = 0;
  for (const int cols : {1, 40, 96, 97, 200, 300})
    for (const int tokens : {1, 7, 256, 300}) {
      if (test::left_out_today(place++, 5)) continue;
      CAPTURE(cols);
      CAPTURE(tokens);
      const Rows x{nullptr, Rows::stride_for(cols)};
      AlignedBuffer memory(x.stride * static_cast<std::size_t>(tokens) * sizeof(float));
      // What lies between the rows must not be read.
      std::fill_n(memory.floats(), memory.size() / sizeof(float), NAN);
      Vectors inputs;
      for (int t = 0; t < tokens; ++t) {
        const std::vector<float> row = random.values(static_cast<std::size_t>(cols));
        std::ranges::copy(row, memory.floats() + x.stride * static_cast<std::size_t>(t));
        inputs.emplace_back(row.begin(), row.end());
      }
      const Matrix first{Storage::f32, 1, cols, data}, second{Storage::f32, 1, cols, data + 1},
          other{Storage::f32, 1, cols, data + 2};
      const SharedInput shared = {&first, &second};
      SecondMoments moments({&shared, 1});
      ThreadTeam team(2);
      moments.observe(team, best_kernels(), {memory.floats(), x.stride}, tokens, second);
      moments.observe(team, best_kernels(), {memory.floats(), x.stride}, tokens, other);
      check_sum(moments, first, inputs);
      CHECK(values_of(moments, first) == values_of(moments, second));
      CHECK_FALSE(moments.wants(other));
    }
}

TEST_CASE("what projections, MLPs and the head read") {
  ModelConfig config = test::small_config();
  // So that what goes into `o` and into `down` can be seen coming out.
  config.hidden_size = config.intermediate_size = config.n_heads * config.head_dim;
  SUBCASE("in turn") {}
  SUBCASE("in parallel") { config.parallel = true; }
  SUBCASE("with norms after") { config.norm_after = true; }
  const auto weights = [&] {
    Weights made = test::small_weights(config, Storage::f32, true);
    for (LayerWeights& layer : made.layers) {
      if (config.parallel) layer.mlp_norm = {};
      if (config.norm_after) layer.attention_post_norm = layer.mlp_post_norm = layer.attention_norm;
    }
    return made;
  };
  const auto silent = [&](Weights& made, Linear& linear) {
    AlignedBuffer& zeros = made.buffers.emplace_back(std::size_t{1} << 14);
    linear.weight.data = zeros.data();
    linear.bias = {};
  };
  const int n = config.hidden_size;
  const double epsilon = config.norm_epsilon;
  {
    const Gathered found = gather(config, weights());
    for (int i = 0; i < config.n_layers; ++i) {
      const LayerWeights& w = found.layer(i);
      const Vectors x = normalised(found.stages.at(i), w.attention_norm.weight, epsilon);
      for (const Linear* linear : {&w.q, &w.k, &w.v}) check_sum(*found.moments, linear->weight, x);
      if (!config.parallel) continue;
      for (const Linear* linear : {&w.mlp.gate, &w.mlp.up}) check_sum(*found.moments, linear->weight, x);
      check_sum(*found.moments, w.mlp.down.weight, inner(w.mlp, x));
    }
    check_sum(*found.moments, found.model->weights().lm_head, found.stages.at(3));
  }
  if (config.norm_after) return;
  {
    Weights made = weights();
    LayerWeights& layer = made.layers[0];
    layer.o = Maker(made).identity(n);
    silent(made, layer.mlp.down);
    const Gathered found = gather(config, std::move(made));
    check_sum(*found.moments, found.layer(0).o.weight, difference(found.stages.at(1), found.stages.at(0)));
  }
  if (config.parallel) return;
  {
    Weights made = weights();
    LayerWeights& layer = made.layers[0];
    layer.mlp.down = Maker(made).identity(n);
    silent(made, layer.o);
    const Gathered found = gather(config, std::move(made));
    const LayerWeights& w = found.layer(0);
    check_sum(*found.moments, w.mlp.gate.weight, normalised(found.stages.at(0), w.mlp_norm.weight, epsilon));
    check_sum(*found.moments, w.mlp.down.weight, difference(found.stages.at(1), found.stages.at(0)));
  }
}

TEST_CASE("what latent attention reads") {
  ModelConfig config = test::small_config();
  config.n_kv_heads = config.n_heads;
  config.latent = {.query_rank = 0, .key_value_rank = 9, .unrotated_dims = 2};
  config.ropes[0].dims = 4;
  SUBCASE("queries straight from the input") {}
  SUBCASE("queries from a short vector") { config.latent.query_rank = 8; }
  const bool short_queries = config.latent.query_rank > 0;
  Weights made = test::small_weights(config, Storage::f32, false);
  Maker make(made);
  const int heads = config.n_heads * config.head_dim, hidden = config.hidden_size;
  for (LayerWeights& layer : made.layers) {
    layer.k = layer.v = {};
    layer.kv_down = make.linear(9 + 4, hidden);
    layer.kv_down_norm = make.norm(9);
    layer.kv_up = make.linear(config.n_heads * (2 + config.value_dim), 9);
    layer.q = make.linear(heads, short_queries ? 8 : hidden);
    if (!short_queries) continue;
    layer.q_down = make.linear(8, hidden);
    layer.q_down_norm = make.norm(8);
  }
  const Gathered found = gather(config, std::move(made));
  for (int i = 0; i < config.n_layers; ++i) {
    const LayerWeights& w = found.layer(i);
    const Vectors x = normalised(found.stages.at(i), w.attention_norm.weight, config.norm_epsilon);
    check_sum(*found.moments, w.kv_down.weight, x);
    check_sum(*found.moments, w.kv_up.weight, normalised(product(w.kv_down, x), w.kv_down_norm.weight, 1e-6));
    if (short_queries) {
      check_sum(*found.moments, w.q_down.weight, x);
      check_sum(*found.moments, w.q.weight, normalised(product(w.q_down, x), w.q_down_norm.weight, 1e-6));
    } else {
      check_sum(*found.moments, w.q.weight, x);
    }
  }
}

TEST_CASE("experts see the tokens that are sent to them") {
  ModelConfig config = test::small_config();
  config.norm_before = false;  // so that what the experts read is the residual stream
  config.experts = {.count = 5, .per_token = 5, .intermediate_size = 11, .shared_intermediate_size = 13};
  SUBCASE("all") {}
  SUBCASE("two of five") { config.experts.per_token = 2; }
  for (LayerSpec& layer : config.layers) layer.experts = true;
  Weights made = test::small_weights(config, Storage::f32, false);
  Maker make(made);
  for (LayerWeights& layer : made.layers) {
    layer.attention_norm = layer.mlp_norm = {};
    // Attention adds nothing.
    AlignedBuffer& zeros = made.buffers.emplace_back(std::size_t{1} << 14);
    layer.o.weight.data = zeros.data();
    layer.router = make.linear(5, config.hidden_size);
    layer.mlp = make.mlp(13, config.hidden_size);
    for (int e = 0; e < 5; ++e) layer.experts.push_back(make.mlp(11, config.hidden_size));
  }
  const Gathered found = gather(config, std::move(made));
  const LayerWeights& w = found.layer(0);
  const Vectors& x = found.stages.at(0);
  check_sum(*found.moments, w.router.weight, x);
  check_sum(*found.moments, w.mlp.up.weight, x);
  check_sum(*found.moments, w.mlp.down.weight, inner(w.mlp, x));
  Vectors at_router = product(w.router, x);
  for (int e = 0; e < 5; ++e) {
    CAPTURE(e);
    Vectors sent;
    for (std::size_t t = 0; t < x.size(); ++t) {
      const std::vector<double>& z = at_router[t];
      const auto better =
          std::ranges::count_if(z, [&](double other) { return other > z[static_cast<std::size_t>(e)]; });
      if (better < config.experts.per_token) sent.push_back(x[t]);
    }
    const Mlp& mlp = w.experts[static_cast<std::size_t>(e)];
    check_sum(*found.moments, mlp.gate.weight, sent);
    check_sum(*found.moments, mlp.up.weight, sent);
    check_sum(*found.moments, mlp.down.weight, inner(mlp, sent));
  }
}

TEST_CASE("every family: no matrix is left out, and the bits are the same for another table and team") {
  std::size_t place = 0;
  for (const std::string& name : test::golden_model_names()) {
    if (name.ends_with("-newcfg") || test::left_out_today(place++, 3)) continue;
    CAPTURE(name);
    const test::GoldenModel golden(name);
    std::vector<int> ids;
    const JsonDocument manifest = load_json(golden.results() / "manifest.json");
    for (const JsonValue id : manifest.root().at("sequences").at("mid").at("ids").items())
      ids.push_back(static_cast<int>(id.as_int()));
    const auto load = [&](const Kernels& table, int threads) {
      LoadOptions options;
      options.storage = Storage::f32;
      LoadedModel loaded = load_model(golden.folder(), options);
      return gather(
          std::make_unique<Model>(loaded.config, std::move(loaded.weights), ModelOptions{threads, &table}),
          ids);
    };
    const Gathered first = load(scalar_kernels, 1);
    const Weights& weights = first.model->weights();
    const auto n = static_cast<std::int64_t>(ids.size());
    CHECK(first.moments->tokens(weights.lm_head) == n);
    for (const LayerWeights& layer : weights.layers) {
      std::int64_t to_experts = 0;
      for (const Mlp& expert : layer.experts) {
        CHECK(first.moments->tokens(expert.up.weight) == first.moments->tokens(expert.down.weight));
        to_experts += first.moments->tokens(expert.up.weight);
      }
      if (!layer.experts.empty()) CHECK(to_experts == n * first.model->config().experts.per_token);
      const Mlp* const begin = layer.experts.data();
      for (const Linear* linear : linears_of(layer)) {
        const auto* const at = reinterpret_cast<const Mlp*>(linear);
        if (at >= begin && at < begin + layer.experts.size()) continue;
        CHECK(first.moments->tokens(linear->weight) == n);
      }
    }
    const Gathered other = load(best_kernels(), 3);
    const std::vector<SharedInput> expected = shared_inputs(weights),
                                   found = shared_inputs(other.model->weights());
    bool same = expected.size() == found.size();
    for (std::size_t i = 0; same && i < expected.size(); ++i)
      same = values_of(*first.moments, *expected[i].back()) == values_of(*other.moments, *found[i].back());
    CHECK(same);
  }
}

TEST_CASE("the same bits for every table and number of threads, also where matrices are packed") {
  const auto demo = [&](const WeightKind& kind, const Kernels& table, int threads) {
    return gather(test::demo_model(kind, table, threads), some_ids(300));
  };
  std::size_t place = 0;
  for (const WeightKind kind : {WeightKind(Storage::bf16), WeightKind(Storage::q4)}) {
    if (test::left_out_today(place++, 2)) continue;
    CAPTURE(kind.name());
    const Gathered first = demo(kind, best_kernels(), 1);
    for (const Kernels* table : test::tables_for(kind)) {
      CAPTURE(table->name);
      const Gathered other = demo(kind, *table, 3);
      for (const auto matrix : {&LayerWeights::q, &LayerWeights::o})
        CHECK(values_of(*other.moments, (other.layer(3).*matrix).weight) ==
              values_of(*first.moments, (first.layer(3).*matrix).weight));
      CHECK(values_of(*other.moments, other.layer(3).mlp.down.weight) ==
            values_of(*first.moments, first.layer(3).mlp.down.weight));
      CHECK(values_of(*other.moments, other.model->weights().lm_head) ==
            values_of(*first.moments, first.model->weights().lm_head));
    }
    if (!is_packed(kind.layers)) continue;
    const Gathered exact = demo(Storage::bf16, best_kernels(), 2);
    const std::vector<float> of_packed = values_of(*first.moments, first.layer(0).q.weight),
                             of_exact = values_of(*exact.moments, exact.layer(0).q.weight);
    CHECK(of_packed[0] == doctest::Approx(of_exact[0]).epsilon(0.2));
  }
}

TEST_CASE("pieces of 256 tokens, however large the chunk") {
  const std::vector<int> ids = some_ids(600);
  ModelConfig config = test::small_config();
  config.max_position = 600;
  const Gathered whole = gather(test::small_model(config), ids, 600),
                 parts = gather(test::small_model(config), ids, 256),
                 other = gather(test::small_model(config), ids, 100);
  const std::vector<float> expected = values_of(*whole.moments, whole.layer(1).mlp.down.weight);
  CHECK(values_of(*parts.moments, parts.layer(1).mlp.down.weight) == expected);
  CHECK(values_of(*other.moments, other.layer(1).mlp.down.weight) != expected);
}

TEST_CASE("only what is asked for is gathered") {
  const auto model = test::small_model();
  const std::vector<SharedInput> all = shared_inputs(model->weights());
  SecondMoments moments({all.data() + 1, 1});  // of the first layer's o
  Sequence sequence(*model, 10);
  const std::vector<int> ids = some_ids(10);
  const Feed feed{&sequence, ids, Want::last};
  ForwardOptions options;
  options.input_observer = &moments;
  model->forward({&feed, 1}, {}, options);
  const LayerWeights& layer = model->weights().layers[0];
  CHECK(moments.tokens(layer.o.weight) == 10);
  CHECK_FALSE(moments.wants(layer.q.weight));
  CHECK_FALSE(moments.wants(model->weights().layers[1].o.weight));
  CHECK_FALSE(moments.wants(model->weights().lm_head));
}
