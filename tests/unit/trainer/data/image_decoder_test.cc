#include "trainer/data/image_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/random.h"
#include "tests/unit/trainer/data/data_fixture.h"

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

// JPEG loses a little even at quality 100: rounding of the transform and of the colours.
constexpr int kJpegTolerance = 4;

void ExpectPixels(const Result<PixelView>& actual, const TestImage& expected, int tolerance) {
  ASSERT_TRUE(actual.ok()) << actual.error().ToString();
  ASSERT_EQ(actual->width, expected.width);
  ASSERT_EQ(actual->height, expected.height);
  ASSERT_EQ(actual->rgb.size(), expected.rgb.size());
  for (std::size_t i = 0; i < expected.rgb.size(); ++i) ASSERT_NEAR(actual->rgb[i], expected.rgb[i], tolerance) << i;
}

TEST(ImageDecoder, ReadsColourJpegs) {
  ImageDecoder decoder;
  const TestImage image = Patterned(19, 13);
  ExpectPixels(decoder.Decode(EncodeJpeg(image), 1), image, kJpegTolerance);
}

TEST(ImageDecoder, MakesGrayJpegsRgb) {
  ImageDecoder decoder;
  ExpectPixels(decoder.Decode(EncodeJpeg(Plain(9, 7, 90, 0, 0), JpegKind::kGray), 1), Plain(9, 7, 90, 90, 90), 1);
}

TEST(ImageDecoder, ConvertsCmykJpegs) {
  ImageDecoder decoder;
  const TestImage image = Plain(8, 8, 200, 100, 30);
  ExpectPixels(decoder.Decode(EncodeJpeg(image, JpegKind::kCmyk), 1), image, kJpegTolerance);
}

TEST(ImageDecoder, ReadsPngsWhateverTheirNameSays) {
  ImageDecoder decoder;
  const TestImage image = Patterned(11, 6);
  ExpectPixels(decoder.Decode(EncodePng(image), 1), image, 0);
  const auto size = decoder.ReadSize(EncodePng(image));
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(size->width, 11);
  EXPECT_EQ(size->height, 6);
}

TEST(ImageDecoder, TakesTheHighByteOfSixteenBitsAndLeavesGammaAlone) {
  ImageDecoder decoder;
  const std::vector<std::uint16_t> fine{0x0000, 0x2000, 0x80FF, 0xFFFF};
  const std::vector<std::uint16_t> coarse{0x00, 0x20, 0x80, 0xFF};
  const TestImage expected{4, 1, {0, 0, 0, 0x20, 0x20, 0x20, 0x80, 0x80, 0x80, 0xFF, 0xFF, 0xFF}};
  for (const double gamma : {0.0, 1.0, 0.45455}) {
    ExpectPixels(decoder.Decode(EncodeGrayPng(fine, 16, gamma), 1), expected, 0);
    ExpectPixels(decoder.Decode(EncodeGrayPng(coarse, 8, gamma), 1), expected, 0);
  }
}

TEST(ImageDecoder, RefusesAPngWithAWrongChecksumEvenInAChunkThatIsNotNeeded) {
  ImageDecoder decoder;
  const std::vector<std::uint16_t> row{1, 2, 3};
  Bytes png = EncodeGrayPng(row, 8, 1.0);
  const Bytes chunk{'g', 'A', 'M', 'A'};
  ++*(std::ranges::search(png, chunk).begin() + 4);
  EXPECT_THAT(decoder.Decode(png, 1).error().message(), HasSubstr("gAMA"));
}

TEST(ImageDecoder, ReadsWebps) {
  ImageDecoder decoder;
  const TestImage image = Patterned(11, 6);
  ExpectPixels(decoder.Decode(EncodeWebp(image), 1), image, 0);
  Bytes cut = EncodeWebp(image);
  cut.resize(cut.size() - 5);
  EXPECT_EQ(decoder.Decode(cut, 1).error().code(), ErrorCode::kDataLoss);
}

