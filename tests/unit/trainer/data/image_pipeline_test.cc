#include "trainer/data/image_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/trainer/data/data_fixture.h"

namespace eoa::train {
namespace {

using api::Augmentation;
using ::testing::HasSubstr;

constexpr int kSize = 32;
constexpr Normalization kConstants{{0.1F, 0.2F, 0.3F}, {0.5F, 0.25F, 2.0F}};

// A record of encoded bytes.
class EncodedSource final : public DataSource {
 public:
  explicit EncodedSource(Bytes bytes) : DataSource({0}, {"only"}), bytes_(std::move(bytes)) {}
  Result<RecordView> Read(std::uint32_t /*sample*/, std::vector<std::uint8_t>& /*scratch*/) const override {
    return RecordView(EncodedView{bytes_});
  }
  std::string Describe(std::uint32_t /*sample*/) const override { return "shard.tar: 7.jpg"; }

 private:
  Bytes bytes_;
};

std::vector<float> RunOn(const DataSource& source, Augmentation augmentation, Random* random, int size = kSize) {
  ImagePipeline pipeline({size, augmentation, kConstants});
  std::vector<float> out(static_cast<std::size_t>(3 * size * size), -99.0F);
  const Status status = pipeline.Run(source, 0, random, out);
  EXPECT_TRUE(status.ok()) << status.error().ToString();
  return out;
}

std::vector<float> RunOn(const TestImage& image, Augmentation augmentation, Random* random, int size = kSize) {
  return RunOn(FakeSource(1, 1, image), augmentation, random, size);
}

float Normalized(int value, int channel) {
  const auto c = static_cast<std::size_t>(channel);
  return (static_cast<float>(value) / 255.0F - kConstants.mean[c]) / kConstants.deviation[c];
}

// The augmentation written down plainly: pad by four zeros, crop at (top, left), flip, normalise.
std::vector<float> PadCropFlip(const TestImage& image, int top, int left, bool flip) {
  constexpr int kPadded = kSize + 8;
  std::vector<int> padded(std::size_t{3} * kPadded * kPadded, 0);
  const auto at = [](int y, int x, int c, int width) { return static_cast<std::size_t>(3 * (y * width + x) + c); };
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      for (int c = 0; c < 3; ++c) padded[at(y + 4, x + 4, c, kPadded)] = image.rgb[at(y, x, c, kSize)];
    }
  }
  std::vector<float> out(std::size_t{3} * kSize * kSize);
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      const int from = left + (flip ? kSize - 1 - x : x);
      for (int c = 0; c < 3; ++c) out[at(y, x, c, kSize)] = Normalized(padded[at(top + y, from, c, kPadded)], c);
    }
  }
  return out;
}

TEST(ImagePipeline, EvaluatesSmallImagesByNormalisingAlone) {
  const TestImage image = Patterned(kSize, kSize);
  for (const Augmentation augmentation : {Augmentation::kNone, Augmentation::kCifar, Augmentation::kCifarCutout}) {
    EXPECT_EQ(RunOn(image, augmentation, nullptr), PadCropFlip(image, 4, 4, false));
  }
}

TEST(ImagePipeline, DoesNotAugmentWithNone) {
  RecordedRandom nothing({});
  const TestImage image = Patterned(kSize, kSize);
  EXPECT_EQ(RunOn(image, Augmentation::kNone, &nothing), PadCropFlip(image, 4, 4, false));
}

TEST(ImagePipeline, CropsAtAllPlacesAndFlipsWithCifar) {
  const TestImage image = Patterned(kSize, kSize);
  for (int left = 0; left <= 8; ++left) {
    for (int top = 0; top <= 8; ++top) {
      for (const bool flip : {false, true}) {
        RecordedRandom random({(left + 0.5) / 9, (top + 0.5) / 9, flip ? 0.499 : 0.5});
        ASSERT_EQ(RunOn(image, Augmentation::kCifar, &random), PadCropFlip(image, top, left, flip))
            << left << ' ' << top << ' ' << flip;
      }
    }
  }
}

TEST(ImagePipeline, CutsASquareOfZerosOutAfterNormalising) {
  const TestImage image = Patterned(kSize, kSize);
  // No crop and no flip; cutout; its corner at column 20 - 8, row 0 - 8.
  RecordedRandom random({0.5, 0.5, 0.9, 0.49, 20.5 / 32, 0.0});
  std::vector<float> expected = PadCropFlip(image, 4, 4, false);
  for (int y = 0; y < 8; ++y) {
    for (int x = 12; x < 28; ++x) {
      for (int c = 0; c < 3; ++c) expected[static_cast<std::size_t>(3 * (y * kSize + x) + c)] = 0;
    }
  }
  EXPECT_EQ(RunOn(image, Augmentation::kCifarCutout, &random), expected);
}

TEST(ImagePipeline, CutsNothingOutOfTheOtherHalf) {
  const TestImage image = Patterned(kSize, kSize);
  RecordedRandom random({0.5, 0.5, 0.9, 0.5});
  EXPECT_EQ(RunOn(image, Augmentation::kCifarCutout, &random), PadCropFlip(image, 4, 4, false));
}

