// Error: why an operation failed, as a value.
//
// A code for programs to branch on, a message for people, and the context that callers added on the way up. The codes
// are the canonical ones of gRPC and Abseil, so that their meaning is known to most readers.
// Thread-safety: a plain value.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace eoa {

enum class ErrorCode {
  kCancelled,           // the caller asked to stop
  kInvalidArgument,     // wrong whatever the state of the system is: a user's or a caller's mistake
  kDeadlineExceeded,    // the outcome is unknown: the work may still happen
  kNotFound,            //
  kAlreadyExists,       //
  kPermissionDenied,    // known caller, not allowed
  kUnauthenticated,     // unknown caller
  kResourceExhausted,   // a bound was hit: memory, disk, size limit, quota
  kFailedPrecondition,  // not now: the system must change first, a retry alone does not help
  kAborted,             // lost a race or superseded (a newer attempt exists): start over at a higher level
  kOutOfRange,          // past the end
  kUnimplemented,       // not in this build
  kInternal,            // an invariant broke: a bug
  kUnavailable,         // a retry may help
  kDataLoss,            // stored or received data is corrupt
};

// "INVALID_ARGUMENT" and so on; stable, used in logs, metrics labels and problem+json.
std::string_view ErrorCodeName(ErrorCode code);

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }

  // The innermost message, preceded by the contexts, outermost first: "reading job.yaml: no such file".
  const std::string& message() const { return message_; }

  // Returns this error with `context` put in front: what the caller was doing.
  Error WithContext(std::string_view context) &&;

  // "NOT_FOUND: reading job.yaml: no such file".
  std::string ToString() const;

 private:
  ErrorCode code_;
  std::string message_;
};

Error CancelledError(std::string message);
Error InvalidArgumentError(std::string message);
Error DeadlineExceededError(std::string message);
Error NotFoundError(std::string message);
Error AlreadyExistsError(std::string message);
Error UnauthenticatedError(std::string message);
Error ResourceExhaustedError(std::string message);
Error FailedPreconditionError(std::string message);
Error AbortedError(std::string message);
Error InternalError(std::string message);
Error UnavailableError(std::string message);
Error DataLossError(std::string message);

// The error for a failed system call: `what` and the errno's text; the code follows from the errno
// (ENOENT: NotFound, ENOSPC: ResourceExhausted, EACCES: PermissionDenied, ETIMEDOUT: DeadlineExceeded, ...).
Error ErrnoError(int error_number, std::string_view what);

}  // namespace eoa
