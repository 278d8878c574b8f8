// Where the programs lie that this one starts.
#pragma once

#include <string>

namespace eoa {

// `given`, or the program of this name beside the running one.
std::string BesideThisProgram(const std::string& given, const char* name);

}  // namespace eoa
