// Looking at what matrices are multiplied with, without changing it.
#pragma once

#include "engine/forward/rows.h"
#include "engine/platform/thread_team.h"

namespace kelvin {

struct Kernels;
struct Matrix;

// Called during Model::forward, where ForwardOptions names one.
class InputObserver {
 public:
  virtual ~InputObserver() = default;

  virtual bool wants(const Matrix& matrix) const = 0;

  // The input of a matrix; of those that share it, any one stands for all. Nothing happens where it is not
  // wanted. `team` may help; it is at rest meanwhile.
  virtual void observe(ThreadTeam& team, const Kernels& kernels,
                       engine::Rows x,  // (tokens, matrix.cols)
                       int tokens, const Matrix& matrix) = 0;
};

}  // namespace kelvin
