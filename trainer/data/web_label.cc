#include "trainer/data/web_label.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "common/base/json_guard.h"
#include "common/base/number.h"
#include "trainer/data/class_names.h"

namespace eoa::train {
namespace {

Error NoLabel() {
  return DataLossError("expected the class's number, 0 to " + std::to_string(kMaxClasses - 1) +
                       ", or a name that classes.txt lists");
}

Result<std::int32_t> FromText(std::string_view text, const std::vector<std::string>& classes) {
  constexpr std::string_view kBlank = " \r\n\t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  text = text.substr(0, text.find_last_not_of(kBlank) + 1);
  if (const auto number = ParseInteger(text); number.ok()) {
    if (*number < 0 || *number >= kMaxClasses) return NoLabel();
    return static_cast<std::int32_t>(*number);
  }
  const auto found = std::ranges::find(classes, text);
  if (found == classes.end()) return NoLabel();
  return static_cast<std::int32_t>(found - classes.begin());
}

}  // namespace

int LabelRank(std::string_view extension) {
  return extension == ".cls" ? 3 : extension == ".json" ? 2 : extension == ".txt" ? 1 : 0;
}

Result<std::int32_t> ParseWebLabel(std::string_view extension, std::string_view text,
                                   const std::vector<std::string>& classes) {
  if (extension != ".json") return FromText(text, classes);
  const Result<nlohmann::json> json = ParseJson(std::string(text));
  if (!json.ok()) return DataLossError("no JSON: " + json.error().message());
  const nlohmann::json* label = &*json;
  if (json->is_object()) {
    constexpr std::array kKeys{"label", "cls", "class", "class_id", "target"};
    const auto* const key = std::ranges::find_if(kKeys, [&](const char* name) { return json->contains(name); });
    if (key == kKeys.end()) {
      return DataLossError("its JSON has none of label, cls, class, class_id and target; expected the class there");
    }
    label = &json->at(*key);
  }
  if (label->is_string()) return FromText(label->get<std::string>(), classes);
  return FromText(label->dump(), {});
}

}  // namespace eoa::train
