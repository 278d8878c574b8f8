// The class of a WebDataset's sample, as its writers store it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace eoa::train {

// How much a member's extension says about the class: .cls (3) more than .json (2), that more than .txt (1); 0 for
// others.
int LabelRank(std::string_view extension);

// `text` of a member with this extension: the class's number in ASCII, from 0, or its name, if `classes` lists it; .json
// holds one of them, or an object with it under "label", "cls", "class", "class_id" or "target". DataLoss for anything
// else. Pure.
Result<std::int32_t> ParseWebLabel(std::string_view extension, std::string_view text,
                                   const std::vector<std::string>& classes);

}  // namespace eoa::train
