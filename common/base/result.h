// Result<T>: either a value or the Error that says why there is none. Status is the Result of work without a value.
// Result<T, E> tells why in another form: E has a ToString() for the process's last words (the broker's api::Problem).
//
//   Result<Job> job = ReadJob(path);
//   if (!job.ok()) return std::move(job).error().WithContext("starting");
//   Use(*job);
//
// EOA_ASSIGN_OR_RETURN and EOA_RETURN_IF_ERROR shorten the common case. Reading the value of a failed Result is a bug
// and ends the process with the error's text. Thread-safety: a plain value.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/base/check.h"
#include "common/base/error.h"

namespace eoa {

template <typename T, typename E = Error>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }

  const T& value() const& {
    CheckHasValue();
    return *std::get_if<0>(&state_);
  }
  T& value() & {
    CheckHasValue();
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    CheckHasValue();
    return std::move(*std::get_if<0>(&state_));
  }

  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  // Only when !ok().
  const E& error() const& {
    EOA_CHECK(!ok(), "error() of a Result that holds a value");
    return *std::get_if<1>(&state_);
  }
  E&& error() && {
    EOA_CHECK(!ok(), "error() of a Result that holds a value");
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  void CheckHasValue() const {
    if (!ok()) CheckFailed(__FILE__, __LINE__, "Result::ok()", std::get_if<1>(&state_)->ToString());
  }

  std::variant<T, E> state_;
};

template <typename E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  Result(E error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !error_.has_value(); }

  // Only when !ok().
  const E& error() const& {
    EOA_CHECK(!ok(), "error() of a Status that is ok");
    return *error_;
  }
  E&& error() && {
    EOA_CHECK(!ok(), "error() of a Status that is ok");
    return std::move(*error_);
  }

 private:
  std::optional<E> error_;
};

using Status = Result<void>;

inline Status OkStatus() { return {}; }

}  // namespace eoa

#define EOA_CONCAT_INNER(a, b) a##b
#define EOA_CONCAT(a, b) EOA_CONCAT_INNER(a, b)

// Returns from the calling function with the error of `expression` (a Status or Result), if it failed.
#define EOA_RETURN_IF_ERROR(expression)                     \
  do {                                                      \
    if (auto eoa_status = (expression); !eoa_status.ok()) { \
      return std::move(eoa_status).error();                 \
    }                                                       \
  } while (false)

// NOLINTBEGIN(bugprone-macro-parentheses): `lhs` may be a declaration, which cannot stand in parentheses.
// EOA_ASSIGN_OR_RETURN(auto text, ReadText(path)): declares or assigns, or returns with the error.
#define EOA_ASSIGN_OR_RETURN(lhs, expression) \
  EOA_ASSIGN_OR_RETURN_INNER(EOA_CONCAT(eoa_result_, __LINE__), lhs, expression)
#define EOA_ASSIGN_OR_RETURN_INNER(name, lhs, expression) \
  auto name = (expression);                               \
  if (!name.ok()) return std::move(name).error();         \
  lhs = std::move(name).value()
// NOLINTEND(bugprone-macro-parentheses)
