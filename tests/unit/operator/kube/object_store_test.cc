#include "operator/kube/object_store.h"

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace eoa::kube {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

json Pod(const std::string& name, int version, const std::string& job = "") {
  json pod = {{"metadata", {{"namespace", "ns"}, {"name", name}, {"resourceVersion", std::to_string(version)}}}};
  if (!job.empty()) pod["metadata"]["labels"]["job"] = job;
  return pod;
}

ObjectKey Key(const std::string& name) { return {"ns", name}; }

void Put(ObjectStore& store, const json& object, ChangeSource source = ChangeSource::kWatch) {
  store.Put(*KeyOf(object), object, source);
}

void Replace(ObjectStore& store, const std::vector<json>& objects, ChangeSource source = ChangeSource::kRelist) {
  ObjectStore::Snapshot snapshot;
  for (const json& object : objects) store.Gather(object, snapshot);
  store.Replace(std::move(snapshot), source);
}

std::string VersionOf(const JsonPtr& object) {
  return object == nullptr ? "-" : object->at("metadata").at("resourceVersion").get<std::string>();
}

// "name old>new".
std::vector<std::string> RecordChanges(ObjectStore& store, std::vector<std::string>& changes) {
  store.OnChange([&changes](const Change& change) {
    changes.push_back(change.key.name + " " + VersionOf(change.old_object) + ">" + VersionOf(change.new_object));
  });
  return changes;
}

TEST(ObjectStore, GivesBackWhatWasPut) {
  ObjectStore store;
  Put(store, Pod("a", 1));
  ASSERT_NE(store.Get(Key("a")), nullptr);
  EXPECT_EQ(*store.Get(Key("a")), Pod("a", 1));
  EXPECT_EQ(store.Get(Key("b")), nullptr);
  EXPECT_EQ(store.Get({"other", "a"}), nullptr) << "the namespace is part of the key";
}

TEST(ObjectStore, TellsOldAndNewOfEachChangeInOrder) {
  ObjectStore store;
  std::vector<std::string> changes;
  RecordChanges(store, changes);
  Put(store, Pod("a", 1));
  Put(store, Pod("a", 2));
  store.Remove(Key("a"), ChangeSource::kWatch);
  store.Remove(Key("a"), ChangeSource::kWatch);
  EXPECT_THAT(changes, ElementsAre("a ->1", "a 1>2", "a 2>-"));
}

TEST(ObjectStore, SaysNothingOfAChangeThatTrimmingTakesAway) {
  ObjectStore store({.trim = [](json& object) {
    DropManagedFields(object);
    object.erase("spec");
    object["metadata"].erase("resourceVersion");
  }});
  int changes = 0;
  store.OnChange([&](const Change&) { ++changes; });
  json pod = Pod("a", 1);
  Put(store, pod);
  pod = Pod("a", 2);
  pod["metadata"]["managedFields"] = json::array({{{"manager", "kubelet"}}});
  pod["spec"]["nodeName"] = "node-1";
  Put(store, pod);
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(store.stats().bytes, std::string(R"(nsa{"metadata":{"name":"a","namespace":"ns"}})").size());
}

TEST(ObjectStore, DropManagedFieldsLeavesOtherAnnotations) {
  json object = {{"metadata",
                  {{"managedFields", json::array()},
                   {"annotations", {{"kubectl.kubernetes.io/last-applied-configuration", "{}"}, {"mine", "1"}}}}}};
  DropManagedFields(object);
  EXPECT_EQ(object, json({{"metadata", {{"annotations", {{"mine", "1"}}}}}}));
  json no_object = "text";
  DropManagedFields(no_object);
  json odd = {{"metadata", "text"}};
  DropManagedFields(odd);
}

TEST(ObjectStore, TheControllerIsTheOwnerThatSaysSo) {
  const json owners = {{{"uid", "a"}}, {{"uid", "b"}, {"controller", false}}, {{"uid", "c"}, {"controller", true}}};
  EXPECT_EQ(ControllerUid({{"metadata", {{"ownerReferences", owners}}}}), "c");
  EXPECT_EQ(ControllerUid({{"metadata", {{"ownerReferences", json::array({owners[0], owners[1]})}}}}), "");
  EXPECT_EQ(ControllerUid({{"metadata", {{"ownerReferences", "odd"}}}}), "");
  EXPECT_EQ(ControllerUid(json::object()), "");
}

TEST(ObjectStore, FindsObjectsByTheirLabelAsItIsNow) {
  ObjectStore store({.index_label = "job"});
  Put(store, Pod("a", 1, "red"));
  Put(store, Pod("b", 2, "red"));
  Put(store, Pod("c", 3, "blue"));
  Put(store, Pod("d", 4));
  EXPECT_THAT(store.KeysByLabel("red"), ElementsAre(Key("a"), Key("b")));
  EXPECT_EQ(store.FindByLabel("blue", Key("c").name_space).size(), 1u);
  EXPECT_THAT(store.FindByLabel("blue", "elsewhere"), IsEmpty());
  Put(store, Pod("a", 5, "blue"));
  store.Remove(Key("b"), ChangeSource::kWatch);
  EXPECT_THAT(store.KeysByLabel("red"), IsEmpty());
  EXPECT_THAT(store.KeysByLabel("blue"), ElementsAre(Key("a"), Key("c")));
  EXPECT_THAT(store.KeysByLabel(""), IsEmpty()) << "no label is not a value";
  Replace(store, {Pod("d", 6, "red")});
  EXPECT_THAT(store.KeysByLabel("red"), ElementsAre(Key("d")));
  EXPECT_THAT(store.KeysByLabel("blue"), IsEmpty());
}

TEST(ObjectStore, ReplaceTellsOnlyWhatIsDifferentAndTheDeletionsNobodySaw) {
  ObjectStore store;
  Put(store, Pod("gone", 1));
  Put(store, Pod("same", 2));
  Put(store, Pod("changed", 3));
  std::vector<std::string> changes;
  RecordChanges(store, changes);
  Replace(store, {Pod("changed", 7), Pod("new", 8), Pod("same", 2)});
  EXPECT_THAT(changes, ElementsAre("gone 1>-", "changed 3>7", "new ->8"));
  EXPECT_EQ(store.stats().objects, 3u);
}

TEST(ObjectStore, CallbacksSeeTheWholeNewStateAndMayReadTheStore) {
  ObjectStore store;
  Put(store, Pod("old", 1));
  std::vector<std::vector<ObjectKey>> seen;
  store.OnChange([&](const Change&) { seen.push_back(store.Keys()); });
  Replace(store, {Pod("x", 2), Pod("y", 3)});
  ASSERT_EQ(seen.size(), 3u);
  for (const auto& keys : seen) EXPECT_THAT(keys, ElementsAre(Key("x"), Key("y")));
}

TEST(ObjectStore, ResyncShowsEveryObjectOnceUnchanged) {
  ObjectStore store;
  Replace(store, {Pod("a", 1), Pod("b", 2)}, ChangeSource::kFirstList);
  std::vector<std::string> changes;
  RecordChanges(store, changes);
  std::vector<ChangeSource> sources;
  store.OnChange([&](const Change& change) { sources.push_back(change.source); });
  store.Resync();
  EXPECT_THAT(changes, ElementsAre("a 1>1", "b 2>2"));
  EXPECT_THAT(sources, ElementsAre(ChangeSource::kResync, ChangeSource::kResync));
}

TEST(ObjectStore, ObjectsWithoutANameAreLeftOut) {
  ObjectStore store;
  Replace(store, {json::object(), json("text"), json{{"metadata", {{"name", 7}}}}, Pod("a", 1)});
  EXPECT_THAT(store.Keys(), ElementsAre(Key("a")));
}

TEST(ObjectStore, CountsObjectsAndBytesBackToNothing) {
  ObjectStore store({.index_label = "job"});
  Put(store, Pod("a", 1, "red"));
  Put(store, Pod("a", 22, "blue"));
  Replace(store, {Pod("b", 3), Pod("c", 4)});
  EXPECT_EQ(store.stats().objects, 2u);
  EXPECT_GT(store.stats().bytes, 0u);
  store.Remove(Key("b"), ChangeSource::kWatch);
  store.Remove(Key("c"), ChangeSource::kWatch);
  EXPECT_EQ(store.stats().objects, 0u);
  EXPECT_EQ(store.stats().bytes, 0u);
}

TEST(ObjectStore, ReadersNeverSeeHalfAReplace) {
  ObjectStore store({.index_label = "job"});
  const std::vector<json> first = {Pod("a", 1, "x"), Pod("b", 1, "x"), Pod("c", 1, "x")};
  const std::vector<json> second = {Pod("d", 2, "x"), Pod("e", 2, "x")};
  Replace(store, first);
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    while (!stop) {
      const std::size_t keys = store.KeysByLabel("x").size();
      EXPECT_TRUE(keys == 3 || keys == 2) << keys;
      const std::vector<JsonPtr> objects = store.List();
      for (const JsonPtr& object : objects) EXPECT_EQ(VersionOf(object), VersionOf(objects.front()));
    }
  });
  for (int i = 0; i < 300; ++i) Replace(store, i % 2 == 0 ? second : first);
  stop = true;
  reader.join();
}

}  // namespace
}  // namespace eoa::kube