// 2 x 1 pixels, red and blue, of a canvas of 3 x 2 whose background is green: three codes of three bits and the end.
Bytes SmallGif() {
  return {'G', 'I',  'F',  '8',  '9', 'a', 3, 0, 2,   0, 0xF1, 0, 0,                 // the canvas
          0,   255,  0,    255,  0,   0,   0, 0, 255, 9, 9,    9,                    // four colours
          '!', 0xF9, 4,    1,    0,   0,   0, 0, ',', 1, 0,    1, 0, 2, 0, 1, 0, 0,  // colour 0 is transparent
          2,   2,    0x8C, 0x0A, 0,   ';'};                                          // clear 4, 1, 2, end 5
}

TEST(ImageDecoder, ReadsTheFirstPictureOfAGif) {
  ImageDecoder decoder;
  const TestImage expected{3, 2, {0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 255, 0, 0, 0, 0, 255}};
  ExpectPixels(decoder.Decode(SmallGif(), 1), expected, 0);
}

TEST(ImageDecoder, RefusesAGifWithACodeThatCannotBe) {
  ImageDecoder decoder;
  Bytes gif = SmallGif();
  gif[gif.size() - 4] = 0xBC;  // clear 4, then 7, which stands for nothing yet
  EXPECT_EQ(decoder.Decode(gif, 1).error().code(), ErrorCode::kDataLoss);
}

TEST(ImageDecoder, ShrinksJpegsRoundingUp) {
  ImageDecoder decoder;
  for (const int shrink : {2, 4, 8}) {
    const int width = (33 + shrink - 1) / shrink;
    const int height = (17 + shrink - 1) / shrink;
    ExpectPixels(decoder.Decode(EncodeJpeg(Plain(33, 17, 10, 20, 200)), shrink), Plain(width, height, 10, 20, 200),
                 kJpegTolerance);
  }
}

TEST(ImageDecoder, RefusesEveryTruncatedFile) {
  ImageDecoder decoder;
  for (const Bytes& whole : {EncodeJpeg(Patterned(16, 16)), EncodePng(Patterned(16, 16))}) {
    // Without its last bytes, the end marker or the checksum of the end, a file may still have all of its pixels.
    for (std::size_t size = 0; size + 16 < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto image = decoder.Decode(cut, 1);
      ASSERT_FALSE(image.ok()) << size << " of " << whole.size();
      EXPECT_EQ(image.error().code(), ErrorCode::kDataLoss);
    }
  }
}

TEST(ImageDecoder, SaysWhatItExpected) {
  ImageDecoder decoder;
  const Bytes text{'h', 'e', 'l', 'l', 'o'};
  EXPECT_THAT(decoder.Decode(text, 1).error().message(), HasSubstr("expected a JPEG, PNG, WebP or GIF image"));
  EXPECT_THAT(decoder.ReadSize({}).error().message(), HasSubstr("expected a JPEG, PNG, WebP or GIF image"));
}

