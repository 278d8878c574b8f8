#include "common/base/entropy.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "common/base/check.h"
#include "common/base/error.h"

namespace eoa {

std::string RandomHex(std::size_t bytes) {
  std::array<unsigned char, 256> noise{};
  EOA_CHECK(bytes <= noise.size(), "too many random bytes");
  // Up to 256 bytes come whole and without interruption (getrandom(2)).
  EOA_CHECK(::getrandom(noise.data(), bytes, 0) == static_cast<ssize_t>(bytes),
            ErrnoError(errno, "getrandom").ToString());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) {
    text += kDigits[noise[i] >> 4];
    text += kDigits[noise[i] & 0xf];
  }
  return text;
}

}  // namespace eoa
