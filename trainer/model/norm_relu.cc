#include "trainer/model/norm_relu.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "trainer/model/channel_kernels.h"

namespace eoa::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// The rows of an activation in chunks that stay in a core's cache; chunks do not depend on the number of threads. Sums
// are single precision inside a chunk and double over the chunks.
class Chunks {
 public:
  explicit Chunks(const at::Tensor& x)
      : data_(x.const_data_ptr<float>()),
        channels_(x.size(1)),
        rows_(x.numel() / channels_),
        chunk_rows_(std::clamp<std::int64_t>(kCachedFloats / channels_, 64, 512)) {}

  std::int64_t channels() const { return channels_; }
  std::int64_t rows() const { return rows_; }
  std::int64_t count() const { return (rows_ + chunk_rows_ - 1) / chunk_rows_; }
  std::int64_t offset(std::int64_t chunk) const { return chunk * chunk_rows_ * channels_; }
  Rows at(std::int64_t chunk) const {
    return {data_ + offset(chunk), std::min(chunk_rows_, rows_ - chunk * chunk_rows_), channels_};
  }

  // Calls work(chunk) for all chunks, on all threads.
  template <typename F>
  void ForEach(const F& work) const {
    constexpr std::int64_t kLeastChunks = 4;  // of a thread: below that, starting it costs more than it saves
    at::parallel_for(0, count(), kLeastChunks, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t chunk = begin; chunk < end; ++chunk) work(chunk);
    });
  }

 private:
  static constexpr std::int64_t kCachedFloats = 8192;

  const float* data_;
  std::int64_t channels_;
  std::int64_t rows_;
  std::int64_t chunk_rows_;
};

// What normalises the channels: the rows of a [4, C] tensor.
struct Coefficients {
  explicit Coefficients(at::Tensor all) : tensor(std::move(all)), data(tensor.mutable_data_ptr<float>()) {}
  float* mean() const { return data; }
  float* deviation_inverse() const { return data + tensor.size(1); }
  float* scale() const { return data + 2 * tensor.size(1); }
  float* shift() const { return data + 3 * tensor.size(1); }
  Normalisation normalisation() const { return {mean(), scale(), shift()}; }

  at::Tensor tensor;
  float* data;
};

struct Moments {
  std::vector<double> mean;
  std::vector<double> squares;  // summed distances from the mean, squared
};

Moments BatchMoments(const Chunks& chunks) {
  const auto channels = static_cast<std::size_t>(chunks.channels());
  const auto count = static_cast<std::size_t>(chunks.count());
  std::vector<float> means(count * channels);
  std::vector<float> squares(count * channels);
  chunks.ForEach([&](std::int64_t chunk) {
    const std::int64_t first = chunk * chunks.channels();
    FastestChannelKernels().moments(chunks.at(chunk), means.data() + first, squares.data() + first);
  });
  Moments moments{std::vector<double>(channels), std::vector<double>(channels)};
  for (std::size_t k = 0; k < count; ++k) {
    const double share =
        static_cast<double>(chunks.at(static_cast<std::int64_t>(k)).rows) / static_cast<double>(chunks.rows());
    for (std::size_t c = 0; c < channels; ++c) moments.mean[c] += share * means[k * channels + c];
  }
  // Chan, Golub and LeVeque 1979: squares about the common mean from those about each chunk's own.
  for (std::size_t k = 0; k < count; ++k) {
    const auto rows = static_cast<double>(chunks.at(static_cast<std::int64_t>(k)).rows);
    for (std::size_t c = 0; c < channels; ++c) {
      const double apart = means[k * channels + c] - moments.mean[c];
      moments.squares[c] += squares[k * channels + c] + rows * apart * apart;
    }
  }
  return moments;
}

void Move(const at::Tensor& running, std::size_t channel, double towards, double momentum) {
  float& value = running.mutable_data_ptr<float>()[channel];
  value = static_cast<float>((1 - momentum) * value + momentum * towards);
}

class NormReluFunction : public torch::autograd::Function<NormReluFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, const RunningStatistics& running, double epsilon) {
    const Chunks chunks(x);
    const Moments moments = BatchMoments(chunks);
    const Coefficients by(at::empty({4, chunks.channels()}));
    const auto rows = static_cast<double>(chunks.rows());
    for (std::size_t c = 0; c < moments.mean.size(); ++c) {
      const double inverse = 1 / std::sqrt(moments.squares[c] / rows + epsilon);
      const double scale = weight.const_data_ptr<float>()[c] * inverse;
      by.mean()[c] = static_cast<float>(moments.mean[c]);
      by.deviation_inverse()[c] = static_cast<float>(inverse);
      by.scale()[c] = static_cast<float>(scale);
      by.shift()[c] = static_cast<float>(bias.const_data_ptr<float>()[c] - moments.mean[c] * scale);
      if (!running.mean.defined()) continue;
      Move(running.mean, c, moments.mean[c], running.momentum);
      Move(running.variance, c, moments.squares[c] / (rows - 1), running.momentum);
    }
    at::Tensor y = at::empty_like(x);
    float* out = y.mutable_data_ptr<float>();
    chunks.ForEach([&](std::int64_t chunk) {
      FastestChannelKernels().normalise_relu(chunks.at(chunk), by.normalisation(), out + chunks.offset(chunk));
    });
    context->save_for_backward({x, by.tensor});
    return y;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const Coefficients by(saved[1]);
    const at::Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const float* dy_data = dy.const_data_ptr<float>();
    const Chunks chunks(x);
    const std::int64_t channels = chunks.channels();

    std::vector<float> sums(static_cast<std::size_t>(chunks.count() * channels));
    std::vector<float> products(sums.size());
    chunks.ForEach([&](std::int64_t chunk) {
      FastestChannelKernels().gradient_sums(chunks.at(chunk), by.normalisation(), dy_data + chunks.offset(chunk),
                                            sums.data() + chunk * channels, products.data() + chunk * channels);
    });
    at::Tensor d_weight = at::empty({channels});
    at::Tensor d_bias = at::empty({channels});
    std::vector<float> offset(static_cast<std::size_t>(channels));
    std::vector<float> slope(offset.size());
    const auto rows = static_cast<double>(chunks.rows());
    for (std::size_t c = 0; c < offset.size(); ++c) {
      double sum = 0;
      double product = 0;
      for (std::size_t at = c; at < sums.size(); at += offset.size()) {
        sum += sums[at];
        product += products[at];
      }
      const double inverse = by.deviation_inverse()[c];
      d_bias.mutable_data_ptr<float>()[c] = static_cast<float>(sum);
      d_weight.mutable_data_ptr<float>()[c] = static_cast<float>(product * inverse);
      offset[c] = static_cast<float>(sum / rows);
      slope[c] = static_cast<float>(product * inverse * inverse / rows);
    }
    at::Tensor dx = at::empty_like(x);
    float* out = dx.mutable_data_ptr<float>();
    chunks.ForEach([&](std::int64_t chunk) {
      FastestChannelKernels().gradient(chunks.at(chunk), by.normalisation(), dy_data + chunks.offset(chunk),
                                       offset.data(), slope.data(), out + chunks.offset(chunk));
    });
    return {dx, d_weight, d_bias, {}, {}};
  }
};

}  // namespace

bool CanNormRelu(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4 && x.size(1) % kChannelBlock == 0 &&
         x.numel() > x.size(1) && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor NormRelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    const RunningStatistics& running, double epsilon) {
  return NormReluFunction::apply(x, weight, bias, running, epsilon);
}

}  // namespace eoa::train
