#include "common/document/json_document.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "common/base/number.h"

namespace eoa::api {
namespace {

using nlohmann::json;

Status Convert(const json& value, int depth, std::size_t& nodes, Node& node) {
  if (value.is_structured() && depth > kMaxDepth) {
    return ResourceExhaustedError("nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  if (++nodes > kMaxNodes) return ResourceExhaustedError("more than " + std::to_string(kMaxNodes) + " values");
  switch (value.type()) {
    case json::value_t::boolean:
      node.kind = Node::Kind::kBoolean;
      node.boolean = value.get<bool>();
      node.text = node.boolean ? "true" : "false";
      break;
    case json::value_t::number_unsigned:
      if (value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
        node.kind = Node::Kind::kNumber;
        node.number = value.get<double>();
        node.text = FormatNumber(node.number);
        break;
      }
      [[fallthrough]];
    case json::value_t::number_integer:
      node.kind = Node::Kind::kInteger;
      node.integer = value.get<std::int64_t>();
      node.number = static_cast<double>(node.integer);
      node.text = std::to_string(node.integer);
      break;
    case json::value_t::number_float:
      node.kind = Node::Kind::kNumber;
      node.number = value.get<double>();
      node.text = FormatNumber(node.number);
      if (!std::isfinite(node.number)) return InvalidArgumentError("a number is not finite");
      break;
    case json::value_t::string:
      node.kind = Node::Kind::kString;
      node.text = value.get<std::string>();
      if (!IsYamlSafe(node.text)) return InvalidArgumentError("a string holds a control character");
      break;
    case json::value_t::array:
      node.kind = Node::Kind::kSequence;
      for (const json& item : value) {
        EOA_RETURN_IF_ERROR(Convert(item, depth + 1, nodes, node.items.emplace_back()));
      }
      break;
    case json::value_t::object:
      node.kind = Node::Kind::kMapping;
      for (const auto& [key, item] : value.items()) {
        if (key.size() > kMaxKeyBytes || !IsYamlSafe(key))
          return InvalidArgumentError("a field's name is too long or unprintable");
        Entry& entry = node.entries.emplace_back();
        entry.key = key;
        EOA_RETURN_IF_ERROR(Convert(item, depth + 1, nodes, entry.value));
      }
      break;
    default:
      break;
  }
  return OkStatus();
}

}  // namespace

Result<Node> NodeFromJson(const json& document) {
  Node node;
  std::size_t nodes = 0;
  EOA_RETURN_IF_ERROR(Convert(document, 1, nodes, node));
  return node;
}

nlohmann::ordered_json NodeToJson(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kBoolean:
      return node.boolean;
    case Node::Kind::kInteger:
      return node.integer;
    case Node::Kind::kNumber: {
      constexpr double kEnd = 9223372036854775808.0;  // of 64-bit integers
      const bool whole = node.number >= -kEnd && node.number < kEnd && node.number == std::trunc(node.number);
      return whole ? nlohmann::ordered_json(static_cast<std::int64_t>(node.number))
                   : nlohmann::ordered_json(node.number);
    }
    case Node::Kind::kString:
      return node.text;
    case Node::Kind::kMapping: {
      nlohmann::ordered_json object = nlohmann::ordered_json::object();
      for (const Entry& entry : node.entries) object[entry.key] = NodeToJson(entry.value);
      return object;
    }
    case Node::Kind::kSequence: {
      nlohmann::ordered_json list = nlohmann::ordered_json::array();
      for (const Node& item : node.items) list.push_back(NodeToJson(item));
      return list;
    }
    case Node::Kind::kNull:
    case Node::Kind::kRefused:
      break;
  }
  return nullptr;
}

}  // namespace eoa::api
