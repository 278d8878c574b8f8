// UTF-8, as far as it must be told from other bytes, and cut between its characters.
#pragma once

#include <cstddef>
#include <string_view>

namespace eoa {

// How many bytes the character has that `text`, which is not empty, begins with. 0: it begins with none, be it cut
// short, overlong, a surrogate, or above U+10FFFF.
std::size_t Utf8Length(std::string_view text);

bool IsUtf8(std::string_view text);

// The beginning of `text`: at most `most` bytes, and no character is cut.
std::string_view Utf8Prefix(std::string_view text, std::size_t most);

}  // namespace eoa
