#include "operator/cluster/trim.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace eoa::cluster {
namespace {

TEST(TrimTest, APodKeepsWhatTellsOfItsLifeAndNotItsSpec) {
  nlohmann::json pod = {
      {"metadata",
       {{"name", "job-wolves-0"},
        {"uid", "u"},
        {"resourceVersion", "5"},
        {"labels", {{"eoa.io/job", "job"}}},
        {"managedFields", nlohmann::json::array({1, 2})}}},
      {"spec", {{"nodeName", "n1"}, {"containers", nlohmann::json::array({{{"name", "trainer"}}})}}},
      {"status",
       {{"phase", "Pending"},
        {"podIP", "10.0.0.1"},
        {"containerStatuses", nlohmann::json::array({{{"name", "trainer"},
                                                      {"restartCount", 2},
                                                      {"imageID", "sha"},
                                                      {"state", {{"waiting", {{"reason", "ImagePullBackOff"}}}}}}})}}}};
  TrimPod(pod);
  EXPECT_EQ(pod.at("metadata").at("resourceVersion"), "5");
  EXPECT_FALSE(pod.at("metadata").contains("managedFields"));
  EXPECT_EQ(pod.at("spec"), nlohmann::json({{"nodeName", "n1"}}));
  EXPECT_FALSE(pod.at("status").contains("podIP"));
  const nlohmann::json& trainer = pod.at("status").at("containerStatuses").at(0);
  EXPECT_EQ(trainer.at("state").at("waiting").at("reason"), "ImagePullBackOff");
  EXPECT_EQ(trainer.at("restartCount"), 2);
  EXPECT_FALSE(trainer.contains("imageID"));
}

TEST(TrimTest, AStatefulSetKeepsItsReplicasAndTheHashOfWhatWasApplied) {
  nlohmann::json set = {{"metadata", {{"name", "s"}, {"annotations", {{"eoa.io/applied-hash", "1"}}}}},
                        {"spec", {{"replicas", 4}, {"template", {{"spec", 1}}}}},
                        {"status", {{"readyReplicas", 3}}}};
  TrimStatefulSet(set);
  EXPECT_EQ(set.at("spec"), nlohmann::json({{"replicas", 4}}));
  EXPECT_EQ(set.at("metadata").at("annotations").at("eoa.io/applied-hash"), "1");
  EXPECT_EQ(set.at("status").at("readyReplicas"), 3);
}

TEST(TrimTest, WhatHasNoneOfTheFieldsIsLeftInPeace) {
  nlohmann::json empty = nlohmann::json::object();
  TrimPod(empty);
  TrimStatefulSet(empty);
  TrimConfigMap(empty);
  EXPECT_EQ(empty, nlohmann::json::object());
}

}  // namespace
}  // namespace eoa::cluster
