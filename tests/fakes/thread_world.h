// Comm among threads of one process: the fake of the Comm seam. Sums in rank order, so that results are the same every
// time.
#pragma once

#include <barrier>
#include <functional>
#include <memory>
#include <vector>

#include "trainer/comm/comm.h"

namespace eoa::train {

class ThreadWorld {
 public:
  explicit ThreadWorld(int size) : barrier_(size), slots_(static_cast<std::size_t>(size)) {}

  // Runs `member` on a thread for each rank and returns when all have ended.
  void Run(const std::function<void(Comm&)>& member);

 private:
  class Member;

  std::barrier<> barrier_;
  std::vector<at::Tensor> slots_;  // by rank; each written by its rank between two barriers
};

}  // namespace eoa::train
