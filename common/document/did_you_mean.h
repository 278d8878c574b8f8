// "Did you mean": the allowed word that was probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace eoa::api {

// The candidate that equals `word` but for case, '-' and '_', else the nearest by Damerau-Levenshtein distance (insert,
// delete, replace, swap neighbours) if no more than a third of the letters differ; else an empty string. The first of
// equals wins. Words of more than 64 bytes match nothing.
std::string Closest(std::string_view word, std::span<const std::string> candidates);

}  // namespace eoa::api
