#include "trainer/engine/batch_feed.h"

#include <cstring>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include "trainer/data/batch_plan.h"
#include "trainer/data/placement.h"
#include "trainer/device/augment.h"
#include "trainer/device/device.h"

namespace eoa::train {
namespace {

// The loader's batch as tensors that borrow its memory.
MicroBatch Borrow(const Batch& batch, std::int64_t size) {
  // LibTorch has no read-only tensors.
  auto* images = const_cast<float*>(batch.images.data());
  auto* labels = const_cast<std::int64_t*>(batch.labels.data());
  // Pixel by pixel in memory, with three channels each.
  return {.images = at::from_blob(images, {batch.size, 3, size, size}, {size * size * 3, 1, size * 3, 3}, at::kFloat),
          .labels = at::from_blob(labels, {batch.size}, at::kLong)};
}

class LoaderFeed final : public BatchFeed {
 public:
  LoaderFeed(std::unique_ptr<Loader> loader, int image_size, c10::Device device)
      : loader_(std::move(loader)), image_size_(image_size), device_(device) {}

  Result<std::optional<MicroBatch>> Next() override {
    EOA_ASSIGN_OR_RETURN(const std::optional<Batch> batch, loader_->Next());
    if (!batch) return std::optional<MicroBatch>();
    const MicroBatch borrowed = Borrow(*batch, image_size_);
    if (device_.is_cpu()) return std::optional(borrowed);
    return std::optional(MicroBatch{Upload(borrowed.images, device_), Upload(borrowed.labels, device_)});
  }

 private:
  std::unique_ptr<Loader> loader_;
  int image_size_;
  c10::Device device_;
};

// What a feed of resident images needs of them; the tensors are shared.
struct Resident {
  const DataSource* source;
  Transform transform;
  at::Tensor images;
  at::Tensor table;
};

class ResidentFeed final : public BatchFeed {
 public:
  ResidentFeed(Resident resident, std::unique_ptr<BatchPlan> plan, const LoaderOptions& options)
      : resident_(std::move(resident)), plan_(std::move(plan)), seed_(options.seed), next_(options.first_batch) {}

  Result<std::optional<MicroBatch>> Next() override {
    if (!plan_->Exists(next_)) return std::optional<MicroBatch>();
    const std::vector<std::uint32_t> samples = plan_->SamplesOf(next_);
    const auto count = static_cast<std::int64_t>(samples.size());
    const at::Tensor recipes = at::empty({count, kRecipeFields}, at::kInt);
    const at::Tensor labels = at::empty({count}, at::kLong);
    auto* recipe = recipes.mutable_data_ptr<std::int32_t>();
    auto* label = labels.mutable_data_ptr<std::int64_t>();
    for (const std::uint32_t sample : samples) {
      const ImageRecipe made = RecipeOf(sample);
      static_assert(sizeof made == kRecipeFields * sizeof(std::int32_t));
      std::memcpy(recipe, &made, sizeof made);
      recipe += kRecipeFields;
      *label++ = resident_.source->labels()[sample];
    }
    ++next_;
    const c10::Device device = resident_.images.device();
    return std::optional(
        MicroBatch{MakeBatch(resident_.images, resident_.table, Upload(recipes, device)), Upload(labels, device)});
  }

 private:
  ImageRecipe RecipeOf(std::uint32_t sample) const {
    ImageRecipe recipe{.image = static_cast<std::int32_t>(sample)};
    if (!plan_->training()) return recipe;
    SeededRandom random = AugmentationStream(seed_, plan_->EpochOf(next_), sample);
    const Placement placement = DrawPlacement(resident_.transform, random);
    recipe.right = placement.right;
    recipe.down = placement.down;
    recipe.flip = placement.flip ? 1 : 0;
    recipe.cut_top = placement.hole.top;
    recipe.cut_left = placement.hole.left;
    recipe.cut_bottom = placement.hole.bottom;
    recipe.cut_right = placement.hole.right;
    return recipe;
  }

  Resident resident_;
  std::unique_ptr<BatchPlan> plan_;
  std::uint64_t seed_;
  std::int64_t next_;
};

BatchPlan::Options PlanOf(const LoaderOptions& options) {
  return {options.seed, options.rank, options.world, options.batch_size};
}

}  // namespace

Result<std::unique_ptr<ResidentImages>> ResidentImages::Make(const DataSource& source, const Transform& transform,
                                                             c10::Device device) {
  const auto side = static_cast<std::uint64_t>(transform.image_size);
  const std::uint64_t image_bytes = side * side * 3;
  if (!KeepsPixels(transform) || source.size() * image_bytes > kDecodedBytesLimit)
    return std::unique_ptr<ResidentImages>();
  const auto size = static_cast<std::int64_t>(side);
  const at::Tensor images = at::empty({source.size(), size, size, 3}, at::kByte);
  auto* pixels = images.mutable_data_ptr<std::uint8_t>();
  std::vector<std::uint8_t> scratch;
  for (std::uint32_t sample = 0; sample < source.size(); ++sample, pixels += image_bytes) {
    EOA_ASSIGN_OR_RETURN(const RecordView record, source.Read(sample, scratch));
    const auto* image = std::get_if<PixelView>(&record);
    if (image == nullptr || image->width != transform.image_size || image->height != transform.image_size) {
      return std::unique_ptr<ResidentImages>();
    }
    std::memcpy(pixels, image->rgb.data(), image_bytes);
  }
  std::unique_ptr<ResidentImages> resident(new ResidentImages(source, transform));
  resident->images_ = images.to(device);
  ValueTable table = TableOf(transform.normalization);
  resident->table_ = at::from_blob(table.data(), {3, 256}, at::kFloat).clone().to(device);
  return resident;
}

std::unique_ptr<BatchFeed> ResidentImages::ForTraining(std::vector<std::uint32_t> samples,
                                                       const LoaderOptions& options) const {
  return std::make_unique<ResidentFeed>(Resident{&source_, transform_, images_, table_},
                                        BatchPlan::ForTraining(std::move(samples), PlanOf(options)), options);
}

std::unique_ptr<BatchFeed> ResidentImages::ForEvaluation(const std::vector<std::uint32_t>& samples,
                                                         const LoaderOptions& options) const {
  return std::make_unique<ResidentFeed>(Resident{&source_, transform_, images_, table_},
                                        BatchPlan::ForEvaluation(samples, PlanOf(options)), options);
}

std::unique_ptr<BatchFeed> FeedFrom(std::unique_ptr<Loader> loader, int image_size, c10::Device device) {
  return std::make_unique<LoaderFeed>(std::move(loader), image_size, device);
}

}  // namespace eoa::train
