// report.html: one file that shows a run without anything from elsewhere. Pure.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace eoa::report {

// The page that shows ReportData(). Nothing in the data can become part of the page but as text.
std::string ReportPage(const nlohmann::ordered_json& data);

}  // namespace eoa::report