TEST(ImageDecoder, RefusesAFewBytesThatClaimAHugeImage) {
  ImageDecoder decoder;
  Bytes jpeg = EncodeJpeg(Patterned(16, 16));
  const Bytes frame{0xFF, 0xC0};
  const auto at = std::ranges::search(jpeg, frame).begin() + 5;  // marker, length, precision; then height and width
  std::ranges::copy(Bytes{0xEA, 0x60, 0xEA, 0x60}, at);
  EXPECT_EQ(decoder.ReadSize(jpeg).error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(decoder.Decode(jpeg, 1).error().message(), HasSubstr("60000 x 60000"));
}

// Where bytes first stand in a file.
std::ptrdiff_t Find(const Bytes& file, const Bytes& bytes) {
  return std::ranges::search(file, bytes).begin() - file.begin();
}

TEST(ImageDecoder, ForgivesBytesTooManyBetweenAJpegsParts) {
  ImageDecoder decoder;
  const TestImage image = Patterned(16, 16);
  for (const JpegKind kind : {JpegKind::kRgb, JpegKind::kProgressive}) {
    const Bytes whole = EncodeJpeg(image, kind);
    for (const std::ptrdiff_t place : {Find(whole, {0xFF, 0xDB}), Find(whole, {0xFF, 0xC4}), Find(whole, {0xFF, 0xDA}),
                                       static_cast<std::ptrdiff_t>(whole.size()) - 2}) {
      Bytes jpeg = whole;
      jpeg.insert(jpeg.begin() + place, {0x12, 0x34, 0x56});
      ExpectPixels(decoder.Decode(jpeg, 1), image, kJpegTolerance);
    }
  }
}

TEST(ImageDecoder, ForgivesOddVersionsAndAdobeMarkers) {
  ImageDecoder decoder;
  const TestImage image = Patterned(16, 16);
  Bytes jpeg = EncodeJpeg(image);
  const Bytes jfif{'J', 'F', 'I', 'F', 0};
  *(std::ranges::search(jpeg, jfif).begin() + 5) = 9;
  ExpectPixels(decoder.Decode(jpeg, 1), image, kJpegTolerance);
  const Bytes adobe{0xFF, 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 5};
  jpeg.insert(jpeg.begin() + Find(jpeg, {0xFF, 0xDB}), adobe.begin(), adobe.end());
  ExpectPixels(decoder.Decode(jpeg, 1), image, kJpegTolerance);
}

// Damage often shows only in bytes that are left over at the end.
TEST(ImageDecoder, RefusesOverwrittenJpegs) {
  ImageDecoder decoder;
  SeededRandom random(1, {HashName("damage"), 0});
  for (const JpegKind kind : {JpegKind::kRgb, JpegKind::kGray, JpegKind::kProgressive}) {
    const Bytes whole = EncodeJpeg(Patterned(96, 96), kind);
    const auto data = static_cast<std::uint64_t>(Find(whole, {0xFF, 0xDA})) + 14;
    int accepted = 0;
    for (int i = 0; i < 100; ++i) {
      Bytes jpeg = whole;
      const std::uint64_t at = data + random.NextBelow(whole.size() - 66 - data);
      for (std::uint64_t byte = at; byte < at + 64; ++byte) jpeg[byte] = static_cast<std::uint8_t>(random.NextBits());
      accepted += decoder.Decode(jpeg, 1).ok() ? 1 : 0;
    }
    // Every bit of a progressive image's refinements means something.
    EXPECT_LE(accepted, kind == JpegKind::kProgressive ? 10 : 4) << static_cast<int>(kind);
  }
}

TEST(ImageDecoder, TakesNothingFromTheImageBefore) {
  ImageDecoder decoder;
  const TestImage image = Patterned(16, 16);
  ExpectPixels(decoder.Decode(EncodeJpeg(image), 1), image, kJpegTolerance);
  Bytes without = EncodeJpeg(image);
  without[static_cast<std::size_t>(Find(without, {0xFF, 0xDB})) + 1] = 0xFE;  // the quantisation is a comment now
  EXPECT_FALSE(decoder.Decode(without, 1).ok());
}

TEST(ImageDecoder, GoesOnAfterABrokenFile) {
  ImageDecoder decoder;
  const TestImage image = Patterned(16, 16);
  Bytes cut = EncodeJpeg(image);
  cut.resize(cut.size() / 2);
  EXPECT_FALSE(decoder.Decode(cut, 1).ok());
  ExpectPixels(decoder.Decode(EncodeJpeg(image), 1), image, kJpegTolerance);
  cut.resize(100);  // within the header
  EXPECT_FALSE(decoder.Decode(cut, 1).ok());
  ExpectPixels(decoder.Decode(EncodeJpeg(image), 1), image, kJpegTolerance);
}

}  // namespace
}  // namespace eoa::train
