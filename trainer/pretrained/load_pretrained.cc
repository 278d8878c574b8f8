#include "trainer/pretrained/load_pretrained.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>

#include "common/base/log.h"
#include "common/base/mutex.h"
#include "trainer/pretrained/array_source.h"
#include "trainer/pretrained/recipes.h"
#include "trainer/pretrained/transpose.h"

namespace eoa::train {
namespace {

constexpr std::string_view kPositions = "pos_embed";

std::int64_t SquareRoot(std::int64_t number) {
  const auto root = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(number))));
  return root * root == number ? root : 0;
}

// Sides of one more or less make no difference: Google's group norms have [1, 1, 1, 64] for [64].
std::vector<std::int64_t> WithoutOnes(std::vector<std::int64_t> shape) {
  std::erase(shape, 1);
  return shape;
}

at::Tensor Arrange(const at::Tensor& source, Layout layout, const at::Tensor& target) {
  switch (layout) {
    case Layout::kSame:
      return source;
    case Layout::kKernel:
      return source.reshape({target.size(1), -1}).t();
    case Layout::kConv:
      return source.permute({3, 2, 0, 1});
  }
  return source;
}

// big_vision's fixed positions ("sincos2d"): for frequencies from 1 to 1/10000 the sine and cosine of the column, then
// of the row.
at::Tensor SineCosinePositions(std::int64_t side, std::int64_t width) {
  const at::Tensor frequencies = at::pow(1e-4, at::linspace(0, 1, width / 4, at::kDouble));
  const at::Tensor places = at::arange(side, at::kDouble);
  const at::Tensor columns = at::outer(places.repeat({side}), frequencies);
  const at::Tensor rows = at::outer(places.repeat_interleave(side), frequencies);
  return at::cat({columns.sin(), columns.cos(), rows.sin(), rows.cos()}, 1).to(at::kFloat).unsqueeze(0);
}

class Loading {
 public:
  Loading(const api::TrainerSpec& trainer, const ParameterSet& set, const ArraySource& file)
      : model_(trainer.model), tensors_(set.All()), file_(file), shape_(api::FindVisionTransformer(model_.name)) {
    const auto& parameters = set.parameters();
    head_ = {parameters[parameters.size() - 2].name, parameters.back().name};
    for (std::size_t i = 0; i < file_.arrays().size(); ++i) index_.emplace(file_.arrays()[i].name, i);
    naming_ = shape_ ? NamingOf(file_.arrays()) : Naming::kNative;
    if (naming_ == Naming::kGoogle || naming_ == Naming::kBigVision) prefix_ = GooglePrefix(file_.arrays());
  }

  Status Run() {
    EOA_RETURN_IF_ERROR(CheckLayout());
    MarkWhatMayBeLeft();
    for (const NamedTensor& tensor : tensors_) EOA_RETURN_IF_ERROR(Check(tensor));
    EOA_RETURN_IF_ERROR(CheckNothingElse());
    return FillAll();
  }

 private:
  Recipe RecipeOf(const NamedTensor& tensor) const {
    switch (naming_) {
      case Naming::kGoogle:
        return GoogleRecipe(tensor, *shape_, prefix_);
      case Naming::kBigVision:
        return BigVisionRecipe(tensor, *shape_, prefix_);
      case Naming::kHuggingFace:
        return HuggingFaceRecipe(tensor, *shape_, !index_.contains("embeddings.cls_token"));
      case Naming::kNative:
        break;
    }
    return NativeRecipe(tensor);
  }

  // Layouts that are known, but not read.
  Status CheckLayout() const {
    for (const ArrayInfo& array : file_.arrays()) {
      if (array.name.find("Transformer/encoderblock/") != std::string::npos) {
        return InvalidArgumentError(
            "a file of big_vision whose blocks lie in one array each (scan: True), which is not "
            "read; export it with the blocks apart, encoderblock_0, encoderblock_1 and so on");
      }
      if (array.name.find("MAPHead_") != std::string::npos) {
        return InvalidArgumentError(
            "a file of big_vision with attention pooling (MAPHead), which no classifier here is; "
            "use one that was trained with pool_type gap or tok");
      }
    }
    return OkStatus();
  }

  bool IsHead(const std::string& name) const { return name == head_.first || name == head_.second; }

