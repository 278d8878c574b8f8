#include "cli/report/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace eoa::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReportPage, TextOfTheDataCannotEndItsElement) {
  const std::string page = ReportPage({{"name", "</title><b>"}, {"job", "</script><script>alert(1)</script><!--"}});
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(page, HasSubstr(R"(\u003c/script>\u003cscript>alert(1))"));
  EXPECT_THAT(page, HasSubstr("<title>&lt;/title>&lt;b> - EOA</title>"));
}

TEST(ReportPage, HoldsAllItNeedsAndMayFetchNothing) {
  const std::string page = ReportPage({{"name", "a"}});
  EXPECT_TRUE(page.find("Apache Software Foundation") != std::string::npos);
  EXPECT_TRUE(page.find("default-src 'none'") != std::string::npos);
  EXPECT_TRUE(page.find("<script src") == std::string::npos);
  EXPECT_TRUE(page.find("<link") == std::string::npos);
}

}  // namespace
}  // namespace eoa::report
