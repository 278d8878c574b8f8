#include "common/codec/codec.h"

#include "common/codec/describer.h"
#include "common/codec/reader.h"
#include "common/codec/writer.h"

namespace eoa::codec {

using nlohmann::json;
using nlohmann::ordered_json;

json WriteObject(const Walk& walk) {
  json object;
  Writer<json> writer(object);
  walk(writer);
  return object;
}

ordered_json WriteOrderedObject(const Walk& walk) {
  ordered_json object;
  Writer<ordered_json> writer(object);
  walk(writer);
  return object;
}

Status ReadObject(const json& document, const Walk& walk) {
  Reader reader(document);
  walk(reader);
  if (reader.error()) return *reader.error();
  return OkStatus();
}

bool ReadAlternative(const json& document, const Walk& walk, Status& status) {
  Reader reader(document);
  walk(reader);
  if (reader.error()) status = *reader.error();
  return !reader.other_kind();
}

Error UnknownKind(const json& document, std::string_view where) {
  return InvalidArgumentError(std::string(where) + ".type '" + document.value("type", "") +
                              "' is not known to this version");
}

void ReadTolerantly(const json& document, const Walk& walk) {
  Reader reader(document, Reader::Mode::kTolerant);
  walk(reader);
}

ordered_json DescribeObject(ordered_json& schemas, const Walk& walk) {
  Describer describer(schemas);
  walk(describer);
  return describer.Take();
}

}  // namespace eoa::codec
