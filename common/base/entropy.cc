#include "common/base/entropy.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <span>

#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/hex.h"

namespace eoa {

std::string RandomHex(std::size_t bytes) {
  std::array<unsigned char, 256> noise{};
  EOA_CHECK(bytes <= noise.size(), "too many random bytes");
  // Up to 256 bytes come whole and without interruption (getrandom(2)).
  EOA_CHECK(::getrandom(noise.data(), bytes, 0) == static_cast<ssize_t>(bytes),
            ErrnoError(errno, "getrandom").ToString());
  return Hex(std::span(noise).first(bytes));
}

}  // namespace eoa
