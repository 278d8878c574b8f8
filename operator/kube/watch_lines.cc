#include "operator/kube/watch_lines.h"

#include "common/base/json_guard.h"
#include "operator/kube/resource_type.h"

namespace eoa::kube {

Status WatchLines::Hand(std::string_view line) const {
  if (line.empty()) return OkStatus();
  // One object of one user must not stop the watch of all: what is nested deeper than anybody reads is cut off, and
  // the bytes of a line bound its values.
  Result<nlohmann::json> event = ParseJson(
      line,
      {.max_bytes = kMaxLineBytes, .max_depth = kMaxObjectDepth, .max_values = kMaxLineBytes, .cut_deeper = true});
  if (!event.ok()) return DataLossError("a line of the watch is not JSON: " + event.error().message());
  if (!event->is_object()) return DataLossError("a line of the watch is not an object");
  return sink_(*std::move(event));
}

Status WatchLines::Take(std::string_view piece) {
  for (;;) {
    const std::size_t end = piece.find('\n');
    const std::size_t size = rest_.size() + (end == std::string_view::npos ? piece.size() : end);
    if (size > kMaxLineBytes)
      return DataLossError("a line of the watch is longer than " + std::to_string(kMaxLineBytes) + " bytes");
    if (end == std::string_view::npos) {
      rest_ += piece;
      return OkStatus();
    }
    if (rest_.empty()) {
      EOA_RETURN_IF_ERROR(Hand(piece.substr(0, end)));
    } else {
      rest_ += piece.substr(0, end);
      EOA_RETURN_IF_ERROR(Hand(rest_));
      rest_.clear();
    }
    piece.remove_prefix(end + 1);
  }
}

Status WatchLines::Finish() const {
  if (rest_.empty()) return OkStatus();
  return DataLossError("the watch ended within a line");
}

}  // namespace eoa::kube
