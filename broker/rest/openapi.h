// The OpenAPI 3.1 document of the broker's routes, made of Routes() and of what the messages say of themselves
// (common/codec): whoever changes a message changes it. Made once; thread-safe.
#pragma once

#include <string_view>

namespace eoa::broker {

std::string_view OpenApiDocument();

}  // namespace eoa::broker
