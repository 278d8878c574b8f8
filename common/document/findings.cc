#include "common/document/findings.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/base/utf8.h"

namespace eoa::api {
namespace {

constexpr std::size_t kShownBytes = 80;

// Enough to recognise it.
std::string Shorten(std::string_view value) {
  if (value.size() <= kShownBytes) return std::string(value);
  return std::string(Utf8Prefix(value, kShownBytes)) + "...";
}

bool IsInside(std::string_view inner, std::string_view outer) {
  if (!inner.starts_with(outer)) return false;
  return inner.size() == outer.size() || inner[outer.size()] == '.' || inner[outer.size()] == '[';
}

std::vector<Mistake> Sorted(std::vector<Mistake> mistakes) {
  std::stable_sort(mistakes.begin(), mistakes.end(), [](const Mistake& a, const Mistake& b) {
    return std::tie(a.mark.line, a.mark.column) < std::tie(b.mark.line, b.mark.column);
  });
  return mistakes;
}

}  // namespace

void Findings::Refuse(const std::string& field, std::string_view value, std::string message) {
  RefuseAt(PlaceOf(field), field, value, std::move(message));
}

void Findings::RefuseAt(Mark mark, const std::string& field, std::string_view value, std::string message) {
  if (!full()) mistakes_.push_back({mark, Shorten(field), Shorten(value), std::move(message)});
}

void Findings::Warn(const std::string& field, std::string_view value, std::string message) {
  if (warnings_.size() >= kMaxMistakes) return;
  warnings_.push_back({PlaceOf(field), field, Shorten(value), std::move(message)});
}

bool Findings::AnyWrong(std::initializer_list<std::string_view> fields) const {
  return std::any_of(fields.begin(), fields.end(), [this](std::string_view field) {
    return std::any_of(mistakes_.begin(), mistakes_.end(), [field](const Mistake& mistake) {
      return IsInside(mistake.field, field) || IsInside(field, mistake.field);
    });
  });
}

std::vector<Mistake> Findings::TakeMistakes() { return Sorted(std::exchange(mistakes_, {})); }
std::vector<Mistake> Findings::TakeWarnings() { return Sorted(std::exchange(warnings_, {})); }

Mark Findings::PlaceOf(std::string_view field) const {
  for (;;) {
    if (const auto place = places_.find(field); place != places_.end()) return place->second;
    const std::size_t end = field.find_last_of(".[");
    if (end == std::string_view::npos) break;
    field = field.substr(0, end);
  }
  const auto root = places_.find("");
  return root == places_.end() ? Mark{} : root->second;
}

}  // namespace eoa::api
