#include "operator/kube/base64.h"

#include <gtest/gtest.h>

namespace eoa::kube {
namespace {

TEST(Base64Test, DecodesTheVectorsOfTheStandard) {
  EXPECT_EQ(DecodeBase64(""), "");
  EXPECT_EQ(DecodeBase64("Zg=="), "f");
  EXPECT_EQ(DecodeBase64("Zm8="), "fo");
  EXPECT_EQ(DecodeBase64("Zm9v"), "foo");
  EXPECT_EQ(DecodeBase64("Zm9vYg=="), "foob");
  EXPECT_EQ(DecodeBase64("Zm9v\nYmFy\n"), "foobar");
  EXPECT_EQ(DecodeBase64("AP8="), std::string("\0\xff", 2));
}

TEST(Base64Test, RefusesWhatIsNot) {
  for (const char* wrong : {"Z", "Zg", "Zg=", "Zg===", "Zm8=x", "Z!==", "=", "Zm9v="}) {
    EXPECT_EQ(DecodeBase64(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace eoa::kube
