// docs/api.md: the reference of the job file for its users, written from the schema so that the two cannot differ.
#pragma once

#include <string>

namespace eoa::api {

// The whole document, Markdown.
std::string ApiReference();

}  // namespace eoa::api
