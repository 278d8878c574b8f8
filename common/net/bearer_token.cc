#include <openssl/crypto.h>

#include "common/net/http_server.h"

namespace eoa::net {

std::string_view BearerToken(const Headers& headers) {
  constexpr std::string_view kScheme = "Bearer ";
  if (headers.Count("Authorization") != 1) return {};
  const std::string_view given = headers.Get("Authorization");
  return given.starts_with(kScheme) ? given.substr(kScheme.size()) : std::string_view();
}

bool HasBearerToken(const Headers& headers, std::string_view token) {
  return !token.empty() && EqualSecrets(BearerToken(headers), token);
}

bool EqualSecrets(std::string_view given, std::string_view secret) {
  return given.size() == secret.size() && ::CRYPTO_memcmp(given.data(), secret.data(), secret.size()) == 0;
}

}  // namespace eoa::net
