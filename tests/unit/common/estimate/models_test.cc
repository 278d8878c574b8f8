// Each row of common/job/models.h against what was published, its cost, the API server's rules and docs/models.md.
#include "common/job/models.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <regex>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "common/estimate/network_cost.h"
#include "common/job/datasets.h"

namespace eoa::api {
namespace {

using testing::HasSubstr;

std::int64_t Parameters(std::string_view name, const ModelRow& row, Dataset dataset) {
  TrainerSpec spec;
  spec.model.name = name;
  spec.model.image_size = row.image_size > 0 ? row.image_size : 224;
  spec.dataset.name = dataset;
  return CostOf(spec).parameters;
}

// With 1000 classes. Those of timm and torchvision; Wide ResNets as tests/parity/model/reference_models.py builds them,
// which are Zagoruyko and Komodakis' (2016, table 5) but for the classes; vit-n-4 by the equations of the encoder.
const std::map<std::string_view, std::int64_t> kPublished = {
    {"wrn-10-1", 142456},       {"wrn-16-8", 11469240},  {"wrn-28-10", 37113784}, {"resnet-18", 11689512},
    {"vit-n-4", 206376},        {"vit-ti-16", 5717416},  {"vit-s-16", 22050664},  {"vit-b-16", 86567656},
    {"vit-b-32", 88224232},     {"vit-l-16", 304326632}, {"vit-l-32", 306535400}, {"vit-h-14", 632045800},
    {"r50-vit-b-16", 98659112},
};

TEST(Models, CostAsManyParametersAsWerePublished) {
  for (const ModelRow& row : Models()) {
    ASSERT_FALSE(row.examples.empty()) << row.name;
    for (const std::string_view example : row.examples) {
      ASSERT_TRUE(kPublished.contains(example)) << "add how many parameters " << example << " has to this test";
      EXPECT_EQ(Parameters(example, row, Dataset::kImageFolder), kPublished.at(example)) << example;
    }
  }
}

TEST(Models, AreFoundByTheNamesThatThePatternAllows) {
  const std::regex pattern(ModelPattern());
  for (const ModelRow& row : Models()) {
    for (const std::string_view example : row.examples) {
      const Result<NamedModel> model = FindModel(example);
      ASSERT_TRUE(model.ok()) << example;
      EXPECT_EQ(model->row, &row) << example;
      EXPECT_TRUE(std::regex_match(std::string(example), pattern)) << example;
    }
    EXPECT_THAT(ModelNames(), HasSubstr(std::string(row.name)));
    // The API server reads the patch out of the name, and counts Vision Transformers by a part of it.
    const auto* transformer = std::get_if<VisionTransformer>(&row.architecture);
    EXPECT_EQ(row.name.find("vit-") != std::string_view::npos, transformer != nullptr) << row.name;
    if (transformer != nullptr) {
      EXPECT_TRUE(row.name.ends_with("-" + std::to_string(transformer->patch))) << row.name;
    }
  }
}

TEST(Models, AreNotFoundByOtherNamesAndTheErrorSaysWhatThereIs) {
  const std::regex pattern(ModelPattern());
  for (const char* name : {"", "wrn-", "wrn-16", "wrn-16-0", "wrn-16-100", "wrn-016-8", "wrn-+16-8", "wrn-16-8x",
                           "wrn-16--8", "vit-", "vit-b-8", "resnet-50", "wrn-D-K"}) {
    const Result<NamedModel> model = FindModel(name);
    ASSERT_FALSE(model.ok()) << name;
    EXPECT_EQ(model.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(model.error().message(), HasSubstr("use wrn-D-K (such as wrn-16-8), resnet-18,")) << name;
    EXPECT_FALSE(std::regex_match(name, pattern)) << name;
  }
  for (const char* name : {"wrn-15-8", "wrn-99-1"}) {
    EXPECT_THAT(FindModel(name).error().message(), HasSubstr("6n + 4 layers, 10 to 208; near are wrn-")) << name;
  }
  EXPECT_EQ(std::get<WideResNet>(FindModel("wrn-208-99").value().architecture).depth, WideResNet::kMaxDepth);
  EXPECT_FALSE(FindModel("wrn-214-1").ok());
}

// "11.2", in millions and without the head: what does not grow with the classes.
std::string Millions(std::string_view name, const ModelRow& row) {
  const std::int64_t ten = Parameters(name, row, Dataset::kCifar10);
  const std::int64_t head = (Parameters(name, row, Dataset::kCifar100) - ten) / 9;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(ten - head) / 1e6);
  return text.data();
}

TEST(Models, AreListedInTheirDocument) {
  std::string table;
  for (const ModelRow& row : Models()) {
    table += "| `" + std::string(row.name) + "` | ";
    const std::set<std::string_view> examples(row.examples.begin(), row.examples.end());
    for (const std::string_view example : examples) {
      table += (example == *examples.begin() ? "" : ", ") + Millions(example, row);
      if (!row.pattern.empty()) table += " (" + std::string(example) + ")";
    }
    table += " | " + std::string(row.description) + " |\n";
  }
  const auto document = RealFileSystem().ReadFile(EOA_SOURCE_DIR "/docs/models.md", 1 << 20);
  ASSERT_TRUE(document.ok());
  EXPECT_NE(document->find("|---|---|---|\n" + table + "\n"), std::string::npos) << "docs/models.md lacks:\n" << table;
}

TEST(Datasets, HaveARowEachAndTheOfficialOnesAreAlike) {
  for (std::size_t i = 0; i < Datasets().size(); ++i) {
    const DatasetRow& row = Datasets()[i];
    EXPECT_EQ(static_cast<std::size_t>(row.dataset), i);
    EXPECT_EQ(&RowOf(row.dataset), &row);
    EXPECT_EQ(row.official(), row.image_side > 0 && row.classes > 0);
    if (!row.official()) continue;
    // common/crd/crd_rules.cc has one rule for all of them.
    EXPECT_EQ(row.training_images, Datasets().front().training_images);
    EXPECT_EQ(row.image_side, Datasets().front().image_side);
  }
}

}  // namespace
}  // namespace eoa::api
