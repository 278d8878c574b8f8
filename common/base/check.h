// EOA_CHECK: ends the process when an invariant is broken. For bugs only, never for bad input or a failing environment:
// those are Errors (common/base/error.h).
#pragma once

#include <string>
#include <string_view>

namespace eoa {

// Writes place, condition and detail to stderr and aborts. Safe from any thread.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, std::string_view detail);

}  // namespace eoa

#define EOA_CHECK(condition, detail)                                              \
  do {                                                                            \
    if (!(condition)) ::eoa::CheckFailed(__FILE__, __LINE__, #condition, detail); \
  } while (false)
