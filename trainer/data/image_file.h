// What counts as an image file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace eoa::train {

// A bound on what one record can make the trainer allocate.
inline constexpr std::uint64_t kMaxImageFileBytes = std::uint64_t{64} << 20;

// For messages.
inline constexpr std::string_view kImageEndings = ".jpg, .jpeg, .png, .webp or .gif";

// From the last dot of the last part of a path, in small letters: ".jpg". Empty when there is none.
std::string LowerCaseEnding(std::string_view path);

// .jpg, .jpeg, .png, .webp and .gif, in capitals too.
bool HasImageEnding(std::string_view path);

}  // namespace eoa::train
