// Numbers that nobody can guess, from the kernel: tokens, identities. Never for anything that must be repeatable; that
// is Random (common/base/random.h).
#pragma once

#include <cstddef>
#include <string>

namespace eoa {

// `bytes` random bytes (at most 256) as lower-case hexadecimal digits, two for each.
std::string RandomHex(std::size_t bytes);

}  // namespace eoa