  void MarkWhatMayBeLeft() {
    for (const ArrayInfo& array : file_.arrays()) {
      const bool outside = !array.name.starts_with(prefix_);
      const bool before_head = array.name.starts_with(prefix_ + "pre_logits/") ||
                               array.name.starts_with("pre_logits.") || array.name.starts_with("pooler.") ||
                               array.name.starts_with("vit.pooler.");
      const bool counter = array.name.ends_with(".num_batches_tracked");
      if (outside || before_head || counter) left_.insert(array.name);
      if (array.name.starts_with(prefix_ + "pre_logits/")) replace_head_ = true;
    }
    if (model_.classifier != api::Classifier::kGap || !shape_) return;
    for (const char* token : {"cls_token", "vit.embeddings.cls_token", "embeddings.cls_token"}) left_.insert(token);
    left_.insert(prefix_ + "cls");
  }

  Status Check(const NamedTensor& tensor) {
    const Recipe recipe = RecipeOf(tensor);
    for (const ArrayInfo& wanted : recipe.sources) {
      left_.insert(wanted.name);
      const auto found = index_.find(wanted.name);
      const bool head = IsHead(tensor.name);
      if (found == index_.end()) {
        if (head) {
          replace_head_ = true;
          continue;
        }
        if (IsPositions(tensor) && naming_ == Naming::kBigVision) continue;
        return InvalidArgumentError("tensor '" + wanted.name + "' is missing; " + model_.name +
                                    " needs it with shape " + ShapeText(wanted.shape));
      }
      const std::vector<std::int64_t>& shape = file_.arrays()[found->second].shape;
      if (WithoutOnes(shape) == WithoutOnes(wanted.shape)) continue;
      if (head && shape.size() == wanted.shape.size()) {
        replace_head_ = true;
        continue;
      }
      const bool positions = IsPositions(tensor) && shape.size() == 3 && shape[2] == wanted.shape[2] && shape[1] > 0;
      if (positions) continue;
      return InvalidArgumentError("tensor '" + wanted.name + "' has shape " + ShapeText(shape) + "; " + model_.name +
                                  " needs " + ShapeText(wanted.shape));
    }
    return OkStatus();
  }

  Status CheckNothingElse() const {
    for (const ArrayInfo& array : file_.arrays()) {
      if (left_.contains(array.name)) continue;
      return InvalidArgumentError("tensor '" + array.name + "' with shape " + ShapeText(array.shape) +
                                  " is no part of " + model_.name + "; is it the file of another model?");
    }
    return OkStatus();
  }

  bool IsPositions(const NamedTensor& tensor) const { return shape_ && tensor.name == kPositions; }

  // big_vision puts the class token in front of what has its positions already, and leaves positions out of the file
  // that are not learned.
  Result<at::Tensor> BigVisionPositions(const NamedTensor& tensor) const {
    const bool token = model_.classifier == api::Classifier::kToken;
    const std::int64_t tokens = tensor.tensor.size(1) - (token ? 1 : 0);
    const std::int64_t width = tensor.tensor.size(2);
    const auto found = index_.find(RecipeOf(tensor).sources[0].name);
    at::Tensor grid;
    if (found == index_.end()) {
      grid = SineCosinePositions(SquareRoot(tokens), width);
    } else {
      EOA_ASSIGN_OR_RETURN(grid, file_.Read(found->second));
      EOA_ASSIGN_OR_RETURN(grid, ResizePositions(grid, tokens, false));
    }
    return token ? at::cat({at::zeros({1, 1, width}), grid}, 1) : grid;
  }

  Result<at::Tensor> Make(const NamedTensor& tensor) const {
    if (IsPositions(tensor) && naming_ == Naming::kBigVision) return BigVisionPositions(tensor);
    const Recipe recipe = RecipeOf(tensor);
    std::vector<at::Tensor> parts;
    for (const ArrayInfo& wanted : recipe.sources) {
      EOA_ASSIGN_OR_RETURN(const at::Tensor source, file_.Read(index_.at(wanted.name)));
      parts.push_back(Arrange(source, recipe.layout, tensor.tensor));
    }
    at::Tensor value = parts.size() == 1 ? parts[0] : at::cat(parts);
    if (!IsPositions(tensor)) return value;
    return ResizePositions(value, tensor.tensor.size(1), model_.classifier == api::Classifier::kToken);
  }

  // What can be laid into the network piece by piece: nearly all bytes of a file.
  bool IsPlain(const NamedTensor& tensor) const {
    if (IsPositions(tensor)) return false;
    const at::Tensor& target = tensor.tensor;
    return target.is_contiguous() && target.is_cpu() && target.scalar_type() == at::kFloat &&
           RecipeOf(tensor).layout != Layout::kConv;
  }

