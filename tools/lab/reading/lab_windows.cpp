#include "tools/lab/reading/lab_windows.h"

#include <algorithm>
#include <chrono>

#include "engine/weights/config.h"
#include "engine/weights/weights.h"
#include "tools/output/sha256.h"
#include "tools/terminal/interrupt.h"

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
  for (std::size_t document = 0; document < input.documents.size(); ++document) {
    const std::vector<int>& ids = input.documents[document];
    const int given = input.given.empty() ? 1 : static_cast<int>(input.given[document]);
    const int total = static_cast<int>(ids.size()), prefix = bos && ids.front() == *bos ? 1 : 0;
    if (total > context && (overlap < 1 || overlap >= context - prefix))
      throw UsageError("--overlap: a number from 1 to " + std::to_string(context - prefix - 1) +
                       " expected for a context of " + std::to_string(context) + " tokens, " +
                       std::to_string(overlap) + " found");
    int judged = std::min(total, std::max(given, skip));
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
  if (!model.forward({&feed, 1}, sink, {.stop = stop})) throw Interrupted();
}

void StepSize::took(int tokens, double seconds) {
  const double per_second = tokens / std::max(seconds, 1e-6);
  size_ = std::clamp(static_cast<int>(std::min(per_second, 2.0 * size_)), 1, default_chunk);
}

Sequence past_of(Model& model, const Window& window, std::size_t done, const std::atomic<bool>* stop) {
  Sequence sequence(model, window.size());
  // The last of them leads to the first token that is judged.
  const auto past = static_cast<std::size_t>(window.judged - 1) + done;
  run_ids(model, sequence, std::span(window.ids).first(std::min(past, window.ids.size() - 1)), Want::none,
          stop, {});
  return sequence;
}

void read_window(Model& model, const Window& window, const WindowPass& pass) {
  Sequence sequence = past_of(model, window, pass.done, pass.stop);
  StepSize step;
  // What follows the last token is not known.
  for (int end = window.size() - 1; sequence.length() < end;) {
    const auto start = std::chrono::steady_clock::now();
    const int first = sequence.length(), count = std::min(step.next(), end - first);
    run_ids(model, sequence,
            std::span(window.ids).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
            Want::all, pass.stop, [&](int, int position, std::span<const float> logits) {
              const int next = position + 1;
              pass.sink(logits, window.position + next, window.ids[static_cast<std::size_t>(next)]);
            });
    if (pass.after_step) pass.after_step();
    step.took(count, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
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
