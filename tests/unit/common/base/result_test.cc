#include "common/base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

namespace eoa {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return InvalidArgumentError(std::to_string(value) + " is odd");
  return value / 2;
}

Result<int> Quarter(int value) {
  EOA_ASSIGN_OR_RETURN(const int half, Half(value));
  EOA_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status CheckEven(int value) {
  EOA_RETURN_IF_ERROR(Half(value));
  return OkStatus();
}

TEST(Result, HoldsAValueOrTheReasonWhyThereIsNone) {
  EXPECT_EQ(*Half(4), 2);
  ASSERT_FALSE(Half(3).ok());
  EXPECT_EQ(Half(3).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Half(3).error().message(), "3 is odd");
}

// Why a visitor is turned away, in a form of its own.
struct Refusal {
  int status = 0;
  std::string ToString() const { return std::to_string(status); }
};

Result<void, Refusal> CheckAge(int age) {
  if (age < 18) return Refusal{403};
  return {};
}

Result<std::string, Refusal> Admit(int age) {
  EOA_RETURN_IF_ERROR(CheckAge(age));
  EOA_ASSIGN_OR_RETURN(const std::string drink, (Result<std::string, Refusal>("tea")));
  return drink;
}

TEST(Result, TellsWhyInAnotherFormThroughTheSameMacros) {
  EXPECT_EQ(*Admit(18), "tea");
  ASSERT_FALSE(Admit(17).ok());
  EXPECT_EQ(Admit(17).error().status, 403);
}

TEST(Result, MacrosReturnTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).error().message(), "3 is odd");
  EXPECT_TRUE(CheckEven(2).ok());
  EXPECT_EQ(CheckEven(5).error().message(), "5 is odd");
}

TEST(Result, CarriesValuesThatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);
}

TEST(ResultDeathTest, TheValueOfAFailureEndsTheProcessWithItsText) {
  EXPECT_DEATH((void)*Half(3), "INVALID_ARGUMENT: 3 is odd");
  EXPECT_DEATH((void)Half(4).error(), "holds a value");
  EXPECT_DEATH((void)OkStatus().error(), "is ok");
}

TEST(Error, ContextsComeOutermostFirst) {
  const Error error = NotFoundError("no such file").WithContext("reading job.yaml").WithContext("starting");
  EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  EXPECT_EQ(error.message(), "starting: reading job.yaml: no such file");
  EXPECT_EQ(error.ToString(), "NOT_FOUND: starting: reading job.yaml: no such file");
}

TEST(Error, CodesOfSystemCallsSayWhatToDoNext) {
  EXPECT_EQ(ErrnoError(ENOENT, "opening x").code(), ErrorCode::kNotFound);
  EXPECT_EQ(ErrnoError(EEXIST, "making x").code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(ErrnoError(ENOSPC, "writing x").code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(ErrnoError(EACCES, "opening x").code(), ErrorCode::kPermissionDenied);
  EXPECT_EQ(ErrnoError(ETIMEDOUT, "connecting").code(), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(ErrnoError(ENOENT, "opening x").message().rfind("opening x: ", 0), 0U);
}

TEST(Error, EveryCodeHasANameOfItsOwn) {
  EXPECT_EQ(ErrorCodeName(ErrorCode::kCancelled), "CANCELLED");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kUnavailable), "UNAVAILABLE");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kDataLoss), "DATA_LOSS");
}

}  // namespace
}  // namespace eoa
