// The decoder: token ids in, logits out. A position's logits are those of a full forward that ends there,
// whatever was cached, cut into chunks or run beside it. They have the same bits for any number of threads
// and any instruction set.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/forward/kv_storage.h"
#include "engine/forward/observer.h"
#include "engine/forward/part_times.h"

namespace kelvin {

class InputObserver;
struct Kernels;
class Model;
struct ModelConfig;
class ThreadTeam;
struct Weights;
namespace engine {
class KvCache;
}

// One token sequence with its keys and values. Belongs to the model that made it.
class Sequence {
 public:
  // `capacity`: the most tokens it can hold; memory is taken as it fills.
  Sequence(const Model& model, int capacity);
  Sequence(Sequence&& other) noexcept;
  Sequence& operator=(Sequence&& other) noexcept;
  ~Sequence();

  int capacity() const { return capacity_; }
  int length() const { return static_cast<int>(tokens_.size()); }
  std::span<const int> tokens() const { return tokens_; }
  // Forgets all but the first `length` tokens (0 <= length <= length(), else std::invalid_argument).
  void truncate(int length);
  // Another sequence with the same tokens and a copy of their keys and values. Throws std::bad_alloc.
  Sequence fork() const;

 private:
  friend class Model;
  const Model* model_;
  int capacity_;
  std::vector<int> tokens_;
  std::unique_ptr<engine::KvCache> cache_;
  int cached_ = 0;         // tokens whose keys and values are complete; fewer than length() only after a stop
  int frequency_set_ = 0;  // what cached keys were rotated with (rope.h)
};

enum class Want { none, last, all };  // whose logits

struct Feed {
  Sequence* sequence;
  std::span<const int> tokens;  // appended to the sequence; 0 <= id < vocab_size; must fit its capacity
  Want want = Want::last;       // of these tokens; a feed without tokens does nothing
};

// Called on the calling thread, per feed in order of positions. logits: (vocab_size,), valid during the call.
using LogitsSink = std::function<void(int feed, int position, std::span<const float> logits)>;

struct ForwardOptions {
  int chunk = 0;                            // most tokens in one pass over the weights; 0: default_chunk
  const std::atomic<bool>* stop = nullptr;  // checked per layer; when set, forward gives up and returns false
  std::function<void(int done, int total)> progress = {};  // tokens, after every chunk
  Observer observer = {};
  InputObserver* input_observer = nullptr;  // after a stop it has seen a part only
  PartTimes* times = nullptr;               // added to
};

constexpr int default_chunk = 256;

struct ModelOptions {
  int threads = 0;                   // 0: one per available processor
  const Kernels* kernels = nullptr;  // nullptr: best_kernels()
  KvStorage kv = KvStorage::f32;     // how sequences keep keys and values
};

class Model {
 public:
  // Throws std::invalid_argument if the shapes of `weights` are not those of `config`.
  Model(ModelConfig config, Weights weights, ModelOptions options = {});
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const ModelConfig& config() const;
  const Weights& weights() const;
  const Kernels& kernels() const;
  int threads() const;
  ThreadTeam& team();        // for work between two calls of forward, not within a callback
  KvShape kv_shape() const;  // of every sequence

  // Runs all feeds together (each sequence at most once). Returns false if stopped: sequences then hold the
  // tokens whose keys and values are complete. Throws std::invalid_argument on ids out of range or a sequence
  // that would overflow; what a callback throws passes through, with the sequences as after a stop.
  //
  // Where RoPE frequencies depend on the length (RopeKind::dynamic beyond its border) every wanted position
  // is a full forward; where they change once (longrope), what was cached before is computed anew there.
  bool forward(std::span<const Feed> feeds, const LogitsSink& sink, const ForwardOptions& options = {});

  // The final norm and the head alone: the logits of rows of the residual stream (observer.h, depths 0 to
  // n_layers), in order; those of depth n_layers are forward's, bit for bit. Not within a callback of
  // forward. Throws std::invalid_argument if `hidden` is no whole number of rows.
  void read_out(std::span<const float> hidden,  // (rows, hidden_size)
                const std::function<void(std::size_t row, std::span<const float> logits)>& sink);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kelvin
