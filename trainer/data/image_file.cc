#include "trainer/data/image_file.h"

#include <algorithm>
#include <array>

namespace eoa::train {

std::string LowerCaseEnding(std::string_view path) {
  path.remove_prefix(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return "";
  std::string ending(path.substr(dot));
  std::ranges::transform(ending, ending.begin(),
                         [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return ending;
}

bool HasImageEnding(std::string_view path) {
  constexpr std::array<std::string_view, 5> kImages{".jpg", ".jpeg", ".png", ".webp", ".gif"};
  return std::ranges::find(kImages, LowerCaseEnding(path)) != kImages.end();
}

}  // namespace eoa::train
