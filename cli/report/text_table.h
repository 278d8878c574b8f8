// Tables for terminals. Pure.
#pragma once

#include <string>
#include <vector>

namespace eoa::report {

// A line for each row; columns, as many as the first row has, are aligned by two spaces and more. Text is UTF-8.
std::string TextTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace eoa::report