  Status FillPlain(const NamedTensor& tensor) const {
    const Recipe recipe = RecipeOf(tensor);
    const bool kernel = recipe.layout == Layout::kKernel;
    const std::int64_t rows = kernel ? tensor.tensor.size(1) : 1;
    auto* target = tensor.tensor.mutable_data_ptr<float>();
    for (const ArrayInfo& wanted : recipe.sources) {
      const std::size_t index = index_.at(wanted.name);
      std::int64_t elements = 1;
      for (const std::int64_t side : file_.arrays()[index].shape) elements *= side;
      const std::int64_t columns = kernel ? elements / rows : 1;
      EOA_RETURN_IF_ERROR(
          file_.ReadInPieces(index, kTransposedRows * columns, [&](std::int64_t first, std::span<const float> piece) {
            const auto size = static_cast<std::int64_t>(piece.size());
            if (kernel) {
              TransposeInto(piece.data(), size / columns, columns, target + first / columns, rows);
            } else {
              std::ranges::copy(piece, target + first);
            }
          }));
      target += elements;
    }
    return OkStatus();
  }

  Status Fill(const NamedTensor& tensor) const {
    if (replace_head_ && IsHead(tensor.name)) {
      tensor.tensor.zero_();
      return OkStatus();
    }
    if (IsPlain(tensor)) return FillPlain(tensor);
    EOA_ASSIGN_OR_RETURN(const at::Tensor value, Make(tensor));
    tensor.tensor.copy_(value.reshape(tensor.tensor.sizes()));
    return OkStatus();
  }

  Status FillAll() const {
    Mutex mutex;
    std::optional<Error> failure;
    at::parallel_for(0, static_cast<std::int64_t>(tensors_.size()), 1, [&](std::int64_t begin, std::int64_t end) {
      const at::NoGradGuard no_grad;
      for (std::int64_t i = begin; i < end; ++i) {
        const Status filled = Fill(tensors_[static_cast<std::size_t>(i)]);
        if (filled.ok()) continue;
        const MutexLock lock(mutex);
        if (!failure) failure = filled.error();
      }
    });
    if (failure) return *std::move(failure);
    Log(LogLevel::kInfo, "weights are read",
        {{"file", model_.pretrained}, {"head", replace_head_ ? "replaced by zeros" : "kept"}});
    return OkStatus();
  }

  const api::Model& model_;
  const std::vector<NamedTensor> tensors_;
  const ArraySource& file_;
  const std::optional<api::VisionTransformer> shape_;
  std::pair<std::string, std::string> head_;
  std::map<std::string, std::size_t, std::less<>> index_;  // of the file's arrays, by name
  Naming naming_ = Naming::kNative;
  std::string prefix_;
  std::set<std::string, std::less<>> left_;  // arrays of the file that are used, or may stay unused
  bool replace_head_ = false;
};

}  // namespace

Result<at::Tensor> ResizePositions(const at::Tensor& positions, std::int64_t tokens, bool class_token) {
  const std::int64_t present = positions.size(1);
  const std::int64_t with_token = SquareRoot(present - 1);
  const std::int64_t bare = SquareRoot(present);
  if (with_token == 0 && bare == 0) {
    return InvalidArgumentError("position embeddings for " + std::to_string(present) +
                                " tokens, which are no square grid with or without a class token");
  }
  if (class_token && with_token == 0) {
    return InvalidArgumentError("position embeddings without a class token; set classifier: Gap");
  }
  const bool has_token = with_token > 0;
  const std::int64_t old_side = has_token ? with_token : bare;
  const std::int64_t new_side = SquareRoot(tokens - (class_token ? 1 : 0));
  at::Tensor grid = positions.slice(1, has_token ? 1 : 0);
  if (old_side != new_side) {
    const at::Tensor square = grid.reshape({1, old_side, old_side, -1}).permute({0, 3, 1, 2});
    grid = at::upsample_bilinear2d(square, {new_side, new_side}, /*align_corners=*/true)
               .permute({0, 2, 3, 1})
               .reshape({1, new_side * new_side, -1});
  }
  return class_token ? at::cat({positions.slice(1, 0, 1), grid}, 1) : grid;
}

Status LoadPretrained(const api::TrainerSpec& trainer, const ParameterSet& parameters) {
  const std::string& path = trainer.model.pretrained;
  const auto load = [&]() -> Status {
    EOA_ASSIGN_OR_RETURN(const std::unique_ptr<ArraySource> file, OpenArrays(path));
    return Loading(trainer, parameters, *file).Run();
  };
  Status status = load();
  if (status.ok()) return status;
  return std::move(status).error().WithContext("spec.trainer.model.pretrained " + path);
}

}  // namespace eoa::train
