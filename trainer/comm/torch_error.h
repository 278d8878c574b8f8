// Where LibTorch's exceptions end: they become Errors.
#pragma once

#include <string_view>
#include <utility>

#include "common/base/result.h"

namespace eoa::train {

// For use inside of a catch block: the exception being handled, as an Error in the context `what`.
//   lost peer, broken store, timeout of a collective   Unavailable
//   out of memory                                      ResourceExhausted
//   anything else                                      Internal
Error CurrentTorchError(std::string_view what);

// Runs `work`; what it throws is returned.
template <typename Work>
Status CatchTorchErrors(std::string_view what, Work&& work) {
  try {
    std::forward<Work>(work)();
    return OkStatus();
  } catch (...) {
    return CurrentTorchError(what);
  }
}

}  // namespace eoa::train
