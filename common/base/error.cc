#include "common/base/error.h"

#include <cerrno>
#include <system_error>

namespace eoa {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kCancelled:
      return "CANCELLED";
    case ErrorCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case ErrorCode::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case ErrorCode::kNotFound:
      return "NOT_FOUND";
    case ErrorCode::kAlreadyExists:
      return "ALREADY_EXISTS";
    case ErrorCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    case ErrorCode::kUnauthenticated:
      return "UNAUTHENTICATED";
    case ErrorCode::kResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case ErrorCode::kFailedPrecondition:
      return "FAILED_PRECONDITION";
    case ErrorCode::kAborted:
      return "ABORTED";
    case ErrorCode::kOutOfRange:
      return "OUT_OF_RANGE";
    case ErrorCode::kUnimplemented:
      return "UNIMPLEMENTED";
    case ErrorCode::kInternal:
      return "INTERNAL";
    case ErrorCode::kUnavailable:
      return "UNAVAILABLE";
    case ErrorCode::kDataLoss:
      return "DATA_LOSS";
  }
  return "UNKNOWN";
}

Error Error::WithContext(std::string_view context) && {
  message_ = std::string(context) + ": " + message_;
  return std::move(*this);
}

std::string Error::ToString() const { return std::string(ErrorCodeName(code_)) + ": " + message_; }

Error CancelledError(std::string message) { return {ErrorCode::kCancelled, std::move(message)}; }
Error InvalidArgumentError(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }
Error DeadlineExceededError(std::string message) { return {ErrorCode::kDeadlineExceeded, std::move(message)}; }
Error NotFoundError(std::string message) { return {ErrorCode::kNotFound, std::move(message)}; }
Error AlreadyExistsError(std::string message) { return {ErrorCode::kAlreadyExists, std::move(message)}; }
Error UnauthenticatedError(std::string message) { return {ErrorCode::kUnauthenticated, std::move(message)}; }
Error ResourceExhaustedError(std::string message) { return {ErrorCode::kResourceExhausted, std::move(message)}; }
Error FailedPreconditionError(std::string message) { return {ErrorCode::kFailedPrecondition, std::move(message)}; }
Error AbortedError(std::string message) { return {ErrorCode::kAborted, std::move(message)}; }
Error InternalError(std::string message) { return {ErrorCode::kInternal, std::move(message)}; }
Error UnavailableError(std::string message) { return {ErrorCode::kUnavailable, std::move(message)}; }
Error DataLossError(std::string message) { return {ErrorCode::kDataLoss, std::move(message)}; }

Error ErrnoError(int error_number, std::string_view what) {
  ErrorCode code = ErrorCode::kInternal;
  switch (error_number) {
    case ENOENT:
    case ESRCH:
      code = ErrorCode::kNotFound;
      break;
    case EEXIST:
    case EADDRINUSE:
      code = ErrorCode::kAlreadyExists;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = ErrorCode::kPermissionDenied;
      break;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EFBIG:
      code = ErrorCode::kResourceExhausted;
      break;
    case ETIMEDOUT:
      code = ErrorCode::kDeadlineExceeded;
      break;
    case EAGAIN:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case EHOSTUNREACH:
    case ENETUNREACH:
      code = ErrorCode::kUnavailable;
      break;
    case ENOTDIR:
    case EISDIR:
    case EINVAL:
    case ENAMETOOLONG:
      code = ErrorCode::kInvalidArgument;
      break;
    case EIO:
      code = ErrorCode::kDataLoss;
      break;
    default:
      break;
  }
  return {code, std::string(what) + ": " + std::generic_category().message(error_number)};
}

}  // namespace eoa
