// A text of any length as forward passes that fit the context.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/lab/reading/lab_input.h"

namespace kelvin {

// One forward pass over part of a document.
struct Window {
  std::vector<int> ids;  // as the model reads them
  int judged;            // index of the first id that is judged; those before it are its past
  int position;          // of ids[0] in the text, all documents counted
  int size() const { return static_cast<int>(ids.size()); }
  std::size_t judged_tokens() const { return static_cast<std::size_t>(size() - judged); }
};

// Every token but the first max(1, given, skip) of each document (LabInput::given) is judged once, with at least `overlap` tokens
// before it wherever there are so many. A document that fits is one window; further ones begin with `bos`
// where the document does. Throws UsageError unless 1 <= overlap < context, where a document is longer than
// the context.
std::vector<Window> windows_of(const LabInput& input, std::optional<int> bos, int context, int overlap,
                               int skip);

// Told of every judged token and the row that led to it, in order.
using JudgedRow = std::function<void(std::span<const float> logits, int position, int id)>;
// Runs `ids` after what the sequence holds. Throws Interrupted.
void run_ids(Model& model, Sequence& sequence, std::span<const int> ids, Want want,
             const std::atomic<bool>* stop, const LogitsSink& sink);

// How many tokens to run next, so that a step takes about a second on any machine and with any model. What comes out of
// the steps does not depend on their size.
class StepSize {
 public:
  int next() const { return size_; }
  void took(int tokens, double seconds);

 private:
  int size_ = 4;
};

struct WindowPass {
  std::size_t done = 0;  // judged tokens that are past already: an earlier pass told of them
  const std::atomic<bool>* stop = nullptr;
  JudgedRow sink;
  std::function<void()> after_step = {};  // every second or so, between two rows
};

// Runs one window. Throws Interrupted.
void read_window(Model& model, const Window& window, const WindowPass& pass);
// The beginning of that: a sequence with the past of the judged tokens that are not done.
Sequence past_of(Model& model, const Window& window, std::size_t done, const std::atomic<bool>* stop);

// A hash of a model and of what it reads, for parts that belong together (part_file.h).
std::string work_hash(const Model& model, std::span<const Window> windows, const std::string& settings);

}  // namespace kelvin
