// Why a request is refused: status, a reason for programs that never changes, and a sentence for people
// (docs/protocol.md lists the reasons).
#pragma once

#include <string>
#include <utility>

#include "common/base/result.h"
#include "common/messages/messages.h"

namespace eoa::broker {

// An answer, or why there is none; Answer<void>: whether the request is taken.
template <typename T>
using Answer = Result<T, api::Problem>;

inline api::Problem Refuse(int status, Refusal reason, std::string detail) {
  return {.status = status, .reason = reason, .detail = std::move(detail)};
}

}  // namespace eoa::broker
