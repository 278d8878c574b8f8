// Base64 (RFC 4648, section 4), as kubeconfig files hold certificates. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eoa::kube {

// Nothing for what is not base64; line breaks are passed over.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace eoa::kube
