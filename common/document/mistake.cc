#include "common/document/mistake.h"

#include "common/base/json_guard.h"

namespace eoa::api {
namespace {

// As a JSON string prints it, without the quotes: control characters, invalid UTF-8 and DEL cannot get through.
std::string Escape(const std::string& text) {
  const std::string quoted = DumpJson(nlohmann::json(text));
  std::string escaped;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] == '\\' && quoted[i + 1] == '"') continue;
    escaped += quoted[i];
  }
  return escaped;
}

}  // namespace

std::string ToString(const Mistake& mistake, std::string_view file) {
  std::string text(file);
  if (mistake.mark.line > 0) {
    text += ":" + std::to_string(mistake.mark.line) + ":" + std::to_string(mistake.mark.column);
  }
  if (!text.empty()) text += ": ";
  if (!mistake.field.empty()) text += Escape(mistake.field) + ": ";
  if (!mistake.value.empty()) text += "value '" + Escape(mistake.value) + "': ";
  return text + Escape(mistake.message);
}

}  // namespace eoa::api
