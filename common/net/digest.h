// SHA-256, to recognise a value again, such as a token, without keeping it.
#pragma once

#include <string>
#include <string_view>

namespace eoa::net {

// 32 bytes.
std::string Sha256(std::string_view data);

}  // namespace eoa::net
