// Why an HTTP request is refused: `reason` of a problem+json answer (docs/protocol.md). For programs; the meaning of
// one does not change. A newer peer may give others: what reads them takes a reason that it does not know by the
// status.
#pragma once

#include "common/words/word.h"

namespace eoa {

enum class Refusal {
  // the broker
  kInvalidBody,
  kInvalidQuery,
  kUnauthorized,
  kWrongPod,
  kNotFound,
  kUnknownJob,
  kUnknownPopulation,
  kUnknownPod,
  kMethodNotAllowed,
  kStaleAttempt,
  kNotJoined,
  kPopulationEnded,
  kWrongGeneration,
  kConflictingReport,
  kUnusableReport,
  kTooManyRequests,
  kUnavailable,
  // any server, before a route sees the request
  kMalformedRequest,
  kExpectationFailed,
  kHeadersTooLarge,
  kBodyTooLarge,
  kUnknownTransferEncoding,
  kInternal,
  // an agent's weights
  kInvalidPath,
  kNotReady,
  kGone,
};
constexpr auto WordsOf(Refusal) {
  return Words<Refusal>("InvalidBody", "InvalidQuery", "Unauthorized", "WrongPod", "NotFound", "UnknownJob",
                        "UnknownPopulation", "UnknownPod", "MethodNotAllowed", "StaleAttempt", "NotJoined",
                        "PopulationEnded", "WrongGeneration", "ConflictingReport", "UnusableReport", "TooManyRequests",
                        "Unavailable", "MalformedRequest", "ExpectationFailed", "HeadersTooLarge", "BodyTooLarge",
                        "UnknownTransferEncoding", "Internal", "InvalidPath", "NotReady", "Gone");
}

}  // namespace eoa
