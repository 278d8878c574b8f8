// What may stand in a header, so that no value can forge a second one (RFC 9110, 5.1 and 5.5).
#pragma once

#include <string_view>

namespace eoa::net {

// A token: letters, digits and !#$%&'*+-.^_`|~; not empty.
bool IsHeaderName(std::string_view name);

// No control characters but the tab.
bool IsHeaderValue(std::string_view value);

}  // namespace eoa::net
