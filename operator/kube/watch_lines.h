// WatchLines: the body of a watch, in pieces of any size, as one JSON value for each line.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"

namespace eoa::kube {

// Thread-safety: none.
class WatchLines {
 public:
  static constexpr std::size_t kMaxLineBytes = std::size_t{8} << 20;

  explicit WatchLines(std::function<Status(nlohmann::json event)> sink) : sink_(std::move(sink)) {}

  // Hands every line that is whole to the sink. DataLoss for one that is too long or not a JSON object; the sink's
  // error otherwise.
  Status Take(std::string_view piece);

  // The body ended: DataLoss when it did so within a line.
  Status Finish() const;

 private:
  Status Hand(std::string_view line) const;

  std::function<Status(nlohmann::json event)> sink_;
  std::string rest_;
};

}  // namespace eoa::kube
