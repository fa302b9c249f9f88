#include "engine/forward/mlp_sublayer.h"

namespace kelvin::engine {

MlpSublayer::MlpSublayer(const ModelConfig& config, LayerOperations& operations, Activations& activations)
    : config_(config), operations_(operations), activations_(activations) {}

void MlpSublayer::reserve(int tokens) {
  const std::size_t choices =
      static_cast<std::size_t>(tokens) * static_cast<std::size_t>(config_.experts.per_token);
  if (choices <= slots_.size()) return;
  chosen_.resize(choices);
  slots_.resize(choices);
}

void MlpSublayer::run(ThreadTeam& team, const LayerWeights& w, int layer) {
  Activations& a = activations_;
  Chunk& chunk = operations_.chunk();
  const Rows x = config_.parallel ? a.normed : operations_.pre_norm(team, w.mlp_norm);
  chunk.profile(PassPart::norms);
  if (config_.layers[static_cast<std::size_t>(layer)].experts) {
    experts(team, w, x);
    chunk.profile(PassPart::mlp_up);
    operations_.add_product(team, w.mlp_post_norm);
  } else {
    up_projection(team, w.mlp, x);
    chunk.profile(PassPart::mlp_up);
    operations_.add_to_residual(team, w.mlp.down, a.gate, w.mlp_post_norm);
  }
  chunk.profile(PassPart::mlp_down);
}

// All of an MLP but its last matrix; leaves it in Activations::gate.
void MlpSublayer::up_projection(ThreadTeam& team, const Mlp& mlp, Rows x) {
  const int tokens = operations_.chunk().size();
  const Matrix& matrix = decisive(mlp.gate.weight, mlp.up.weight);
  operations_.observe_input(team, x, tokens, mlp.up.weight);
  const MatmulInput input = operations_.prepare(team, x, tokens, matrix, ActivationBits::eight);
  const RowBlocks blocks(matrix, team.threads(), tokens);
  team.parallel_for(blocks.count(), [&](int b, int worker) {
    gate_up(mlp, blocks[b], input, tokens, activations_.gate, activations_.up,
            operations_.scratch_of(worker));
  });
}

// The inner activations of an MLP, into `gate`.
void MlpSublayer::gate_up(const Mlp& mlp, RowBlock block, const MatmulInput& x, int rows, Rows gate, Rows up,
                          float* scratch) const {
  const Kernels& kernels = operations_.kernels();
  if (config_.gated) multiply(kernels, mlp.gate, block, x, rows, gate, scratch);
  multiply(kernels, mlp.up, block, x, rows, config_.gated ? up : gate, scratch);
  const auto activate = [&] {
    switch (config_.activation) {
      case Activation::silu:
        return kernels.silu_multiply;
      case Activation::gelu_erf:
        return kernels.gelu_erf_multiply;
      case Activation::gelu_tanh:
        return kernels.gelu_tanh_multiply;
    }
    return kernels.silu_multiply;
  }();
  for (int i = 0; i < rows; ++i) {
    float* const to = gate[i] + block.first;
    activate(to, config_.gated ? up[i] + block.first : nullptr, block.rows, to);
  }
}

}  // namespace kelvin::engine
