// TemporaryDirectory: a directory of its own for one test, so that tests may run at the same time. Removed with all it
// holds by the destructor.
#pragma once

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX

#include <string>

#include <gtest/gtest.h>

#include "common/base/check.h"
#include "common/base/file_system.h"

namespace eoa {

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(::testing::TempDir() + "eoa-test-XXXXXX") {
    EOA_CHECK(::mkdtemp(path_.data()) != nullptr, "mkdtemp");
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { (void)RealFileSystem().Remove(path_).ok(); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace eoa
