// The CustomResourceDefinition as a value. tests/integration/crd has a real API server judge jobs by it.
#include "common/crd/crd.h"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_guard.h"
#include "common/crd/crd_parts.h"

namespace eoa::api {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

Json Version() { return CustomResourceDefinition()["spec"]["versions"][0]; }
Json Root() { return Version()["schema"]["openAPIV3Schema"]; }

// Calls `visit` for a schema and all below it; `path` is as in "spec.populations[].name".
void Walk(const Json& schema, const std::string& path,
          const std::function<void(const Json&, const std::string&)>& visit) {
  visit(schema, path);
  if (schema.contains("properties")) {
    for (const auto& [name, inner] : schema["properties"].items()) {
      Walk(inner, path.empty() ? name : path + "." + name, visit);
    }
  }
  if (schema.contains("items")) Walk(schema["items"], path + "[]", visit);
}

const Json* At(const Json& schema, const std::string& path) {
  const Json* at = &schema;
  for (std::size_t from = 1; from <= path.size();) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    const std::string name = path.substr(from, dot - from);
    if (!at->contains("properties") || !(*at)["properties"].contains(name)) return nullptr;
    at = &(*at)["properties"][name];
    from = dot + 1;
  }
  return at;
}

TEST(CustomResourceDefinition, BoundsEveryTextAndListOfTheSpecSoThatRulesCostLittle) {
  int bounded = 0;
  Walk(Root()["properties"]["spec"], "spec", [&](const Json& schema, const std::string& path) {
    const std::string type = schema.value("type", "");
    const bool bound = schema.contains("maxLength") || schema.contains("enum") || schema.contains("maxItems");
    EXPECT_TRUE((type != "string" && type != "array") || bound) << path;
    bounded += type == "string" || type == "array" ? 1 : 0;
  });
  EXPECT_GT(bounded, 20);
}

TEST(CustomResourceDefinition, NamesFieldsThatThereAreInTheAnswersOfItsRules) {
  int rules = 0;
  Walk(Root(), "", [&](const Json& schema, const std::string& path) {
    for (const Json& rule : schema.value("x-kubernetes-validations", Json::array())) {
      ++rules;
      EXPECT_FALSE(rule["message"].get<std::string>().empty()) << rule["rule"];
      EXPECT_NE(At(schema, rule.value("fieldPath", "")), nullptr) << path << rule["rule"];
    }
  });
  // Those of job_rules.cc, of what is immutable, of templates, and managedBy's.
  EXPECT_EQ(rules, 28 + 5 + 2 + 1 + 1);
}

TEST(CustomResourceDefinition, HasColumnsThatReadFieldsOfTheSchema) {
  const Json version = Version();
  const Json root = Root();
  for (const Json& column : version["additionalPrinterColumns"]) {
    const std::string path = column["jsonPath"];
    if (path.starts_with(".metadata.")) continue;
    const Json* field = At(root, path);
    ASSERT_NE(field, nullptr) << path;
    EXPECT_EQ((*field)["type"], column["type"]) << path;
  }
}

TEST(CustomResourceDefinition, ScalesTheJobAsAWhole) {
  const Json scale = Version()["subresources"]["scale"];
  for (const auto& [name, path] : scale.items()) EXPECT_NE(At(Root(), path), nullptr) << name;
  const Json replicas = *At(Root(), scale["specReplicasPath"]);
  EXPECT_EQ(replicas["minimum"], 0);
  EXPECT_EQ(replicas["maximum"], 1);
  EXPECT_EQ(replicas["default"], 1);
}

TEST(CustomResourceDefinition, IsSmallEnoughForTheAnnotationOfKubectlApply) {
  EXPECT_LT(DumpJson(CustomResourceDefinition()).size(), std::size_t{128} << 10);
}

TEST(CustomResourceDefinition, SaysWhatIsImmutableOfTheWholeObjectSinceOnlyThereRulesSeeTheStatus) {
  std::vector<std::string> fields;
  for (const CelRule& rule : CelRulesAt("")) {
    if (rule.message.starts_with("is immutable")) fields.push_back(rule.field_path);
  }
  EXPECT_THAT(fields, testing::ElementsAre(".spec.seed", ".spec.trainer", ".spec.ecosphere", ".spec.populations",
                                           ".spec.checkpoint"));
  EXPECT_THAT(CelRulesAt("")[1].rule, HasSubstr("has(oldSelf.status.startTime)"));
  EXPECT_TRUE(CelRulesAt("spec.nothing").empty());
}

}  // namespace
}  // namespace eoa::api
