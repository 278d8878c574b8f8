// What counts as an image file.
#pragma once

#include <cstdint>
#include <string_view>

namespace eoa::train {

// A bound on what one record can make the trainer allocate.
inline constexpr std::uint64_t kMaxImageFileBytes = std::uint64_t{64} << 20;

// .jpg, .jpeg and .png, in capitals too.
bool HasImageExtension(std::string_view name);

}  // namespace eoa::train
