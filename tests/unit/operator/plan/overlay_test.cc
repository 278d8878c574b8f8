#include "operator/plan/overlay.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace eoa::plan {
namespace {

using nlohmann::json;

json OfTrainer(const json& container) {
  json trainer = container;
  trainer["name"] = "trainer";
  return {{"spec", {{"containers", json::array({trainer})}}}};
}

json Overlaid(const char* base, const char* overlay) {
  return OverlayTemplates(OfTrainer(json::parse(base)), OfTrainer(json::parse(overlay)))["spec"]["containers"][0];
}

TEST(Overlay, MergesMountsByTheirPath) {
  const json trainer = Overlaid(R"({"volumeMounts": [{"name": "data", "mountPath": "/a", "subPath": "a"}]})",
                                R"({"volumeMounts": [{"name": "data", "mountPath": "/b", "subPath": "b"},
                                    {"name": "more", "mountPath": "/a", "readOnly": true}]})");
  EXPECT_EQ(trainer["volumeMounts"], json::parse(R"([
    {"name": "more", "mountPath": "/a", "subPath": "a", "readOnly": true},
    {"name": "data", "mountPath": "/b", "subPath": "b"}])"));
}

TEST(Overlay, MergesPortsByTheirNumber) {
  const json trainer = Overlaid(R"({"ports": [{"containerPort": 80}, {"containerPort": 81, "name": "b"}]})",
                                R"({"ports": [{"containerPort": 80, "name": "a"}]})");
  EXPECT_EQ(trainer["ports"],
            json::parse(R"([{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "b"}])"));
}

TEST(Overlay, AVariablesValueGivesWayToAReferenceAndTheOtherWayRound) {
  const char* value = R"({"env": [{"name": "KEY", "value": "off"}]})";
  const char* secret = R"({"env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]})";
  const char* field = R"({"env": [{"name": "KEY", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]})";
  EXPECT_EQ(Overlaid(value, secret)["env"], json::parse(secret)["env"]);
  EXPECT_EQ(Overlaid(secret, value)["env"], json::parse(value)["env"]);
  EXPECT_EQ(Overlaid(secret, field)["env"], json::parse(field)["env"]);
}

TEST(Overlay, AVolumesSourceGivesWayToAnother) {
  const auto volumes = [](const char* text) { return json{{"spec", {{"volumes", json::parse(text)}}}}; };
  const json empty = volumes(R"([{"name": "data", "emptyDir": {"medium": "Memory"}}])");
  const json claim = volumes(R"([{"name": "data", "persistentVolumeClaim": {"claimName": "c"}}])");
  const json sized = volumes(R"([{"name": "data", "emptyDir": {"sizeLimit": "1Gi"}}])");
  EXPECT_EQ(OverlayTemplates(empty, claim), claim);
  EXPECT_EQ(OverlayTemplates(empty, sized)["spec"]["volumes"][0]["emptyDir"],
            json::parse(R"({"medium": "Memory", "sizeLimit": "1Gi"})"));
}

TEST(Overlay, AProbeOfAnotherKindTakesThePlaceOfTheFirst) {
  const json trainer = Overlaid(R"({"livenessProbe": {"periodSeconds": 3, "exec": {"command": ["a"]}}})",
                                R"({"livenessProbe": {"httpGet": {"port": 1}}})");
  EXPECT_EQ(trainer["livenessProbe"], json::parse(R"({"periodSeconds": 3, "httpGet": {"port": 1}})"));
}

TEST(Overlay, ReplacesListsWithoutAKey) {
  const auto tolerating = [](const char* key) {
    return json{{"spec", {{"tolerations", json::array({{{"key", key}, {"operator", "Exists"}}})}}}};
  };
  EXPECT_EQ(OverlayTemplates(tolerating("a"), tolerating("b")), tolerating("b"));
  EXPECT_EQ(Overlaid(R"({"args": ["a", "b"]})", R"({"args": ["c"]})")["args"], json::parse(R"(["c"])"));
}

}  // namespace
}  // namespace eoa::plan