// The left half is black, the right one white; `column` 0 is the output's left edge.
TestImage HalfAndHalf(int width, int height) {
  TestImage image = Plain(width, height, 0, 0, 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 3 * width / 2; x < 3 * width; ++x) image.rgb[static_cast<std::size_t>(3 * y * width + x)] = 255;
  }
  return image;
}

TEST(ImagePipeline, FlipsImageNetCrops) {
  // The whole image (area 1, ratio 1), then the flip.
  RecordedRandom straight({0.9999999, 0.5, 0.0, 0.0, 0.7});
  RecordedRandom flipped({0.9999999, 0.5, 0.0, 0.0, 0.3});
  const TestImage image = HalfAndHalf(64, 64);
  EXPECT_EQ(RunOn(image, Augmentation::kImageNet, &straight)[0], Normalized(0, 0));
  EXPECT_EQ(RunOn(image, Augmentation::kImageNet, &flipped)[0], Normalized(255, 0));
}

TEST(ImagePipeline, NeverFlipsWithVit) {
  RecordedRandom random({0.9999999, 0.5, 0.0, 0.0});
  EXPECT_EQ(RunOn(HalfAndHalf(64, 64), Augmentation::kVit, &random)[0], Normalized(0, 0));
  EXPECT_EQ(random.remaining(), 0);
}

TEST(ImagePipeline, DrawsVitCropsDownToATwentiethOfTheImage) {
  // Area 0.05, ratio 1, at the bottom right: all of it is in the white half.
  RecordedRandom random({0.0, 0.5, 0.999, 0.999});
  EXPECT_EQ(RunOn(HalfAndHalf(64, 64), Augmentation::kVit, &random)[0], Normalized(255, 0));
}

TEST(ImagePipeline, ShowsTheCentreInImageNetsEvaluation) {
  // A 256 x 512 image with a frame that resizing to 256 and cutting 224 out of the centre leaves out.
  TestImage image = Plain(256, 512, 0, 0, 0);
  for (int y = 144 - 2; y < 368 + 2; ++y) {
    for (int x = 14; x < 242; ++x) image.rgb[static_cast<std::size_t>(3 * (y * 256 + x))] = 255;
  }
  const auto out = RunOn(image, Augmentation::kImageNet, nullptr, 224);
  for (std::size_t i = 0; i < out.size(); i += 3) ASSERT_EQ(out[i], Normalized(255, 0)) << i;
}

TEST(ImagePipeline, SquashesTheWholeImageInVitsEvaluation) {
  const auto out = RunOn(HalfAndHalf(100, 50), Augmentation::kVit, nullptr);
  EXPECT_EQ(out[0], Normalized(0, 0));
  EXPECT_EQ(out[std::size_t{3} * 14], Normalized(0, 0));  // the filter is two target pixels wide
  EXPECT_EQ(out[std::size_t{3} * 17], Normalized(255, 0));
}

TEST(ImagePipeline, FitsOtherSizesByTheirCentre) {
  // Only the middle third of a 96 x 32 image is left.
  TestImage image = Plain(96, 32, 255, 255, 255);
  for (int y = 0; y < 32; ++y) {
    for (int x = 3 * 32; x < 3 * 64; ++x) image.rgb[static_cast<std::size_t>(3 * 96 * y + x)] = 0;
  }
  const auto out = RunOn(image, Augmentation::kNone, nullptr);
  EXPECT_EQ(out, PadCropFlip(Plain(kSize, kSize, 0, 0, 0), 4, 4, false));
}

TEST(ImagePipeline, ShrinksBigJpegsToTheSamePicture) {
  // A gradient: every way of shrinking it gives nearly the same values.
  TestImage image = Plain(300, 300, 0, 0, 0);
  for (int y = 0; y < 300; ++y) {
    for (int x = 0; x < 300; ++x) {
      const auto at = static_cast<std::size_t>(3 * (300 * y + x));
      image.rgb[at] = static_cast<std::uint8_t>(255 * x / 299);
      image.rgb[at + 1] = static_cast<std::uint8_t>(255 * y / 299);
      image.rgb[at + 2] = 128;
    }
  }
  const auto raw = RunOn(image, Augmentation::kImageNet, nullptr);
  const auto decoded = RunOn(EncodedSource(EncodeJpeg(image)), Augmentation::kImageNet, nullptr);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const float unit = 1 / 255.0F / kConstants.deviation[i % 3];
    ASSERT_NEAR(raw[i], decoded[i], 3 * unit) << i;
  }
}

TEST(ImagePipeline, NamesTheRecordThatIsBroken) {
  ImagePipeline pipeline({kSize, Augmentation::kNone, kConstants});
  Bytes cut = EncodeJpeg(Patterned(kSize, kSize));
  cut.resize(cut.size() / 2);
  std::vector<float> out(std::size_t{3} * kSize * kSize);
  const Status status = pipeline.Run(EncodedSource(cut), 0, nullptr, out);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(status.error().message(), HasSubstr("shard.tar: 7.jpg: a corrupt or truncated JPEG image"));
}

}  // namespace
}  // namespace eoa::train
