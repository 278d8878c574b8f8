// What one loader thread feeds, from memory and from JPEGs, and how long a step waits for it. Prints JSON; the measure
// is at least 20,000 augmented 32 x 32 images a second.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/base/check.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "trainer/data/class_names.h"
#include "trainer/data/loader.h"
#include "trainer/data/memory_source.h"

namespace eoa::train {
namespace {

constexpr int kBatch = 128;
constexpr int kRuns = 9;

std::unique_ptr<DataSource> NoiseOf(std::uint32_t samples, int side) {
  DecodedImages images;
  images.sizes.assign(samples, {side, side});
  images.rgb.resize(std::size_t{3} * samples * static_cast<std::size_t>(side * side));
  SeededRandom random(1, {});
  for (std::uint8_t& value : images.rgb) value = static_cast<std::uint8_t>(random.NextBits());
  return std::make_unique<MemorySource>(std::move(images), std::vector<std::int32_t>(samples), NumberedClasses(1),
                                        "noise");
}

std::vector<std::uint32_t> AllOf(const DataSource& source) {
  std::vector<std::uint32_t> samples(source.size());
  for (std::uint32_t i = 0; i < source.size(); ++i) samples[i] = i;
  return samples;
}

std::unique_ptr<Loader> Open(const DataSource& source, const Transform& transform, int threads) {
  auto loader = Loader::ForTraining(source, AllOf(source), transform, {.batch_size = kBatch, .threads = threads});
  EOA_CHECK(loader.ok(), "opening the loader");
  return std::move(loader).value();
}

void Take(Loader& loader) {
  const auto batch = loader.Next();
  EOA_CHECK(batch.ok() && batch->has_value(), "a batch");
}

// Images a second of each run, ascending.
std::vector<double> Rates(Loader& loader, int batches) {
  std::vector<double> rates;
  for (int run = 0; run <= kRuns; ++run) {
    const SteadyTime start = RealClock().SteadyNow();
    for (int i = 0; i < batches; ++i) Take(loader);
    // The first run finds batches that were read ahead.
    if (run > 0) rates.push_back(kBatch * batches / ToSeconds(RealClock().SteadyNow() - start));
  }
  std::ranges::sort(rates);
  return rates;
}

void Print(const char* name, std::vector<double> rates, const char* end = ",") {
  std::printf("  \"%s\": {\"images_per_second\": %.0f, \"least\": %.0f, \"most\": %.0f, \"runs\": %d}%s\n", name,
              rates[rates.size() / 2], rates.front(), rates.back(), kRuns, end);
}

// Steps that take five times what the loader needs for a batch: the share of the time that they wait for it.
double WaitingShare(Loader& loader, double rate) {
  constexpr int kSteps = 100;
  Take(loader);
  RealClock().SleepFor(FromSeconds(10 * kBatch / rate));
  const double before = loader.waited_seconds();
  const SteadyTime start = RealClock().SteadyNow();
  for (int i = 0; i < kSteps; ++i) {
    Take(loader);
    RealClock().SleepFor(FromSeconds(5 * kBatch / rate));
  }
  return (loader.waited_seconds() - before) / ToSeconds(RealClock().SteadyNow() - start);
}

int Main() {
  const auto small = NoiseOf(20000, 32);
  const auto photos = NoiseOf(256, 400);
  using api::Augmentation;
  std::printf("{\n");
  const Transform cutout{32, Augmentation::kCifarCutout, kCifar10Normalization};
  const auto cutout_loader = Open(*small, cutout, 1);
  const std::vector<double> rates = Rates(*cutout_loader, 150);
  Print("cifar_cutout_1_thread", rates);
  Print("cifar_1_thread", Rates(*Open(*small, {32, Augmentation::kCifar, kCifar10Normalization}, 1), 150));
  Print("cifar_2_threads", Rates(*Open(*small, {32, Augmentation::kCifar, kCifar10Normalization}, 2), 150));
  Print("imagenet_224_from_pixels_1_thread",
        Rates(*Open(*photos, {224, Augmentation::kImageNet, kImageNetNormalization}, 1), 2));
  std::printf("  \"share_of_time_that_steps_wait\": %.5f,\n", WaitingShare(*cutout_loader, rates[rates.size() / 2]));
  const double wanted = 20000;
  std::printf("  \"measure\": {\"images_per_second\": %.0f, \"ratio\": %.2f}\n}\n", wanted,
              rates[rates.size() / 2] / wanted);
  return rates[rates.size() / 2] >= wanted ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace eoa::train

int main() { return eoa::train::Main(); }
