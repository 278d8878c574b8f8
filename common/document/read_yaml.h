// YAML text to a Node tree that knows its lines (docs/decisions/0002-yaml-events.md).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/document/document.h"
#include "common/document/mistake.h"

namespace eoa::api {

// What the file should hold; messages name it: {"an", "EOAJob"}, {"a", "kubeconfig"}.
struct DocumentKind {
  std::string_view article;
  std::string_view name;
};

struct YamlOutcome {
  std::optional<Node> root;       // empty when the text could not be read to its end
  std::vector<Mistake> mistakes;  // in order of appearance; at most kMaxMistakes
};

// At most kMaxDocumentBytes of text, kMaxDepth levels and kMaxNodes values; time is linear in the text. Exactly one
// document; documents without content are passed over.
YamlOutcome ReadYaml(std::string_view text, const DocumentKind& kind);

}  // namespace eoa::api
