#include "tools/lab/reading/lab_windows.h"

#include <algorithm>
#include <stdexcept>

#include "engine/weights/config.h"
#include "engine/weights/weights.h"
#include "tools/output/sha256.h"

namespace kelvin {
namespace {

void hash_text(Sha256& hash, const std::string& text) { hash.update(std::as_bytes(std::span(text))); }

// Sizes, how matrices are kept, all norms and a row of a few matrices: what makes a model this one.
void hash_model(Sha256& hash, const Model& model) {
  const ModelConfig& config = model.config();
  const Weights& weights = model.weights();
  for (const int size : {config.vocab_size, config.hidden_size, config.n_layers})
    hash_text(hash, std::to_string(size) + " ");
  hash.update(weights.final_norm.weight);
  std::vector<float> row;
  const auto add = [&](const Matrix& matrix) {
    hash_text(hash, std::to_string(static_cast<int>(matrix.storage)));
    row.resize(static_cast<std::size_t>(matrix.cols));
    read_row(matrix, matrix.rows / 2, row.data());
    hash.update(row);
  };
  add(weights.embedding);
  add(weights.lm_head);
}

}  // namespace

std::vector<Window> windows_of(const LabInput& input, std::optional<int> bos, int context, int overlap,
                               int skip) {
  std::vector<Window> windows;
  int offset = 0;
  for (const std::vector<int>& ids : input.documents) {
    const int total = static_cast<int>(ids.size()), prefix = bos && ids.front() == *bos ? 1 : 0;
    if (total > context && (overlap < 1 || overlap >= context - prefix))
      throw UsageError("--overlap: a number from 1 to " + std::to_string(context - prefix - 1) +
                       " expected for a context of " + std::to_string(context) + " tokens, " +
                       std::to_string(overlap) + " found");
    int judged = std::min(total, std::max(1, skip));
    for (bool later = judged >= context; judged < total; later = true) {
      // A later window's BOS takes the place of the token before it.
      const int front = later ? prefix : 0;
      const int begin = later ? judged - overlap - front : 0, end = std::min(total, begin + context);
      Window window{{ids.begin() + begin, ids.begin() + end}, judged - begin, offset + begin};
      if (front > 0) window.ids.front() = ids.front();
      windows.push_back(std::move(window));
      judged = end;
    }
    offset += total;
  }
  return windows;
}

void run_ids(Model& model, Sequence& sequence, std::span<const int> ids, Want want,
             const std::atomic<bool>* stop, const LogitsSink& sink) {
  const Feed feed{&sequence, ids, want};
  if (!model.forward({&feed, 1}, sink, {.stop = stop})) throw std::runtime_error("interrupted");
}

void read_window(Model& model, const Window& window, const std::atomic<bool>* stop, const JudgedRow& sink) {
  Sequence sequence(model, window.size());
  run_ids(model, sequence, window.ids, Want::all, stop,
          [&](int, int position, std::span<const float> logits) {
            const int next = position + 1;
            if (next >= window.judged && next < window.size())
              sink(logits, window.position + next, window.ids[static_cast<std::size_t>(next)]);
          });
}

std::string work_hash(const Model& model, std::span<const Window> windows, const std::string& settings) {
  Sha256 hash;
  hash_model(hash, model);
  for (const Window& window : windows) {
    hash_text(hash, "\n" + std::to_string(window.judged) + ":");
    for (const int id : window.ids) hash_text(hash, std::to_string(id) + ",");
  }
  hash_text(hash, "\n" + settings);
  return hash.hex();
}

}  // namespace kelvin
