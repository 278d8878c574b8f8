// One description of a type, and what is read, written and documented of it.
#include "common/codec/codec.h"

#include <gtest/gtest.h>

namespace eoa::codec {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

enum class Colour { kRed, kBlue };
constexpr auto WordsOf(Colour) { return Words<Colour>("Red", "Blue"); }

struct Leaf {
  Colour colour = Colour::kRed;
  std::optional<Colour> other;
};
void Fields(Visitor& v, Leaf& value) {
  v.Type("leaf", "Leaf", "A leaf.");
  v.Word("colour", value.colour, "Its colour");
  v.KnownWord("other", value.other);
}

struct Tree {
  int height = 7;
  std::optional<std::int64_t> age;
  double weight = 0;
  std::string name;
  std::string note;
  std::optional<WallTime> planted;
  std::vector<Leaf> leaves;
  std::optional<Leaf> fallen;
  bool old = false;
};
void Fields(Visitor& v, Tree& value) {
  v.Type("tree", "Tree", "A tree.");
  v.Integer("height", value.height, {.most = 100, .presence = kOptional}, "In metres");
  v.Integer("age", value.age, {.presence = kNullable});
  v.Group("inside", [&](Visitor& inside) { inside.Number("weight", value.weight, {.least = 0}); });
  v.Text("name", value.name, {.most = 3, .least = 1});
  v.Text("note", value.note, {.presence = kSparse});
  v.Time("planted", value.planted, kSparse);
  v.Objects("leaves", value.leaves, {.least = 1});
  v.Object("fallen", value.fallen, kSparse);
  v.Bool("old", value.old);
}

json Document() {
  return json::parse(R"({"height": 3, "age": null, "inside": {"weight": 1.5}, "name": "elm",
                         "leaves": [{"colour": "Blue", "other": "Red"}], "old": true})");
}

std::string WhyNot(const json& document) {
  const Result<Tree> tree = FromJson<Tree>(document);
  return tree.ok() ? "" : tree.error().message();
}

TEST(Codec, WritesWhatItHasRead) {
  json document = Document();
  EXPECT_EQ(ToJson(*FromJson<Tree>(document)), document);
  document["note"] = "by the river";
  document["planted"] = "2026-11-23T12:00:00Z";
  document["fallen"] = {{"colour", "Red"}, {"other", ""}};
  document["age"] = 9;
  EXPECT_EQ(ToJson(*FromJson<Tree>(document)), document);
}

TEST(Codec, WhatMayBeMissingKeepsItsDefault) {
  json document = Document();
  document.erase("height");
  EXPECT_EQ(FromJson<Tree>(document)->height, 7);
  document["height"] = nullptr;
  document["note"] = nullptr;
  EXPECT_EQ(FromJson<Tree>(document)->height, 7);
}

TEST(Codec, NamesTheFirstFieldThatIsWrong) {
  const auto with = [](const char* pointer, const json& value) {
    json document = Document();
    document[json::json_pointer(pointer)] = value;
    return WhyNot(document);
  };
  EXPECT_EQ(WhyNot(json::array()), "tree must be an object, not array");
  EXPECT_EQ(WhyNot(json::object()), "tree.age is missing");
  EXPECT_EQ(with("/height", 101), "tree.height must be an integer from 0 to 100, not 101");
  EXPECT_EQ(with("/height", 1.5), "tree.height must be an integer from 0 to 100, not that");
  EXPECT_EQ(with("/inside/weight", -1),
            "tree.inside.weight must be a finite number from 0 to 1.7976931348623157e+308, not -1");
  EXPECT_EQ(with("/name", "ash tree"), "tree.name has 8 characters; at most 3 are allowed");
  EXPECT_EQ(with("/name", "äöü"), "") << "characters count, not bytes";
  EXPECT_EQ(with("/name", ""), "tree.name must not be empty");
  EXPECT_EQ(with("/leaves", json::array()), "tree.leaves must not be empty");
  EXPECT_EQ(with("/leaves/0/colour", "Green"), "tree.leaves[0].colour must be Red or Blue, not 'Green'");
  EXPECT_EQ(with("/leaves/0/other", "Green"), "") << "a newer peer's";
  EXPECT_EQ(with("/old", 1), "tree.old must be true or false, not number");
}

TEST(Codec, AWholeNumberMayBeWrittenWithAPoint) {
  json document = Document();
  document["height"] = 3.0;
  EXPECT_EQ(FromJson<Tree>(document)->height, 3);
}

TEST(Codec, TolerantlyItTakesWhatItKnows) {
  json document = Document();
  document["height"] = "high";
  document["leaves"].push_back({{"colour", "Green"}});
  document["leaves"].push_back("no leaf");
  const Tree tree = FromJsonTolerantly<Tree>(document);
  EXPECT_EQ(tree.height, 7);
  EXPECT_EQ(tree.name, "elm");
  ASSERT_EQ(tree.leaves.size(), 1U) << "what has no colour that is known is left out";
  EXPECT_EQ(tree.leaves[0].colour, Colour::kBlue);
}

TEST(Codec, DocumentsBoundsWordsAndWhatMayBeMissing) {
  ordered_json schemas;
  EXPECT_EQ(Describe<Tree>(schemas).dump(), R"({"$ref":"#/components/schemas/Tree"})");
  EXPECT_EQ(schemas["Leaf"].dump(),
            R"({"type":"object","description":"A leaf.","properties":{)"
            R"("colour":{"type":"string","enum":["Red","Blue"],"description":"Its colour"},)"
            R"("other":{"type":"string","maxLength":64,"examples":["Red","Blue"]}},"required":["colour","other"]})");
  const ordered_json& fields = schemas["Tree"]["properties"];
  EXPECT_EQ(fields["height"].dump(),
            R"({"type":["integer","null"],"minimum":0,"maximum":100,"description":"In metres"})");
  EXPECT_EQ(fields["name"].dump(), R"({"type":"string","minLength":1,"maxLength":3})");
  EXPECT_EQ(fields["leaves"].dump(),
            R"({"type":"array","items":{"$ref":"#/components/schemas/Leaf"},"minItems":1,"maxItems":4096})");
  EXPECT_EQ(fields["fallen"].dump(), R"({"anyOf":[{"$ref":"#/components/schemas/Leaf"},{"type":"null"}]})");
  EXPECT_EQ(schemas["Tree"]["required"].dump(), R"(["age","inside","name","leaves","old"])");
}

TEST(Codec, ForPeopleItKeepsTheOrderOfTheFields) {
  EXPECT_EQ(ToOrderedJson(Leaf{.colour = Colour::kBlue, .other = {}}).dump(), R"({"colour":"Blue","other":""})");
}

}  // namespace
}  // namespace eoa::codec
