// SHA-256, for what must be recognised again without being kept, as tokens.
#pragma once

#include <string>
#include <string_view>

namespace eoa::net {

// 32 bytes.
std::string Sha256(std::string_view data);

}  // namespace eoa::net
