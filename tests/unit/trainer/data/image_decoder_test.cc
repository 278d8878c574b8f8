#include "trainer/data/image_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

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
  EXPECT_THAT(decoder.Decode(text, 1).error().message(), HasSubstr("expected a JPEG or PNG image"));
  EXPECT_THAT(decoder.ReadSize({}).error().message(), HasSubstr("expected a JPEG or PNG image"));
}

TEST(ImageDecoder, RefusesAFewBytesThatClaimAHugeImage) {
  ImageDecoder decoder;
  Bytes jpeg = EncodeJpeg(Patterned(16, 16));
  const Bytes frame{0xFF, 0xC0};
  const auto at = std::ranges::search(jpeg, frame).begin() + 5;  // marker, length, precision; then height and width
  std::ranges::copy(Bytes{0xEA, 0x60, 0xEA, 0x60}, at);
  EXPECT_EQ(decoder.ReadSize(jpeg).error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(decoder.Decode(jpeg, 1).error().message(), HasSubstr("60000 x 60000"));
}

TEST(ImageDecoder, ForgivesBytesTooManyBetweenAJpegsParts) {
  ImageDecoder decoder;
  const TestImage image = Patterned(16, 16);
  Bytes jpeg = EncodeJpeg(image);
  jpeg.insert(jpeg.end() - 2, {0x12, 0x34, 0x56});
  ExpectPixels(decoder.Decode(jpeg, 1), image, kJpegTolerance);
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
