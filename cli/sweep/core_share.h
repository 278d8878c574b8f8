// CoreShare: which cores a child process may use, so that several runs at once do not each take all of them.
#pragma once

#include <sched.h>

#include <vector>

namespace eoa::sweep {

// The cores of part `index` of `parts` of about the same size; all of them where there are fewer cores than parts. Pure.
std::vector<int> ShareOf(const std::vector<int>& cores, int index, int parts);

// Cores that this process may use, ascending.
std::vector<int> AllowedCores();

// While it lives, this thread, and so what it starts, may use only these cores; nothing when the kernel refuses.
class CoreShare {
 public:
  explicit CoreShare(const std::vector<int>& cores);
  ~CoreShare();
  CoreShare(const CoreShare&) = delete;
  CoreShare& operator=(const CoreShare&) = delete;

 private:
  cpu_set_t before_;
  bool changed_ = false;
};

}  // namespace eoa::sweep
