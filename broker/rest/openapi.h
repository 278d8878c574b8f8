// The OpenAPI 3.1 document of the broker's routes: broker/rest/openapi.json, built into the program.
#pragma once

#include <string_view>

namespace eoa::broker {

std::string_view OpenApiDocument();

}  // namespace eoa::broker
