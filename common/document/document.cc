#include "common/document/document.h"

namespace eoa::api {

bool IsYamlSafe(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    const bool c1 = rest.size() > 1 && rest[0] == '\xc2' && static_cast<unsigned char>(rest[1]) < 0xa0;
    if (c1) return false;
    for (const std::string_view refused :
         {"\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf", "\xef\xbf\xbe", "\xef\xbf\xbf"}) {
      if (rest.starts_with(refused)) return false;
    }
  }
  return true;
}

std::string KindName(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kBoolean:
      return "true or false";
    case Node::Kind::kInteger:
      return "an integer";
    case Node::Kind::kNumber:
      return "a number";
    case Node::Kind::kString:
      return "a string";
    case Node::Kind::kMapping:
      return "a mapping";
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kRefused:
      return "a refused value";
  }
  return "";
}

}  // namespace eoa::api
