#include <openssl/crypto.h>

#include "common/net/http_server.h"

namespace eoa::net {

bool HasBearerToken(const Headers& headers, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  if (token.empty() || headers.Count("Authorization") != 1) return false;
  std::string_view given = headers.Get("Authorization");
  if (!given.starts_with(kScheme)) return false;
  given.remove_prefix(kScheme.size());
  return EqualSecrets(given, token);
}

bool EqualSecrets(std::string_view given, std::string_view secret) {
  return given.size() == secret.size() && ::CRYPTO_memcmp(given.data(), secret.data(), secret.size()) == 0;
}

}  // namespace eoa::net
