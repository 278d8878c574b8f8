// Numbers as people write them in job files: "0.0005", "10", "1e-08".
#pragma once

#include <string>

namespace eoa::api {

// The shortest decimal text that reads back as the same double, without an exponent from 1e-6 up to 1e15.
std::string PlainNumber(double value);

}  // namespace eoa::api
