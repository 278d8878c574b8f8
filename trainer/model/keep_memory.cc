#include "trainer/model/keep_memory.h"

#include <malloc.h>

namespace eoa::train {

void KeepFreedMemory() {
  mallopt(M_MMAP_MAX, 0);         // no block by a mapping of its own, which would be unmapped when it is freed
  mallopt(M_TRIM_THRESHOLD, -1);  // never shrink the heap
  constexpr int kGrowBy = 64 << 20;
  mallopt(M_TOP_PAD, kGrowBy);
}

}  // namespace eoa::train
