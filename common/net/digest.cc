#include "common/net/digest.h"

#include <openssl/evp.h>

#include <array>

#include "common/base/check.h"

namespace eoa::net {

std::string Sha256(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int done = ::EVP_Digest(data.data(), data.size(), digest.data(), &size, ::EVP_sha256(), nullptr);
  EOA_CHECK(done == 1, "SHA-256 failed");
  return {digest.begin(), digest.begin() + size};
}

}  // namespace eoa::net
